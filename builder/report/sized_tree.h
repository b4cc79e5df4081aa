#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "apk/database/installed.h"
#include "apk/model/dependency.h"
#include "builder/layer/layer.h"
#include "builder/report/file_kind.h"
#include "builder/report/size_report.h"
#include "builder/rootfs/rootfs.h"

namespace tarn::builder {

/// What an image's layers show: a tree without contents, what each entry takes, and what the apk
/// database in it says.
class SizedTree {
 public:
  struct Entry {
    std::string path;
    std::string_view kind;
    SizeShare share;
    bool is_directory = false;
    std::uint32_t names = 1;  ///< that the file has
    std::size_t file = 0;     ///< the entry that has the content; of most its own number
    std::vector<std::size_t> packages{};  ///< who lists it, by number
  };

  /// Reads the layers once. Throws as measure_image().
  SizedTree(std::span<const Layer> layers, const std::stop_token& stop);

  const Rootfs& rootfs() const { return rootfs_; }
  const std::vector<Entry>& entries() const { return entries_; }
  const std::vector<apk::InstalledPackage>& packages() const { return packages_; }
  const std::vector<apk::Dependency>& world() const { return world_; }
  const SizeShare& hidden() const { return hidden_; }

  /// The entries that a package lists and nobody else does.
  std::span<const std::size_t> own_entries(std::size_t package) const { return own_[package]; }
  /// The entry at a path and all that lie below it; none where there is nothing.
  std::vector<std::size_t> entries_below(std::string_view path) const;
  /// What would go with entries: a file's content goes with the last of its names.
  SizeShare share_of(std::span<const std::size_t> entries) const;

 private:
  class Contents;

  void read(std::span<const Layer> layers, Contents& contents, const std::stop_token& stop);
  void read_database(const Contents& contents);
  void find_owners();
  void add_owner(const builder::Entry* entry, std::size_t package);

  Rootfs rootfs_;
  std::vector<Entry> entries_;
  std::map<const builder::Entry*, std::size_t> numbers_;  ///< looked up, never walked
  std::vector<apk::InstalledPackage> packages_;
  std::vector<apk::Dependency> world_;
  std::vector<std::vector<std::size_t>> own_;
  SizeShare hidden_;
};

}  // namespace tarn::builder
