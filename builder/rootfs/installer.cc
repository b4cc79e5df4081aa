#include "builder/rootfs/installer.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "apk/support/error.h"
#include "builder/rootfs/conflicts.h"
#include "builder/rootfs/directory_list.h"

namespace tarn::builder {
namespace {

NodeType node_type(apk::EntryType type) {
  switch (type) {
    case apk::EntryType::directory:
      return NodeType::directory;
    case apk::EntryType::symlink:
      return NodeType::symlink;
    case apk::EntryType::character_device:
      return NodeType::character_device;
    case apk::EntryType::block_device:
      return NodeType::block_device;
    case apk::EntryType::fifo:
      return NodeType::fifo;
    case apk::EntryType::file:
    case apk::EntryType::hard_link:
      break;
  }
  return NodeType::file;
}

/// The folder of a path ("" is the root) and its last part.
std::pair<std::string_view, std::string_view> split_path(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == path.npos) return {std::string_view(), path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

void apply_access(Node& node, const apk::InstalledAccess& access) {
  node.mode = access.mode;
  node.uid = access.uid;
  node.gid = access.gid;
}

bool has_access(const Node& node, const apk::InstalledAccess& access) {
  return node.mode == access.mode && node.uid == access.uid && node.gid == access.gid;
}

/// Whether an entry and all below it are the skeleton's.
bool is_skeleton(const Entry& entry) {
  if (entry.owner.value != Owner::skeleton) return false;
  const auto& children = entry.node->children;
  return std::all_of(children.begin(), children.end(),
                     [](const auto& child) { return is_skeleton(child.second); });
}

/// What the database would keep of a node's content; nothing for devices and fifos.
std::optional<Sha1Digest> node_checksum(const Node& node) {
  if (node.type == NodeType::symlink) return sha1(node.target);
  if (node.type == NodeType::file) return sha1(node.content.read());
  return std::nullopt;
}

}  // namespace

/// One package on its way into the rootfs.
class Installer::Unpacking {
 public:
  Unpacking(Installer& installer, std::size_t package, std::shared_ptr<const ContentSource> content)
      : installer_(installer),
        rootfs_(installer.rootfs_),
        package_(package),
        owner_{static_cast<std::int32_t>(package)},
        content_(std::move(content)),
        directories_(installer.packages_[package].directories) {}

  void unpack(const apk::DataEntry& entry) {
    if (entry.type == apk::EntryType::directory) {
      unpack_directory(entry);
    } else {
      unpack_file(entry);
    }
  }

 private:
  /// An earlier file of the package, which a hard link may name.
  struct Unpacked {
    std::shared_ptr<Node> node;
    std::optional<Sha1Digest> checksum;
  };

  const apk::Package& package(std::size_t index) const {
    return installer_.packages_[index].package;
  }

  apk::InstalledAccess access_of(const apk::DataEntry& entry) const {
    return {installer_.names_.uid(entry.user, entry.uid),
            installer_.names_.gid(entry.group, entry.gid), entry.mode,
            apk::xattr_digest(entry.xattrs)};
  }

  void unpack_directory(const apk::DataEntry& entry) {
    const apk::InstalledAccess access = access_of(entry);
    directories_.get(entry.path).access = access;

    rootfs_.make_directories(split_path(entry.path).first, owner_);
    Entry* there = rootfs_.find(entry.path);
    if (there != nullptr && there->node->type == NodeType::symlink) {
      const Entry* target = rootfs_.find(entry.path, Rootfs::Follow::last);
      if (target != nullptr && target->node->type == NodeType::directory) return;
    }
    if (there == nullptr || (there->node->type != NodeType::directory && is_skeleton(*there))) {
      there = &rootfs_.put(entry.path, Entry{std::make_shared<Node>(), owner_});
    } else if (there->node->type != NodeType::directory) {
      throw in_the_way(entry.path, "a directory", "something else");
    }
    claim_directory(rootfs_.resolve(entry.path), *there, access);
  }

