#include "builder/report/size_report.h"

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <string_view>
#include <utility>

#include "builder/report/installed_needs.h"
#include "builder/report/sized_tree.h"
#include "builder/rootfs/database.h"
#include "builder/rootfs/prune.h"

namespace tarn::builder {
namespace {

/// What a running container seldom needs, beside the sets that `prune` has names for.
constexpr std::array<std::string_view, 18> often_unneeded = {"/usr/include",
                                                             "/**/*.a",
                                                             "/**/*.la",
                                                             "/usr/lib/pkgconfig",
                                                             "/usr/share/pkgconfig",
                                                             "/usr/lib/cmake",
                                                             "/usr/share/aclocal",
                                                             "/usr/share/gir-1.0",
                                                             "/usr/share/vala",
                                                             "/usr/lib/debug",
                                                             "/usr/share/licenses",
                                                             "/usr/share/bash-completion",
                                                             "/usr/share/fish",
                                                             "/usr/share/zsh",
                                                             "/usr/lib/python3*/test",
                                                             "/usr/lib/python3*/idlelib",
                                                             "/usr/lib/python3*/ensurepip",
                                                             "/usr/share/perl5/**/*.pod"};

/// Octets below which it is not worth a line of a recipe.
constexpr std::uint64_t least_pruned = 1024;

template <typename Item>
void largest_first(std::vector<Item>& items) {
  std::ranges::stable_sort(items, [](const Item& left, const Item& right) {
    if (left.share.installed != right.share.installed)
      return left.share.installed > right.share.installed;
    return left.share.compressed > right.share.compressed;
  });
}

std::vector<NamedShare> sorted_shares(const std::map<std::string, SizeShare>& shares) {
  std::vector<NamedShare> sorted;
  for (const auto& [name, share] : shares) sorted.push_back({name, share});
  largest_first(sorted);
  return sorted;
}

void sort_tree(TreeSize& tree) {
  largest_first(tree.children);
  for (TreeSize& child : tree.children) sort_tree(child);
}

/// Order of paths in which all that lies in a directory follows it.
bool path_less(const FileSize& left, const FileSize& right) {
  const auto rank = [](char c) { return c == '/' ? 0 : static_cast<unsigned char>(c) + 1; };
  return std::ranges::lexicographical_compare(left.path, right.path, {}, rank, rank);
}

/// Adds what stands at a path; paths come in the order of path_less().
void add_to_tree(TreeSize& tree, std::string_view path, const SizeShare& share) {
  TreeSize* folder = &tree;
  folder->share.add(share);
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view name = path.substr(0, end);
    if (folder->children.empty() || folder->children.back().name != name)
      folder->children.push_back({std::string(name), {}, {}});
    folder = &folder->children.back();
    folder->share.add(share);
    path.remove_prefix(std::min(end + 1, path.size()));
  }
}

class SizeReporter {
 public:
  explicit SizeReporter(const SizedTree& tree) : tree_(tree) {}

  SizeReport run() {
    list_packages();
    count_alone();
    sort_packages();
    count_entries();
    find_savings();
    return std::move(report_);
  }

 private:
  void list_packages() {
    for (std::size_t i = 0; i < tree_.packages().size(); ++i) {
      const apk::Package& package = tree_.packages()[i].package;
      PackageSize size;
      size.name = package.name;
      size.version = package.version;
      size.origin = package.origin.empty() ? package.name : package.origin;
      for (const std::size_t entry : tree_.own_entries(i))
        size.share.add(tree_.entries()[entry].share);
      report_.packages.push_back(std::move(size));
    }
  }

  void count_alone() {
    const InstalledNeeds needs(tree_.packages());
    for (const TopLevelPackage& top : needs.top_level(tree_.world())) {
      PackageSize& size = report_.packages[top.package];
      size.is_wanted = true;
      size.alone_packages = top.alone.size();
      size.alone = tree_.share_of(entries_of(top.alone));
    }
  }

