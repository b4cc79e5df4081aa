// ext4 by mke2fs, which makes it empty, and debugfs, which makes each file in it: neither takes a
// privilege, and every owner, device node and attribute is as in the tree.

#include <algorithm>
#include <map>

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include "apk/support/error.h"
#include "apk/support/file.h"
#include "builder/sink/filesystem.h"
#include "builder/sink/program.h"

namespace tarn::builder {
namespace {

constexpr std::uint64_t block = 4096;
constexpr std::uint64_t inode_size = 256;
constexpr std::size_t copy_size = 1U << 20U;
/// The longest line debugfs reads.
constexpr std::size_t longest_command = 8000;
/// Chosen here and not by the host's mke2fs.conf.
constexpr const char* features =
    "none,has_journal,ext_attr,resize_inode,dir_index,filetype,extent,64bit,flex_bg,sparse_super,"
    "large_file,huge_file,dir_nlink,extra_isize,metadata_csum";

std::filesystem::path mke2fs() {
  return require_program("mke2fs", "e2fsprogs", "e2fsprogs");
}
std::filesystem::path debugfs() {
  return require_program("debugfs", "e2fsprogs", "e2fsprogs-extra");
}

std::string quoted(std::string_view text, std::string_view path) {
  if (text.find_first_of(std::string_view("\n\r\0", 3)) != std::string_view::npos)
    throw Error(ErrorKind::failed,
                fmt::format("'{}' has a line break in its name, which debugfs cannot take", path));
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"') result += '"';
    result += c;
  }
  return result + '"';
}

/// What debugfs is told, line by line.
class Commands {
 public:
  Commands(std::int64_t created, const std::filesystem::path& folder)
      : created_(created), folder_(folder), file_(folder / "commands") {}

  void add(const LayerTree::Entry& entry, const LayerTree::Read& read) {
    const TarHeader& header = entry.header;
    if (header.type == TarType::hard_link) {
      links_[std::string(parent_of(header.path))].push_back(&entry);
      return;
    }
    enter(parent_of(header.path));
    const std::string name = header.path.empty() ? "/" : quoted(name_of(header.path), header.path);
    switch (header.type) {
      case TarType::directory:
        // mke2fs has made these two.
        if (!header.path.empty() && header.path != "lost+found") command("mkdir " + name);
        break;
      case TarType::file:
        command(fmt::format("write {} {}", content_file(read), name));
        break;
      case TarType::symlink:
        command(fmt::format("symlink {} {}", name, quoted(header.link, header.path)));
        break;
      case TarType::fifo:
        command(fmt::format("mknod {} p", name));
        break;
      default:
        make_device(header, name);
        break;
    }
    set_fields(entry, name);
  }

  /// The further names come last: for them alone room has to be made in their folders.
  std::filesystem::path finish() {
    constexpr std::size_t block_room = block - 12 - 264;
    for (const auto& [parent, entries] : links_) {
      enter(parent);
      std::size_t used = block_room;
      for (const LayerTree::Entry* entry : entries) {
        if (used >= block_room) {
          command("expand_dir .");
          used = 0;
        }
        const std::string_view name = name_of(entry->header.path);
        used += (8 + name.size() + 3) / 4 * 4;
        command(fmt::format("ln {} {}", quoted("/" + entry->header.link, entry->header.path),
                            quoted(name, entry->header.path)));
      }
    }
    file_.commit();
    return file_.path();
  }

 private:
  static std::string_view parent_of(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
  }
  static std::string_view name_of(std::string_view path) {
    return path.substr(path.rfind('/') + 1);
  }

  void command(const std::string& line) {
    if (line.size() > longest_command)
      throw Error(ErrorKind::failed, "a name is too long for debugfs: " + line.substr(0, 100));
    file_.write(line + '\n');
  }
  void enter(std::string_view folder) {
    if (folder == entered_) return;
    command("cd " + quoted("/" + std::string(folder), folder));
    entered_ = folder;
  }
  void make_device(const TarHeader& header, const std::string& name) {
    constexpr std::uint32_t largest = 65535;
    if (header.device_major > largest || header.device_minor > largest)
      throw Error(ErrorKind::failed, fmt::format("the device number of '{}' is too large for "
                                                 "debugfs",
                                                 header.path));
    command(fmt::format("mknod {} {} {} {}", name,
                        header.type == TarType::character_device ? 'c' : 'b', header.device_major,
                        header.device_minor));
  }
  /// A file with that content; files are told apart by number.
  std::string content_file(const LayerTree::Read& read) {
    const std::string name = fmt::format("content{}", number_++);
    AtomicFile content(folder_ / name);
    Bytes buffer(copy_size);
    while (const std::size_t got = read(buffer)) content.write(ByteView(buffer).first(got));
    content.commit();
    return name;
  }
  void set_fields(const LayerTree::Entry& entry, const std::string& name) {
    const TarHeader& header = entry.header;
    const auto set = [&](const char* field, const std::string& value) {
      command(fmt::format("sif {} {} {}", name, field, value));
    };
    if (header.type != TarType::symlink)
      set("mode", fmt::format("0{:o}", header.mode | type_bits(header.type)));
    if (header.uid != 0) set("uid", std::to_string(header.uid));
    if (header.gid != 0) set("gid", std::to_string(header.gid));
    if (entry.names > 1 && header.type != TarType::directory)
      set("links_count", std::to_string(entry.names));
    // It takes "now" from the environment, and leaves the time of a folder that is filled alone.
    if (header.mtime != created_) set("mtime", fmt::format("@{}", header.mtime));
    for (const auto& [key, value] : header.xattrs) {
      const std::string content = fmt::format("content{}", number_++);
      write_file(folder_ / content, value);
      command(fmt::format("ea_set -f {} {} {}", content, name, quoted(key, header.path)));
    }
  }

