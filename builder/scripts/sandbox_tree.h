#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "apk/support/file.h"
#include "builder/rootfs/rootfs.h"
#include "builder/scripts/sandbox_ids.h"

namespace tarn::builder {

/// Something that was written to disk for a script to see.
struct SandboxItem {
  enum class Kind {
    node,         ///< of the rootfs
    script,       ///< the script's own file
    mount_point,  ///< a folder that only the sandbox needs
  };
  Kind kind = Kind::node;
  std::string path;            ///< its first; empty for the root
  std::shared_ptr<Node> node;  ///< of the rootfs; null when it is none
};

/// What lies on disk: the first item is the root, folders come before what they hold.
struct SandboxTree {
  std::vector<SandboxItem> items;
  std::string proc;    ///< where /proc really lies in the rootfs, without leading '/'
  std::string dev;     ///< and /dev
  std::string script;  ///< and the script's file
};

/// A new folder in scratch with a copy of a rootfs in "root"; what is in it is to be removed by the
/// root of the namespace it is made for (remove_tree), the folder itself goes with this object.
class SandboxFolder {
 public:
  SandboxFolder(const std::filesystem::path& scratch, const IdMap& ids);
  SandboxFolder(const SandboxFolder&) = delete;
  SandboxFolder& operator=(const SandboxFolder&) = delete;
  ~SandboxFolder();

  int fd() const { return folder_.get(); }
  int root() const { return root_.get(); }
  /// A file without a name beside it.
  FileDescriptor scratch_file() const;

 private:
  std::filesystem::path scratch_;
  std::string name_;
  const IdMap& ids_;
  FileDescriptor folder_;
  FileDescriptor root_;
};

/// Writes the rootfs below the folder's root, with the script `text` at the path `script`, and the
/// mount points that are missing. Everything is owned by the namespace's root and accessible to it
/// alone: owners, modes and attributes are for the namespace's root to set. A file's mtime has its
/// item's number as nanoseconds, so that a copy of another file's time is seen. Device nodes are
/// empty files. Throws Error (failed), Error (interrupted).
SandboxTree write_tree(const SandboxFolder& folder, const IdMap& ids, Rootfs& rootfs,
                       const std::string& script, std::string_view text,
                       const std::stop_token& stop);

/// Removes all that is in the folder, however deep it is. Links are not followed. To be called as
/// its owner with the right to search everything. Throws Error (failed).
void remove_tree(int folder);

}  // namespace tarn::builder
