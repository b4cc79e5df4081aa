#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "builder/rootfs/rootfs.h"

namespace tarn::builder {

/// The names that a rootfs's own etc/passwd and etc/group give to ids. Where several lines name
/// one id the first counts, as for getpwuid(3); lines that are no account are passed over.
class AccountNames {
 public:
  AccountNames() = default;
  explicit AccountNames(const Rootfs& rootfs);
  /// What a rootfs that is still being made will probably have: before the package with its
  /// accounts is there, root's.
  static AccountNames expected(const Rootfs& rootfs);
  /// Empty when the id has no name.
  const std::string& user(std::uint32_t uid) const { return name_of(users_, uid); }
  const std::string& group(std::uint32_t gid) const { return name_of(groups_, gid); }

 private:
  using Names = std::map<std::uint32_t, std::string>;
  const std::string& name_of(const Names& names, std::uint32_t id) const {
    const auto found = names.find(id);
    return found == names.end() ? none_ : found->second;
  }

  Names users_;
  Names groups_;
  std::string none_;
};

}  // namespace tarn::builder
