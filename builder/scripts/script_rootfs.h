#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "builder/rootfs/rootfs.h"

namespace tarn::builder {

/// A staging rootfs as a script sees it: what root's system calls do, and an undo log. Paths are
/// absolute ("/etc/passwd"; a missing leading '/' is added); symbolic links are followed inside the
/// rootfs, ".." never leads out. Functions that give an int give 0 or an errno of Linux (ENOENT,
/// ENOTDIR, EISDIR, EEXIST, ENOTEMPTY, ELOOP, ENAMETOOLONG, EINVAL). What is made here belongs to
/// the build (Owner::generated); a package's file that is written to stays the package's.
///
/// `/dev/null` reads as empty and swallows what is written, there or not; nothing else below /dev
/// and nothing below /proc or /sys exists unless the rootfs has it.
class ScriptRootfs {
 public:
  /// `now`: seconds since 1970, the mtime of what is made or written.
  ScriptRootfs(Rootfs& rootfs, std::int64_t now) : rootfs_(rootfs), now_(now) {}

  using Follow = Rootfs::Follow;

  /// The entry at `path`, null when there is none; `problem`, if given, gets the errno. The root
  /// itself has an entry. Valid until the next change.
  const Entry* find(std::string_view path, Follow follow, int* problem = nullptr) const;
  /// The absolute path with every symbolic link in it resolved; empty when a part but the last is
  /// missing.
  std::string real_path(std::string_view path) const;

  /// The text of a regular file or of /dev/null (links followed).
  int read(std::string_view path, std::string& text) const;
  enum class Writing { truncate, append, exclusive };
  /// Opens as the shell's > or >> would and writes `text`; a new file is given `mode`. With
  /// `exclusive` it must not be there.
  int write(std::string_view path, std::string_view text, Writing writing, std::uint32_t mode);

  int make_directory(std::string_view path, std::uint32_t mode);
  int make_fifo(std::string_view path, std::uint32_t mode);
  int make_symlink(std::string_view target, std::string_view path);
  /// A hard link at `path` to what is at `from` (a last symbolic link is not followed).
  int make_link(std::string_view from, std::string_view path);
  /// Removes anything but a directory.
  int remove_file(std::string_view path);
  /// Removes an empty directory.
  int remove_directory(std::string_view path);
  /// As rename(2): `to` is replaced where the kinds allow it.
  int rename(std::string_view from, std::string_view to);
  int set_mode(std::string_view path, std::uint32_t mode);
  /// As chown(2) by root: set-id bits of a file that is no directory are cleared.
  int set_owner(std::string_view path, std::uint32_t uid, std::uint32_t gid, Follow follow);
  int set_mtime(std::string_view path, std::int64_t mtime);

  /// Takes back every change since this object was made; the rootfs is then as it was, octet for
  /// octet.
  void undo();

  const Rootfs& rootfs() const { return rootfs_; }
  std::int64_t now() const { return now_; }

 private:
  Rootfs& rootfs_;
  std::int64_t now_;
};

}  // namespace tarn::builder
