#include "builder/sink/cpio.h"

#include <algorithm>
#include <limits>
#include <map>

#include <fmt/core.h>

#include "apk/support/error.h"
#include "builder/sink/losses.h"

namespace tarn::builder {
namespace {

constexpr std::uint64_t largest = std::numeric_limits<std::uint32_t>::max();
constexpr std::size_t copy_size = 1U << 20U;

class CpioWriter {
 public:
  CpioWriter(const LayerTree& tree, OctetSink& sink) : tree_(tree), sink_(sink) {
    for (std::size_t i = 0; i < tree_.entries().size(); ++i) {
      const LayerTree::Entry& entry = tree_.entries()[i];
      if (entry.header.type == TarType::hard_link) further_names_[entry.file].push_back(i);
    }
  }

  void write(const LayerTree::Entry& entry, const LayerTree::Read& read) {
    const TarHeader& header = entry.header;
    if (header.type == TarType::hard_link) return;  // stands beside its file
    ++inode_;
    if (header.type == TarType::symlink) {
      write_header(entry, header.path, header.link.size());
      put(as_bytes(header.link));
      pad();
      return;
    }
    if (header.size > largest)
      throw Error(ErrorKind::failed, fmt::format("'{}' is too large for cpio, which holds files of "
                                                 "less than 4 GiB",
                                                 header.path));
    std::vector<std::string_view> names = {header.path};
    const auto more = further_names_.find(entry.file);
    if (more != further_names_.end())
      for (const std::size_t other : more->second)
        names.push_back(tree_.entries()[other].header.path);
    for (const std::string_view name : names)
      write_header(entry, name, name.data() == names.back().data() ? header.size : 0);
    Bytes buffer(copy_size);
    while (const std::size_t got = read(buffer)) put(ByteView(buffer).first(got));
    pad();
  }

  void finish() {
    inode_ = 0;
    LayerTree::Entry end;
    end.header.mode = 0;
    end.header.path = "TRAILER!!!";
    write_header(end, end.header.path, 0);
    constexpr std::uint64_t block = 512;
    put(as_bytes(std::string((block - size_ % block) % block, '\0')));
  }

 private:
  /// Thirteen numbers of eight hexadecimal digits behind the magic, then the name with its NUL.
  void write_header(const LayerTree::Entry& entry, std::string_view name, std::uint64_t size) {
    const TarHeader& header = entry.header;
    const std::string path(name.empty() ? "." : name);
    const auto number = [](std::uint64_t value) {
      return fmt::format("{:08X}", std::min(value, largest));
    };
    const auto mtime = static_cast<std::uint64_t>(std::max<std::int64_t>(header.mtime, 0));
    const std::uint64_t names = header.type == TarType::directory ? 2 : entry.names;
    // The trailer, which alone has inode 0, is of no type.
    const std::uint32_t mode = inode_ == 0 ? 0 : header.mode | type_bits(header.type);
    std::string text = "070701";
    for (const std::uint64_t value :
         {inode_, std::uint64_t{mode}, header.uid, header.gid, names, mtime, size, std::uint64_t{0},
          std::uint64_t{0}, std::uint64_t{header.device_major}, std::uint64_t{header.device_minor},
          std::uint64_t{path.size() + 1}, std::uint64_t{0}})
      text += number(value);
    text += path;
    text += '\0';
    put(as_bytes(text));
    pad();
  }

  void put(ByteView bytes) {
    sink_.write(bytes);
    size_ += bytes.size();
  }
  void pad() { put(as_bytes(std::string((4 - size_ % 4) % 4, '\0'))); }

  const LayerTree& tree_;
  OctetSink& sink_;
  std::map<std::size_t, std::vector<std::size_t>> further_names_;  ///< of files with several
  std::uint64_t inode_ = 0;
  std::uint64_t size_ = 0;
};

}  // namespace

std::vector<std::string> write_cpio(const LayerTree& tree, OctetSink& sink) {
  CpioWriter writer(tree, sink);
  Losses losses;
  for (const LayerTree::Entry& entry : tree.entries())
    if (!entry.header.xattrs.empty())
      losses.add("extended attributes, which cpio cannot hold",
                 fmt::format("{} ({})", entry.header.path, entry.header.xattrs.begin()->first));
  tree.visit([&](const LayerTree::Entry& entry, const LayerTree::Read& read) {
    writer.write(entry, read);
  });
  writer.finish();
  return losses.lines();
}

}  // namespace tarn::builder
