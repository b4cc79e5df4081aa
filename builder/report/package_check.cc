#include "builder/report/package_check.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <unordered_set>
#include <utility>

#include <fmt/core.h>

#include "apk/database/configuration.h"
#include "apk/database/scripts_archive.h"
#include "apk/index/tar_reader.h"
#include "apk/support/error.h"
#include "apk/support/hash.h"
#include "builder/rootfs/conflicts.h"
#include "builder/rootfs/prune.h"

namespace tarn::builder {
namespace {

constexpr const char* installed_path = "lib/apk/db/installed";
constexpr const char* scripts_path = "lib/apk/db/scripts.tar";
constexpr const char* triggers_path = "lib/apk/db/triggers";
constexpr const char* world_path = "etc/apk/world";
/// apk 3 removes it when it is empty, though the package that brought it stays as it is.
constexpr const char* script_folder = "lib/apk/exec";

std::string checksum_text(const std::optional<Sha1Digest>& digest) {
  return digest ? "sha1:" + to_hex(*digest) : std::string();
}

/// Mode, owner and extended attributes, where they are not as the database has them.
std::vector<ValueDifference> compare_access(const apk::InstalledAccess& access, const Node& node) {
  std::vector<ValueDifference> values;
  if (access.mode != node.mode)
    values.push_back(
        {"mode", fmt::format("{:04o}", access.mode), fmt::format("{:04o}", node.mode)});
  if (access.uid != node.uid || access.gid != node.gid)
    values.push_back({"owner", fmt::format("{}:{}", access.uid, access.gid),
                      fmt::format("{}:{}", node.uid, node.gid)});
  if (const auto found = apk::xattr_digest(node.xattrs); found != access.xattrs)
    values.push_back({"xattrs", checksum_text(access.xattrs), checksum_text(found)});
  return values;
}

/// A file's content or a link's target, against its checksum.
std::optional<ValueDifference> compare_content(const apk::InstalledFile& file, const Node& node) {
  if (node.type == NodeType::directory) return ValueDifference{"type", "file", "directory"};
  if (!file.checksum) return std::nullopt;
  if (node.type != NodeType::file && node.type != NodeType::symlink)
    return ValueDifference{"type", "file", "special file"};
  const bool is_link = node.type == NodeType::symlink;
  const Sha1Digest found = sha1(is_link ? node.target : node.content.read());
  if (found == *file.checksum) return std::nullopt;
  return ValueDifference{is_link ? "target" : "content", checksum_text(file.checksum),
                         is_link ? node.target : checksum_text(found)};
}

/// A directory as several packages have it.
struct ListedDirectory {
  const Node* node = nullptr;
  std::vector<std::pair<std::string, const apk::InstalledAccess*>> packages;
};

/// The tree against what the packages say of it.
class TreeCheck {
 public:
  TreeCheck(const Rootfs& rootfs, PackageCheck& check) : rootfs_(rootfs), check_(check) {}

  void add(const apk::InstalledPackage& installed) {
    for (const apk::InstalledDirectory& directory : installed.directories) {
      directories_[directory.path].packages.emplace_back(installed.package.name, &directory.access);
      for (const apk::InstalledFile& file : directory.files)
        check_file(directory.path.empty() ? file.name : directory.path + "/" + file.name, file,
                   installed.package.name);
    }
  }

  void finish() {
    for (const auto& [path, directory] : directories_) check_directory(path, directory);
    set_aside_pruned();
    std::ranges::stable_sort(check_.differences, {}, &FileDifference::path);
    std::ranges::stable_sort(check_.configuration, {}, &FileDifference::path);
    list_unowned();
  }

 private:
  void check_file(const std::string& path, const apk::InstalledFile& file,
                  const std::string& package) {
    ++check_.paths;
    const Entry* entry = rootfs_.find(path);
    FileDifference difference{FileChange::changed, path, package};
    if (entry == nullptr) {
      difference.change = FileChange::removed;
      check_.differences.push_back(std::move(difference));
      return;
    }
    owned_.insert(entry);
    const auto content = compare_content(file, *entry->node);
    difference.values = compare_access(file.access, *entry->node);
    const bool is_configuration = content && difference.values.empty() &&
                                  entry->node->type == NodeType::file &&
                                  is_protected(path, NodeType::file);
    if (content) difference.values.insert(difference.values.begin(), *content);
    if (difference.values.empty()) return;
    (is_configuration ? check_.configuration : check_.differences).push_back(std::move(difference));
  }

