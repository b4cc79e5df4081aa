#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "builder/rootfs/rootfs.h"

namespace tarn::builder {

/// A staging rootfs as a script sees it: what root's system calls do, and an undo log. Paths are
/// absolute ("/etc/passwd"; a missing leading '/' is added); symbolic links are followed inside the
/// rootfs, ".." never leads out. Functions that give an int give 0 or an errno of Linux (ENOENT,
/// ENOTDIR, EISDIR, EEXIST, ENOTEMPTY, EBUSY, ELOOP, ENAMETOOLONG, EINVAL). What is made here
/// belongs to the build (Owner::generated), also under a name that a rename gave; a package's file
/// that is written to stays the package's.
///
/// `/dev/null` reads as empty and swallows what is written, there or not; nothing else below /dev
/// and nothing below /proc or /sys exists unless the rootfs has it.
class ScriptRootfs {
 public:
  /// `now`: seconds since 1970, the mtime of what is made or written.
  ScriptRootfs(Rootfs& rootfs, std::int64_t now);

  using Follow = Rootfs::Follow;

  /// The entry at `path`, null when there is none; `problem`, if given, gets the errno. The root
  /// itself has an entry, and so has /dev/null. An empty path is none, a '/' at the end asks for a
  /// directory. Valid until the next change.
  const Entry* find(std::string_view path, Follow follow, int* problem = nullptr) const;
  /// The absolute path with every symbolic link in it resolved; empty when a part but the last is
  /// missing, and when links loop.
  std::string real_path(std::string_view path) const;

  /// The text of a regular file or of /dev/null (links followed).
  int read(std::string_view path, std::string& text) const;
  enum class Writing { truncate, append, exclusive };
  /// Opens as the shell's > or >> would and writes `text`; a new file is given `mode`. With
  /// `exclusive` it must not be there.
  int write(std::string_view path, std::string_view text, Writing writing, std::uint32_t mode);
  /// As `write` with `truncate` or `exclusive`, of a content that is there already: nothing is
  /// read or copied.
  int write_content(std::string_view path, const Content& content, Writing writing,
                    std::uint32_t mode);

  int make_directory(std::string_view path, std::uint32_t mode);
  int make_fifo(std::string_view path, std::uint32_t mode);
  int make_symlink(std::string_view target, std::string_view path);
  /// A hard link at `path` to what is at `from` (a last symbolic link is not followed). EPERM for a
  /// directory.
  int make_link(std::string_view from, std::string_view path);
  /// Removes anything but a directory.
  int remove_file(std::string_view path);
  /// Removes an empty directory.
  int remove_directory(std::string_view path);
  /// As rename(2): `to` is replaced where the kinds allow it.
  int rename(std::string_view from, std::string_view to);
  int set_mode(std::string_view path, std::uint32_t mode);
  /// A number that leaves the user or group as it is.
  static constexpr std::uint32_t same_owner = 0xffffffff;
  /// As chown(2) by root: set-id bits and capabilities of a file that is no directory are cleared.
  int set_owner(std::string_view path, std::uint32_t uid, std::uint32_t gid, Follow follow);
  int set_mtime(std::string_view path, std::int64_t mtime);

  /// Takes back every change since this object was made; the rootfs is then as it was, octet for
  /// octet.
  void undo();

  const Rootfs& rootfs() const { return rootfs_; }
  std::int64_t now() const { return now_; }

 private:
  struct Walk;
  struct Place;
  /// What a node was before its first change here; children are kept by name.
  struct NodeBefore {
    std::shared_ptr<Node> node;
    std::uint32_t mode;
    std::uint32_t uid;
    std::uint32_t gid;
    std::int64_t mtime;
    std::map<std::string, std::string> xattrs;
    Content content;
  };
  /// What a name in a folder was before its first change here; removed trees live on in it.
  struct NameBefore {
    std::shared_ptr<Node> folder;
    std::optional<Entry> entry;
  };

  Walk walk(std::string_view path, Follow follow) const;
  Place locate(std::string_view path) const;
  Place open(std::string_view path, Writing writing) const;
  /// Notes how things are before their first change.
  void keep(const std::shared_ptr<Node>& node);
  void keep(const std::shared_ptr<Node>& folder, const std::string& name);
  /// Makes a node in the folder `place` names; with its mtime and, below a set-gid folder, group.
  Node& make(const Place& place, NodeType type, std::uint32_t mode);
  int make_new(std::string_view path, NodeType type, std::uint32_t mode, std::string_view target);
  /// Gives the file at `place` a content, or makes it.
  void fill(const Place& place, const Content& content, std::uint32_t mode);

  Rootfs& rootfs_;
  std::int64_t now_;
  Entry null_device_;
  // Looked up by address, never gone through but to undo, where no order matters.
  std::map<const Node*, NodeBefore> nodes_;
  std::map<std::pair<const Node*, std::string>, NameBefore> names_;
};

}  // namespace tarn::builder
