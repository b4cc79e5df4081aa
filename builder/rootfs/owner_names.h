#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "builder/rootfs/rootfs.h"

namespace tarn::builder {

/// The numbers of users and groups as a rootfs's own etc/passwd and etc/group have them (passwd(5),
/// group(5)). The first line of a name counts; lines that are malformed are passed over.
class OwnerNames {
 public:
  /// Reads the files of `rootfs` again if they are others than at the last call.
  void refresh(const Rootfs& rootfs);
  /// The number of a name; `root` is always 0, and a name that is not known (or empty) gives
  /// `otherwise`.
  std::uint32_t uid(std::string_view name, std::uint32_t otherwise) const;
  std::uint32_t gid(std::string_view name, std::uint32_t otherwise) const;

 private:
  using Numbers = std::map<std::string, std::uint32_t, std::less<>>;
  struct File {
    Content content;
    Numbers numbers;
  };
  static void refresh_file(const Rootfs& rootfs, std::string_view path, File& file);

  File users_;
  File groups_;
};

}  // namespace tarn::builder