  void check_directory(const std::string& path, const ListedDirectory& directory) {
    ++check_.paths;
    FileDifference difference{FileChange::changed, path.empty() ? "/" : path,
                              directory.packages.front().first};
    const Entry* entry = path.empty() ? nullptr : rootfs_.find(path, Rootfs::Follow::last);
    const Node* node = path.empty()       ? &rootfs_.root()
                       : entry != nullptr ? entry->node.get()
                                          : nullptr;
    if (node == nullptr) {
      if (path == script_folder) return;
      difference.change = FileChange::removed;
      check_.differences.push_back(std::move(difference));
      return;
    }
    if (node->type != NodeType::directory) {
      difference.values = {{"type", "directory", "file"}};
    } else if (const Entry* link = rootfs_.find(path);
               link != nullptr && link->node->type == NodeType::symlink && !owned_.contains(link)) {
      difference.values = {{"type", "directory", "link to " + link->node->target}};
    } else {
      for (const auto& [package, access] : directory.packages) {
        auto values = compare_access(*access, *node);
        if (values.empty()) return;
        // What its last owner says is what is shown.
        difference.package = package;
        difference.values = std::move(values);
      }
    }
    check_.differences.push_back(std::move(difference));
  }

  /// What is gone because the recipe leaves all of its kind out.
  void set_aside_pruned() {
    if (std::ranges::find(check_.differences, FileChange::removed, &FileDifference::change) ==
        check_.differences.end())
      return;
    for (const PruneSet& set : prune_sets()) {
      const auto is_in = [&](const std::string& path) {
        return std::ranges::any_of(set.globs, [&](const std::string& glob) {
          return matches_glob(glob, path) || matches_glob(glob + "/**", path);
        });
      };
      if (!prunable_paths(rootfs_, {set.name, {}}).empty()) continue;
      const auto count = std::erase_if(check_.differences, [&](const FileDifference& difference) {
        return difference.change == FileChange::removed && is_in(difference.path);
      });
      if (count == 0) continue;
      check_.pruned.push_back(set.name);
      check_.pruned_paths += count;
    }
  }

  void list_unowned() {
    rootfs_.walk([&](const std::string& path, const Entry& entry) {
      if (entry.node->type == NodeType::directory || owned_.contains(&entry)) return;
      check_.unowned.push_back(path);
      if (entry.node->type == NodeType::symlink && entry.node->target == "/bin/busybox")
        ++check_.busybox_links;
    });
  }

  const Rootfs& rootfs_;
  PackageCheck& check_;
  std::map<std::string, ListedDirectory> directories_;
  std::unordered_set<const Entry*> owned_;
};

/// The database against itself.
class DatabaseCheck {
 public:
  DatabaseCheck(const std::vector<apk::InstalledPackage>& packages,
                std::vector<std::string>& faults)
      : packages_(packages), faults_(faults) {
    for (const apk::InstalledPackage& installed : packages) {
      const apk::Package& package = installed.package;
      providers_.emplace(package.name, std::pair(package.version, &package));
      for (const apk::Provide& provide : package.provides)
        providers_.emplace(provide.name, std::pair(provide.version, &package));
    }
  }

  void check_packages(const apk::Architecture& architecture) {
    std::set<std::string> names;
    for (const apk::InstalledPackage& installed : packages_) {
      const apk::Package& package = installed.package;
      if (!names.insert(package.name).second) fault(installed_path, package.name + " stands twice");
      if (!package.arch.empty() && package.arch != "noarch" && package.arch != architecture.apk)
        fault(installed_path, fmt::format("{} is for {}, the image for {}", package.label(),
                                          package.arch, architecture.apk));
      for (const apk::Dependency& dependency : package.depends)
        if (!is_fulfilled(dependency, &package))
          fault(installed_path, dependency.conflict
                                    ? fmt::format("{} may not stand beside {}, which is there",
                                                  package.label(), dependency.str().substr(1))
                                    : fmt::format("{} needs {}, which no package gives",
                                                  package.label(), dependency.str()));
    }
  }