  void claim_directory(const std::string& place, Entry& entry, const apk::InstalledAccess& access) {
    const auto claim = installer_.directories_.find(place);
    if (claim == installer_.directories_.end()) {
      // What a script made before keeps what the script gave it.
      if (entry.owner.value != Owner::generated) apply_access(*entry.node, access);
    } else {
      DirectoryClaim& old = claim->second;
      if (old.package != package_ && !takes_directory(package(old.package), package(package_))) {
        return;
      }
      if (has_access(*entry.node, old.access)) apply_access(*entry.node, access);
    }
    entry.owner = owner_;
    installer_.directories_.insert_or_assign(place, DirectoryClaim{package_, access});
  }

  void unpack_file(const apk::DataEntry& entry) {
    const auto [folder, name] = split_path(entry.path);
    apk::InstalledFile file{std::string(name), access_of(entry), entry.checksum};
    const std::shared_ptr<Node> node = make_node(entry, file);

    directories_.get(folder);
    rootfs_.make_directories(folder, owner_);
    const std::string place = rootfs_.resolve(entry.path);
    const auto claim = installer_.files_.find(place);
    if (claim != installer_.files_.end() && !takes_file(place, claim->second)) return;
    put_node(place, node, file, claim == installer_.files_.end() ? nullptr : &claim->second);

    if (claim != installer_.files_.end()) release(claim->second);
    installer_.files_.insert_or_assign(
        place, FileClaim{package_, std::string(folder), std::string(name), file.checksum});
    directories_.get(folder).files.push_back(std::move(file));
  }

  std::shared_ptr<Node> make_node(const apk::DataEntry& entry, apk::InstalledFile& file) {
    std::shared_ptr<Node> node;
    if (entry.type == apk::EntryType::hard_link) {
      const auto target = unpacked_.find(entry.target);
      if (target == unpacked_.end()) {
        throw Error(
            ErrorKind::failed,
            fmt::format("'{}' is a hard link to '{}', which is no earlier file of the package",
                        entry.path, entry.target));
      }
      node = target->second.node;
      file.checksum = target->second.checksum;
    } else {
      node = std::make_shared<Node>();
      node->type = node_type(entry.type);
      node->target = entry.target;
      node->device_major = entry.device_major;
      node->device_minor = entry.device_minor;
      if (node->type == NodeType::file && entry.size != 0) {
        node->content = Content{content_, entry.offset, entry.size};
      }
    }
    // The header of a hard link counts for the file it names.
    apply_access(*node, file.access);
    node->mtime = entry.mtime;
    for (const auto& [key, value] : entry.xattrs) node->xattrs.insert_or_assign(key, value);
    unpacked_.insert_or_assign(entry.path, Unpacked{node, file.checksum});
    return node;
  }

  /// Whether the package gets a file that is another's (or an earlier one of its own).
  bool takes_file(const std::string& place, const FileClaim& claim) const {
    if (claim.package == package_) return true;
    const apk::Package& installed = package(claim.package);
    const apk::Package& added = package(package_);
    switch (judge_file(installed, added)) {
      case FileVerdict::overwrite:
        return true;
      case FileVerdict::keep:
        return false;
      case FileVerdict::conflict:
        break;
    }
    throw Error(ErrorKind::failed, fmt::format("two packages bring '/{}'", place))
        .detail("owned by", installed.label())
        .detail("also in", added.label())
        .hint(fmt::format("leave one of the two out, or use a {} that declares 'replaces: {}'",
                          added.name, installed.name));
  }

  void put_node(const std::string& place, const std::shared_ptr<Node>& node,
                const apk::InstalledFile& file, const FileClaim* claim) {
    const Entry* there = rootfs_.find(place);
    if (there != nullptr && there->node->type == NodeType::directory && !is_skeleton(*there)) {
      throw in_the_way(place, "a file", "a directory");
    }
    if (there != nullptr && is_kept(place, *there, claim)) {
      if (node_checksum(*there->node) != file.checksum) {
        rootfs_.put(place + ".apk-new", Entry{node, owner_});
      }
      return;
    }
    rootfs_.put(place, Entry{node, owner_});
  }

