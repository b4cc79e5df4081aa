#include <algorithm>
#include <limits>
#include <string>
#include <unordered_map>
#include <utility>

#include <fmt/core.h>

#include "apk/index/tar_reader.h"
#include "apk/package/entry_path.h"
#include "apk/package/package_file.h"
#include "apk/support/error.h"
#include "apk/support/gzip.h"

namespace tarn::apk {
namespace {

/// Headers, padding and the gap between what a package declares and what it holds.
constexpr std::uint64_t slack = 64ULL << 20U;
constexpr std::uint64_t declared_factor = 4;

/// What the data section of a package may inflate to.
std::size_t data_limit(const PackageFile& package) {
  const std::uint64_t declared = package.package().installed_size;
  const std::uint64_t room = std::numeric_limits<std::uint64_t>::max() - slack;
  const std::uint64_t bound =
      declared > room / declared_factor ? room : declared * declared_factor + slack;
  return static_cast<std::size_t>(std::min(bound, package.limits().data));
}

Error refused(const std::string& path, const std::string& why) {
  return {ErrorKind::failed, fmt::format("'{}': {}", path, why)};
}

/// Refuses a path that is not plain names joined by '/'.
void check_path(std::string_view path, const std::string& shown) {
  // It could not even be shown.
  if (has_control_characters(path))
    throw Error(ErrorKind::failed, "a path holds control characters");
  if (const std::string fault = entry_path_fault(path); !fault.empty()) throw refused(shown, fault);
}

EntryType type_of(char flag) {
  switch (flag) {
    case '1':
      return EntryType::hard_link;
    case '2':
      return EntryType::symlink;
    case '3':
      return EntryType::character_device;
    case '4':
      return EntryType::block_device;
    case '5':
      return EntryType::directory;
    case '6':
      return EntryType::fifo;
    default:
      return EntryType::file;
  }
}

DataEntry data_entry(TarEntry&& source) {
  DataEntry entry;
  entry.path = std::move(source.path);
  entry.type = type_of(source.type);
  entry.mode = source.mode;
  entry.uid = source.uid;
  entry.gid = source.gid;
  entry.user = std::move(source.user);
  entry.group = std::move(source.group);
  entry.mtime = source.mtime;
  entry.size = source.size;
  entry.offset = source.content;
  entry.target = std::move(source.link);
  entry.device_major = source.device_major;
  entry.device_minor = source.device_minor;
  entry.xattrs = std::move(source.xattrs);
  entry.checksum = source.checksum;
  return entry;
}

/// Turns the entries of the tar into those of the package, each checked against those before it.
class DataReader {
 public:
  explicit DataReader(ByteView tar) : tar_(tar) {}

  std::vector<DataEntry> run() {
    TarReader reader(tar_);
    while (auto entry = reader.next()) take(std::move(*entry));
    if (reader.trailing_blocks() < 2)
      throw Error(ErrorKind::failed, "the data section is cut short: its end mark is missing");
    return std::move(entries_);
  }

 private:
  void take(TarEntry&& source) {
    if (source.type == '5')
      while (source.path.ends_with('/') && source.path.size() > 1) source.path.pop_back();
    // Top-level names that begin with a dot are control files of older formats.
    const bool is_top_level = source.path.find('/') == std::string::npos;
    if (is_top_level && source.path.starts_with('.') && source.path != "..") return;
    check_path(source.path, source.path);
    check_parent(source.path);
    DataEntry entry = data_entry(std::move(source));
    check_content(entry);
    for (const auto& [name, value] : entry.xattrs)
      if (has_control_characters(name))
        throw refused(entry.path, "the name of an extended attribute holds control characters");
    const auto [place, is_new] = places_.try_emplace(entry.path, entries_.size());
    if (!is_new) {
      // A directory may be said twice; the first saying counts.
      if (entry.type == EntryType::directory &&
          entries_[place->second].type == EntryType::directory)
        return;
      throw refused(entry.path, "the package has this path twice");
    }
    entries_.push_back(std::move(entry));
  }

  void check_parent(std::string_view path) {
    const auto slash = path.rfind('/');
    if (slash == std::string_view::npos) return;
    const auto parent = path.substr(0, slash);
    if (parent == last_parent_) return;
    const auto place = places_.find(std::string(parent));
    if (place == places_.end() || entries_[place->second].type != EntryType::directory)
      throw refused(std::string(path), "no entry for its directory comes before it");
    last_parent_ = parent;
  }

  void check_content(DataEntry& entry) {
    if (entry.type != EntryType::file && entry.size != 0)
      throw refused(entry.path, "it has content but is no regular file");
    switch (entry.type) {
      case EntryType::file:
        entry.target.clear();
        return check_checksum(entry, tar_.subspan(entry.offset, entry.size));
      case EntryType::symlink:
        if (entry.target.empty() || entry.target.find('\0') != std::string::npos)
          throw refused(entry.path, "the symbolic link has no valid target");
        return check_checksum(entry, as_bytes(entry.target));
      case EntryType::hard_link:
        return resolve_hard_link(entry);
      default:
        entry.target.clear();
        entry.checksum.reset();
    }
  }

  void check_checksum(const DataEntry& entry, ByteView content) {
    if (!entry.checksum)
      throw Error(ErrorKind::trust, fmt::format("'{}' has no checksum", entry.path))
          .detail("expected", "a PAX record APK-TOOLS.checksum.SHA1 before it")
          .hint(
              "the package was made by a tool that makes no sound packages; abuild-tar --hash "
              "adds the checksums");
    hasher_.update(content);
    const auto found = hasher_.finish();
    if (found != *entry.checksum)
      throw Error(ErrorKind::trust, fmt::format("'{}' has a wrong checksum", entry.path))
          .detail("expected", to_hex(*entry.checksum))
          .detail("found", to_hex(found));
  }

  void resolve_hard_link(DataEntry& entry) {
    check_path(entry.target, entry.path + " -> " + entry.target);
    const auto place = places_.find(entry.target);
    const DataEntry* file = place == places_.end() ? nullptr : &entries_[place->second];
    if (file == nullptr || (file->type != EntryType::file && file->type != EntryType::hard_link))
      throw refused(entry.path, fmt::format("it is a hard link to '{}', which is no file before it",
                                            entry.target));
    // A link to a link is one to the file.
    if (file->type == EntryType::hard_link) entry.target = file->target;
    entry.checksum = file->checksum;
  }

  ByteView tar_;
  std::vector<DataEntry> entries_;
  std::unordered_map<std::string, std::size_t> places_;  ///< looked up, never walked
  std::string last_parent_;
  Sha1 hasher_;
};

}  // namespace

PackageData read_package_data(const PackageFile& package) {
  return with_context("reading the data of package " + package.name(), [&] {
    auto tar = std::make_shared<const Bytes>(
        inflate_whole_gzip(package.data_member(), data_limit(package)));
    PackageData data;
    data.entries = DataReader(*tar).run();
    data.tar = std::move(tar);
    return data;
  });
}

}  // namespace tarn::apk