  /// What goes with packages: their own entries, and directories that only they have.
  std::vector<std::size_t> entries_of(const std::vector<std::size_t>& packages) {
    std::vector<std::size_t> entries;
    for (const std::size_t package : packages)
      for (const std::size_t entry : tree_.own_entries(package)) entries.push_back(entry);
    if (packages.size() < 2) return entries;
    for (const std::size_t entry : shared_directories())
      if (std::ranges::all_of(tree_.entries()[entry].packages, [&](std::size_t package) {
            return std::ranges::binary_search(packages, package);
          }))
        entries.push_back(entry);
    return entries;
  }

  const std::vector<std::size_t>& shared_directories() {
    if (shared_directories_.empty())
      for (std::size_t i = 0; i < tree_.entries().size(); ++i)
        if (tree_.entries()[i].packages.size() > 1) shared_directories_.push_back(i);
    return shared_directories_;
  }

  void sort_packages() {
    std::vector<std::size_t> order(report_.packages.size());
    std::iota(order.begin(), order.end(), 0);
    std::ranges::stable_sort(order, [this](std::size_t left, std::size_t right) {
      return report_.packages[left].share.installed > report_.packages[right].share.installed;
    });
    std::vector<PackageSize> sorted;
    places_.resize(order.size());
    for (const std::size_t package : order) {
      places_[package] = sorted.size();
      sorted.push_back(std::move(report_.packages[package]));
    }
    report_.packages = std::move(sorted);
  }

  void count_entries() {
    std::map<std::string, SizeShare> origins;
    std::map<std::string, SizeShare> types;
    for (const SizedTree::Entry& entry : tree_.entries())
      types[std::string(entry.kind)].add(entry.share);
    report_.types = sorted_shares(types);
    std::map<std::string_view, std::size_t> type_numbers;
    for (std::size_t i = 0; i < report_.types.size(); ++i) type_numbers[report_.types[i].name] = i;

    for (const SizedTree::Entry& entry : tree_.entries()) {
      FileSize file{entry.path, FileSize::no_package, type_numbers.at(entry.kind), entry.share};
      if (entry.packages.size() == 1) file.package = places_[entry.packages.front()];
      report_.whole.add(file.share);
      const bool is_owned = file.package != FileSize::no_package;
      if (!is_owned) report_.unowned.add(file.share);
      origins[is_owned ? report_.packages[file.package].origin : std::string()].add(file.share);
      report_.files.push_back(std::move(file));
    }
    std::ranges::sort(report_.files, path_less);
    for (const FileSize& file : report_.files) add_to_tree(report_.tree, file.path, file.share);
    sort_tree(report_.tree);
    report_.origins = sorted_shares(origins);
    report_.hidden = tree_.hidden();
    report_.whole.add(report_.hidden);
  }

  void find_savings() {
    for (const PruneSet& set : prune_sets()) add_prune(set.name);
    for (const std::string_view glob : often_unneeded) add_prune(glob);
    std::vector<std::size_t> database;
    for (const std::string_view folder : apk_database_folders)
      for (const std::size_t entry : tree_.entries_below(folder)) database.push_back(entry);
    add_saving({Saving::Kind::apk_database, "", tree_.share_of(database)});
    for (const PackageSize& package : report_.packages)
      if (package.is_wanted)
        add_saving({Saving::Kind::package, package.name, package.alone, package.alone_packages});
    largest_first(report_.savings);
  }

  void add_prune(std::string_view pattern) {
    std::vector<std::size_t> entries;
    for (const std::string& path : prunable_paths(tree_.rootfs(), {std::string(pattern), {}}))
      for (const std::size_t entry : tree_.entries_below(path)) entries.push_back(entry);
    const SizeShare share = tree_.share_of(entries);
    if (std::max(share.installed, share.compressed) >= least_pruned)
      add_saving({Saving::Kind::prune, std::string(pattern), share});
  }

  void add_saving(Saving saving) {
    if (saving.share.files != 0 || saving.share.compressed != 0)
      report_.savings.push_back(std::move(saving));
  }

  const SizedTree& tree_;
  std::vector<std::size_t> places_;  ///< of the packages in the report
  std::vector<std::size_t> shared_directories_;
  SizeReport report_;
};

}  // namespace

SizeReport measure_image(std::span<const Layer> layers, const std::stop_token& stop) {
  return SizeReporter(SizedTree(layers, stop)).run();
}

}  // namespace tarn::builder