  std::int64_t created_;
  std::filesystem::path folder_;
  AtomicFile file_;
  std::map<std::string, std::vector<const LayerTree::Entry*>> links_;
  std::string entered_;
  std::size_t number_ = 0;
};

std::uint64_t round_up(std::uint64_t value, std::uint64_t unit) {
  return (value + unit - 1) / unit * unit;
}

struct Extent {
  std::uint64_t size;
  std::uint64_t inodes;
};

/// Room for the tree, a tenth more, and what the file system itself needs.
Extent measure(const LayerTree& tree, const std::optional<std::uint64_t>& wanted) {
  constexpr std::uint64_t journal_and_groups = 16U << 20U;
  std::uint64_t octets = 0;
  std::uint64_t inodes = 16;
  for (const LayerTree::Entry& entry : tree.entries()) {
    const TarHeader& header = entry.header;
    octets += round_up(header.path.size() + 8, 8);
    if (header.type == TarType::hard_link) continue;
    ++inodes;
    octets += round_up(header.size, block);
    if (header.type == TarType::directory) octets += block;
    if (header.link.size() > 59) octets += block;
    if (!header.xattrs.empty()) octets += block;
  }
  inodes = round_up(inodes + inodes / 10, 64);
  const std::uint64_t needed =
      round_up(octets + octets / 10 + inodes * inode_size + journal_and_groups, 1U << 20U);
  return {wanted ? *wanted / block * block : needed, inodes};
}

/// All that debugfs says on its error output is its version, unless something went wrong.
void check_said(const ProgramSaid& said) {
  std::string_view rest = said.errors;
  const std::size_t end = std::min(rest.find('\n'), rest.size());
  if (rest.starts_with("debugfs ")) rest.remove_prefix(std::min(end + 1, rest.size()));
  if (rest.empty()) return;
  Error error(ErrorKind::failed, "debugfs could not make all files");
  error.detail("it said", std::string(rest.substr(0, rest.find('\n'))));
  if (rest.find("Could not allocate block") != std::string_view::npos ||
      rest.find("Could not allocate inode") != std::string_view::npos)
    error.hint("the tree needs more room: give the output a larger size, size=512M");
  throw error;
}

}  // namespace

void check_ext4() {
  mke2fs();
  debugfs();
}

void make_ext4(const LayerTree& tree, const FilesystemSettings& settings,
               const std::filesystem::path& file, const std::filesystem::path& folder,
               const std::stop_token& stop) {
  const Extent extent = measure(tree, settings.size);
  const std::string uuid = uuid_of(settings.identity);
  {
    const FileDescriptor made(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (!made || ::ftruncate(made.get(), static_cast<off_t>(extent.size)) != 0)
      throw system_error("writing " + file.string(), errno);
  }
  const std::map<std::string, std::string> environment = {
      {"MKE2FS_CONFIG", "/dev/null"}, {"E2FSPROGS_FAKE_TIME", std::to_string(settings.created)}};
  run_program(
      {mke2fs(),
       {"-q", "-F", "-t", "ext4", "-b", std::to_string(block), "-I", std::to_string(inode_size),
        "-N", std::to_string(extent.inodes), "-m", "0", "-U", uuid, "-O", features, "-E",
        "hash_seed=" + uuid +
            ",lazy_itable_init=0,lazy_journal_init=0,nodiscard,"
            "root_owner=0:0",
        file.string()},
       environment,
       {},
       {}},
      stop);
  Commands commands(settings.created, folder);
  tree.visit([&](const LayerTree::Entry& entry, const LayerTree::Read& read) {
    commands.add(entry, read);
  });
  const auto script = commands.finish();
  check_said(run_program(
      {debugfs(), {"-w", "-f", script.string(), file.string()}, environment, {}, folder}, stop));
}

}  // namespace tarn::builder
