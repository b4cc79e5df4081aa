#include "builder/sbom/sbom.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_set>
#include <utility>

#include <fmt/core.h>

#include "apk/support/error.h"
#include "builder/image/json.h"
#include "builder/registry/reference.h"
#include "builder/sbom/embedded.h"
#include "builder/sbom/package_url.h"

namespace tarn::builder {
namespace {

std::string lower_case(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

/// Who gives what: the packages by the names they can be asked for.
class Providers {
 public:
  explicit Providers(std::span<const apk::InstalledPackage> installed) : installed_(installed) {
    for (std::size_t i = 0; i < installed.size(); ++i) {
      const apk::Package& package = installed[i].package;
      by_name_[package.name].emplace_back(i, package.version);
      for (const apk::Provide& provide : package.provides)
        by_name_[provide.name].emplace_back(i, provide.version);
    }
  }

  /// The packages that satisfy what the package needs.
  std::vector<std::size_t> needed_by(std::size_t number) const {
    std::set<std::size_t> needed;
    for (const apk::Dependency& dependency : installed_[number].package.depends) {
      if (dependency.conflict) continue;
      const auto found = by_name_.find(dependency.name);
      if (found == by_name_.end()) continue;
      for (const auto& [provider, version] : found->second)
        if (provider != number &&
            dependency.is_satisfied_by(version, installed_[provider].package.identity))
          needed.insert(provider);
    }
    return {needed.begin(), needed.end()};
  }

 private:
  std::span<const apk::InstalledPackage> installed_;
  std::map<std::string, std::vector<std::pair<std::size_t, std::string>>> by_name_;
};

std::vector<apk::InstalledPackage> read_database(const Rootfs& rootfs) {
  for (const char* path : {"lib/apk/db/installed", "usr/lib/apk/db/installed"}) {
    const Entry* entry = rootfs.find(path, Rootfs::Follow::last);
    if (entry == nullptr || entry->node->type != NodeType::file) continue;
    if (entry->node->content.size > apk::installed_text_limit)
      throw Error(ErrorKind::failed,
                  fmt::format("{} holds more than {} octets", path, apk::installed_text_limit));
    return apk::parse_installed(entry->node->content.read(), path);
  }
  return {};
}

/// The entries that packages own, found where their files lie now.
std::unordered_set<const Entry*> owned_entries(const Rootfs& rootfs,
                                               std::span<const apk::InstalledPackage> installed) {
  std::unordered_set<const Entry*> owned;
  for (const apk::InstalledPackage& package : installed)
    for (const std::string& path : apk::file_paths(package))
      if (const Entry* entry = rootfs.find(path)) owned.insert(entry);
  return owned;
}

SbomFile describe_file(const std::string& path, const Content& content, ElementIds& ids) {
  SbomFile file;
  file.id = ids.take("File-" + to_hex(sha256(path)).substr(0, 16));
  file.path = path;
  file.size = content.size;
  std::shared_ptr<const Bytes> octets;
  ByteView view;
  if (content.size != 0) {
    octets = content.source->load();
    view = ByteView(*octets).subspan(content.offset, content.size);
  }
  file.sha1 = sha1(view);
  file.sha256 = sha256(view);
  return file;
}

}  // namespace

std::string package_url(const apk::Package& package, const Distribution& distribution) {
  PackageUrl url{"apk", distribution.id, lower_case(package.name), package.version, {}};
  if (!package.arch.empty()) url.qualifiers["arch"] = package.arch;
  url.qualifiers["distro"] =
      distribution.id + (distribution.version.empty() ? "" : "-" + distribution.version);
  if (!package.origin.empty() && package.origin != package.name)
    url.qualifiers["origin"] = package.origin;
  return url.str();
}

std::string image_url(const std::string& name, const Sha256Digest& digest,
                      const std::string& architecture) {
  if (name.empty()) return {};
  const SourceReference reference = SourceReference::parse(name);
  const std::string& path = reference.name.path;
  PackageUrl url{"oci", "", lower_case(path.substr(path.rfind('/') + 1)), digest_text(digest), {}};
  if (!architecture.empty()) url.qualifiers["arch"] = architecture;
  // A name without a registry may be meant for any.
  const bool is_short = reference.name.domain == "docker.io" && path.starts_with("library/");
  if (!is_short) url.qualifiers["repository_url"] = reference.name.domain + "/" + path;
  if (reference.digest.empty()) url.qualifiers["tag"] = reference.name.tag;
  return url.str();
}

void describe_packages(std::span<const apk::InstalledPackage> installed, SbomRoot& root,
                       ElementIds& ids) {
  const Providers providers(installed);
  std::map<std::pair<std::string, std::string>, std::size_t> origins;
  for (std::size_t i = 0; i < installed.size(); ++i) {
    const apk::Package& package = installed[i].package;
    SbomPackage described;
    described.id = ids.take("Package-" + package.label());
    described.package = package;
    described.purl = package_url(package, root.distribution);
    described.license = license_expression(package.license, root.licenses);
    for (const apk::InstalledDirectory& directory : installed[i].directories)
      described.files += directory.files.size();
    described.depends_on = providers.needed_by(i);
    if (!package.origin.empty()) {
      const auto [place, is_new] =
          origins.try_emplace({package.origin, package.version}, root.origins.size());
      if (is_new)
        root.origins.push_back({ids.take("Source-" + package.origin + "-" + package.version),
                                package.origin, package.version});
      described.origin = place->second;
    }
    root.packages.push_back(std::move(described));
  }
}

SbomRoot describe_root(const Rootfs& rootfs, ElementIds& ids) {
  SbomRoot root;
  root.distribution = distribution_of(rootfs);
  root.distribution_id = ids.take("OperatingSystem");
  const std::vector<apk::InstalledPackage> installed = read_database(rootfs);
  describe_packages(installed, root, ids);
  const auto owned = owned_entries(rootfs, installed);
  rootfs.walk([&](const std::string& path, const Entry& entry) {
    if (entry.node->type == NodeType::file && !owned.contains(&entry))
      root.files.push_back(describe_file(path, entry.node->content, ids));
  });
  EmbeddedSboms(root, ids).add_all(rootfs);
  return root;
}

}  // namespace tarn::builder