  void check_world(const std::string& text) {
    for (const apk::Dependency& dependency : apk::parse_world(text, world_path))
      if (!is_fulfilled(dependency, nullptr))
        fault(world_path,
              fmt::format("'{}' is not fulfilled by what is installed", dependency.str()));
  }

  void check_scripts(const std::string& archive) {
    std::set<std::string> names;
    for (const apk::InstalledPackage& installed : packages_)
      for (std::size_t kind = 0; kind < apk::script_kind_count; ++kind)
        names.insert(apk::script_file_name(installed.package, static_cast<apk::ScriptKind>(kind)));
    apk::TarReader reader(as_bytes(archive));
    while (const auto entry = reader.next())
      if (!names.contains(entry->path))
        fault(scripts_path, fmt::format("{} is no script of a package that is there", entry->path));
  }

  void check_triggers(std::string_view text) {
    std::set<std::string> identities;
    for (const apk::InstalledPackage& installed : packages_)
      identities.insert(installed.package.identity.str());
    while (!text.empty()) {
      const std::string_view line = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(line.size() + 1, text.size()));
      const auto words = apk::split_words(line);
      if (!words.empty() && !identities.contains(std::string(words.front())))
        fault(triggers_path, fmt::format("{} is no package that is there", words.front()));
    }
  }

 private:
  bool is_fulfilled(const apk::Dependency& dependency, const apk::Package* of) const {
    const auto [begin, end] = providers_.equal_range(dependency.name);
    const auto satisfies = [&](const auto& provider) {
      return dependency.is_satisfied_by(provider.second.first, provider.second.second->identity);
    };
    // A package may stand beside itself, whatever it says of others with what it provides.
    if (dependency.conflict)
      return std::all_of(begin, end, [&](const auto& provider) {
        return provider.second.second == of || satisfies(provider);
      });
    return std::any_of(begin, end, satisfies);
  }

  void fault(const char* file, const std::string& text) {
    faults_.push_back(fmt::format("{}: {}", file, text));
  }

  const std::vector<apk::InstalledPackage>& packages_;
  std::vector<std::string>& faults_;
  std::multimap<std::string, std::pair<std::string, const apk::Package*>> providers_;
};

/// What cannot be read is a fault.
template <typename Read>
void note_fault(std::vector<std::string>& faults, const char* file, const Read& read) {
  try {
    read();
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    faults.push_back(error.message().find(file) == std::string::npos
                         ? fmt::format("{}: {}", file, error.message())
                         : error.message());
  }
}

}  // namespace

PackageCheck check_packages(const Rootfs& rootfs, const apk::Architecture& architecture) {
  PackageCheck check;
  const auto text = rootfs.read_file(installed_path);
  if (!text) return check;
  check.has_database = true;
  std::vector<apk::InstalledPackage> packages;
  note_fault(check.faults, installed_path,
             [&] { packages = apk::parse_installed(*text, installed_path); });
  if (!check.faults.empty()) return check;
  check.packages = packages.size();

  TreeCheck tree(rootfs, check);
  for (const apk::InstalledPackage& installed : packages) tree.add(installed);
  tree.finish();

  DatabaseCheck database(packages, check.faults);
  database.check_packages(architecture);
  const auto check_file = [&](const char* path, const auto& read) {
    if (const auto content = rootfs.read_file(path); content && !content->empty())
      note_fault(check.faults, path, [&] { read(*content); });
  };
  check_file(world_path, [&](const std::string& world) { database.check_world(world); });
  check_file(scripts_path, [&](const std::string& archive) { database.check_scripts(archive); });
  check_file(triggers_path, [&](const std::string& lines) { database.check_triggers(lines); });
  return check;
}

}  // namespace tarn::builder