  /// Whether what lies in the rootfs is a change to a protected file: it stays then.
  static bool is_kept(const std::string& place, const Entry& there, const FileClaim* claim) {
    if (!is_protected(place, there.node->type) || there.owner.value == Owner::skeleton) {
      return false;
    }
    return claim == nullptr || node_checksum(*there.node) != claim->checksum;
  }

  /// Takes a file out of the list of the package that had it.
  void release(const FileClaim& claim) {
    for (apk::InstalledDirectory& directory : installer_.packages_[claim.package].directories) {
      if (directory.path != claim.directory) continue;
      std::erase_if(directory.files,
                    [&claim](const apk::InstalledFile& file) { return file.name == claim.name; });
      return;
    }
  }

  Error in_the_way(const std::string& path, const char* brought, const char* present) const {
    Error error(ErrorKind::failed,
                fmt::format("'/{}' is {} of the package, but {} is there", path, brought, present));
    error.detail("package", package(package_).label());
    const std::string place = rootfs_.resolve(path);
    if (const auto file = installer_.files_.find(place); file != installer_.files_.end()) {
      error.detail("there from", package(file->second.package).label());
    } else if (const auto directory = installer_.directories_.find(place);
               directory != installer_.directories_.end()) {
      error.detail("there from", package(directory->second.package).label());
    }
    return error;
  }

  Installer& installer_;
  Rootfs& rootfs_;
  std::size_t package_;
  Owner owner_;
  std::shared_ptr<const ContentSource> content_;
  DirectoryList directories_;
  std::unordered_map<std::string, Unpacked> unpacked_;
};

PackageToInstall PackageToInstall::from_listing(apk::PackageListing listing,
                                                std::shared_ptr<const ContentSource> content,
                                                const apk::Package& index_entry,
                                                std::string repository_tag) {
  PackageToInstall result;
  result.package = index_entry;
  result.repository_tag = std::move(repository_tag);
  if (index_entry.installed_size == 0) return result;
  // Of a package that brings nothing (a meta package) apk does not record these.
  if (!listing.entries.empty()) {
    result.package.replaces = std::move(listing.replaces);
    result.package.replaces_priority = listing.replaces_priority;
  }
  result.scripts = std::move(listing.scripts);
  result.triggers = std::move(listing.triggers);
  result.entries = std::move(listing.entries);
  result.content = std::move(content);
  return result;
}

void Installer::adopt(std::vector<apk::InstalledPackage> packages) {
  packages_ = std::move(packages);
  for (std::size_t index = 0; index < packages_.size(); ++index) {
    const Owner owner{static_cast<std::int32_t>(index)};
    for (const apk::InstalledDirectory& directory : packages_[index].directories) {
      if (Entry* entry = rootfs_.find(directory.path);
          entry != nullptr && entry->node->type == NodeType::directory) {
        entry->owner = owner;
        directories_.insert_or_assign(rootfs_.resolve(directory.path),
                                      DirectoryClaim{index, directory.access});
      }
      for (const apk::InstalledFile& file : directory.files) {
        const std::string path =
            directory.path.empty() ? file.name : directory.path + "/" + file.name;
        Entry* entry = rootfs_.find(path);
        if (entry == nullptr) continue;
        entry->owner = owner;
        files_.insert_or_assign(rootfs_.resolve(path),
                                FileClaim{index, directory.path, file.name, file.checksum});
      }
    }
  }
}

Owner Installer::install(PackageToInstall package) {
  const std::size_t index = packages_.size();
  apk::InstalledPackage& installed = packages_.emplace_back();
  installed.package = std::move(package.package);
  installed.repository_tag = std::move(package.repository_tag);
  installed.scripts = std::move(package.scripts);
  installed.triggers = std::move(package.triggers);

  names_.refresh(rootfs_);
  Unpacking unpacking(*this, index, std::move(package.content));
  with_context("unpacking " + installed.package.label(), [&] {
    for (const apk::DataEntry& entry : package.entries) unpacking.unpack(entry);
  });
  return Owner{static_cast<std::int32_t>(index)};
}

void Installer::mark_failed_script(Owner package) {
  std::string& flags = packages_.at(static_cast<std::size_t>(package.value)).flags;
  if (flags.find('s') == std::string::npos) flags += 's';
}

}  // namespace tarn::builder
