#include "builder/sbom/embedded.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include <fmt/core.h>

#include "builder/image/json.h"
#include "builder/sbom/package_url.h"

namespace tarn::builder {
namespace {

constexpr std::uint64_t largest_document = 16U << 20U;
constexpr std::uint64_t most_octets = 256U << 20U;
constexpr std::size_t most_elements = 100'000;
constexpr std::size_t longest_text = 65'536;

/// Relationship types of SPDX 2.3 (11.1) that speak of packages.
constexpr std::array<std::string_view, 34> relation_types = {
    "ANCESTOR_OF",
    "BUILD_DEPENDENCY_OF",
    "BUILD_TOOL_OF",
    "CONTAINED_BY",
    "CONTAINS",
    "COPY_OF",
    "DEPENDENCY_MANIFEST_OF",
    "DEPENDENCY_OF",
    "DEPENDS_ON",
    "DESCENDANT_OF",
    "DEV_DEPENDENCY_OF",
    "DEV_TOOL_OF",
    "DISTRIBUTION_ARTIFACT",
    "DOCUMENTATION_OF",
    "DYNAMIC_LINK",
    "EXAMPLE_OF",
    "EXPANDED_FROM_ARCHIVE",
    "GENERATED_FROM",
    "GENERATES",
    "HAS_PREREQUISITE",
    "METAFILE_OF",
    "OPTIONAL_COMPONENT_OF",
    "OPTIONAL_DEPENDENCY_OF",
    "OTHER",
    "PACKAGE_OF",
    "PATCH_APPLIED",
    "PATCH_FOR",
    "PREREQUISITE_FOR",
    "PROVIDED_DEPENDENCY_OF",
    "RUNTIME_DEPENDENCY_OF",
    "STATIC_LINK",
    "TEST_DEPENDENCY_OF",
    "TEST_OF",
    "VARIANT_OF",
};

constexpr std::array<std::string_view, 13> purposes = {
    "APPLICATION", "ARCHIVE", "CONTAINER",        "DEVICE", "FILE",   "FIRMWARE",     "FRAMEWORK",
    "INSTALL",     "LIBRARY", "OPERATING-SYSTEM", "OTHER",  "SOURCE", "SPECIFICATION"};

constexpr std::array<std::pair<std::string_view, std::size_t>, 5> algorithms = {
    {{"MD5", 16}, {"SHA1", 20}, {"SHA256", 32}, {"SHA384", 48}, {"SHA512", 64}}};

std::string text_of(const Json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_string()) return {};
  std::string text = found->get<std::string>();
  return text.size() <= longest_text ? text : std::string();
}

/// The objects of a list; none where there is no list.
std::vector<const Json*> objects_of(const Json& json, const char* key) {
  std::vector<const Json*> objects;
  const auto found = json.find(key);
  if (found == json.end() || !found->is_array()) return objects;
  for (const Json& item : *found)
    if (item.is_object()) objects.push_back(&item);
  return objects;
}

/// What SPDX has for "nothing said" is said by an empty text here.
std::string said(std::string text) {
  return text == no_assertion || text == "NONE" ? std::string() : text;
}

/// A person or an organization, or nothing.
std::string party(const std::string& text) {
  return text.starts_with("Person: ") || text.starts_with("Organization: ") ? text : std::string();
}

std::string reference_of(const Json& package, std::string_view type, std::string_view prefix) {
  for (const Json* reference : objects_of(package, "externalRefs")) {
    std::string locator = text_of(*reference, "referenceLocator");
    if (text_of(*reference, "referenceType") == type && locator.starts_with(prefix) &&
        locator.find_first_of(" \t\n\r") == std::string::npos)
      return locator;
  }
  return {};
}

std::vector<SbomChecksum> checksums_of(const Json& package) {
  std::vector<SbomChecksum> checksums;
  for (const Json* item : objects_of(package, "checksums")) {
    const std::string name = text_of(*item, "algorithm");
    const auto octets = from_hex(text_of(*item, "checksumValue"));
    const bool is_known = octets && std::ranges::any_of(algorithms, [&](const auto& known) {
                            return known.first == name && known.second == octets->size();
                          });
    const bool is_new =
        std::ranges::find(checksums, name, &SbomChecksum::algorithm) == checksums.end();
    if (is_known && is_new) checksums.push_back({name, to_hex(*octets)});
  }
  return checksums;
}

/// Why the text is no document; empty when it is one.
std::string fault_of(const Json& document) {
  if (document.is_discarded()) return "it is no JSON";
  if (!document.is_object()) return "it is no JSON object";
  if (!text_of(document, "spdxVersion").starts_with("SPDX-2.")) return "it is not SPDX 2";
  if (!document.contains("packages") || !document["packages"].is_array())
    return "it has no list of packages";
  const auto relations = document.find("relationships");
  if (document["packages"].size() > most_elements ||
      (relations != document.end() && relations->size() > most_elements))
    return "it has too many elements";
  return {};
}

}  // namespace

/// Takes documents over into the root.
class EmbeddedSboms::Merger {
 public:
  Merger(SbomRoot& root, ElementIds& ids)
      : root_(root), ids_(ids), relations_(root.relations.begin(), root.relations.end()) {
    for (std::size_t i = 0; i < root.packages.size(); ++i) {
      const SbomPackage& package = root.packages[i];
      installed_.emplace(std::pair(package.package.name, package.package.version), package.id);
      numbers_.emplace(package.id, i);
    }
    for (const SbomOrigin& origin : root.origins)
      origins_.emplace(std::pair(origin.name, origin.version), origin.id);
    for (const EmbeddedPackage& package : root.embedded)
      embedded_.emplace(key_of(package), package.id);
  }

  void add(const std::string& path, std::string_view text) {
    const Json document = Json::parse(text, nullptr, false);
    const std::string fault = fault_of(document);
    if (!fault.empty()) return leave_out(path, fault);
    licenses_.clear();
    elements_.clear();
    for (const Json* license : objects_of(document, "hasExtractedLicensingInfos"))
      licenses_.emplace(text_of(*license, "licenseId"), text_of(*license, "extractedText"));
    for (const Json* package : objects_of(document, "packages")) read_package(*package);
    for (const Json* relation : objects_of(document, "relationships")) read_relation(*relation);
  }

  void leave_out(const std::string& path, const std::string& fault) {
    root_.problems.push_back(fmt::format("{} is left out: {}", path, fault));
  }

 private:
  using NameVersion = std::pair<std::string, std::string>;
  using Key = std::array<std::string, 4>;

  static Key key_of(const EmbeddedPackage& package) {
    if (!package.purl.empty()) return {package.purl, "", "", ""};
    return {"", package.name, package.version, package.download_location};
  }

  void read_relation(const Json& json) {
    const auto from = elements_.find(text_of(json, "spdxElementId"));
    const auto to = elements_.find(text_of(json, "relatedSpdxElement"));
    const std::string type = text_of(json, "relationshipType");
    if (from == elements_.end() || to == elements_.end() || from->second == to->second ||
        std::ranges::find(relation_types, type) == relation_types.end())
      return;
    SbomRelation taken{from->second, type, to->second};
    if (!is_said_already(taken) && relations_.insert(taken).second)
      root_.relations.push_back(std::move(taken));
  }

  void read_package(const Json& json) {
    EmbeddedPackage package;
    package.name = text_of(json, "name");
    package.version = text_of(json, "versionInfo");
    package.purl = reference_of(json, "purl", "pkg:");
    if (!PackageUrl::parse(package.purl)) package.purl.clear();
    package.purpose = text_of(json, "primaryPackagePurpose");
    if (std::ranges::find(purposes, package.purpose) == purposes.end()) package.purpose.clear();
    package.download_location = said(text_of(json, "downloadLocation"));
    const std::string id = text_of(json, "SPDXID");
    if (id.empty() || package.name.empty()) return;
    if (const std::string* known = find_known(package)) {
      elements_.emplace(id, *known);
      return;
    }
    describe(json, package);
    package.id = ids_.take(fmt::format("Embedded-{}{}{}", package.name,
                                       package.version.empty() ? "" : "-", package.version)
                               .substr(0, 200));
    embedded_.emplace(key_of(package), package.id);
    elements_.emplace(id, package.id);
    root_.embedded.push_back(std::move(package));
  }

  /// The element that the root has for a package: its own where the database lists it.
  const std::string* find_known(const EmbeddedPackage& package) const {
    const auto url = PackageUrl::parse(package.purl);
    if (url && url->type == "apk") {
      const auto found = installed_.find({package.name, package.version});
      if (found != installed_.end()) return &found->second;
    }
    if (package.purl.empty() && package.purpose == "OPERATING-SYSTEM" &&
        package.name == root_.distribution.id &&
        (package.version == root_.distribution.version || package.version.empty()))
      return &root_.distribution_id;
    if (package.purl.empty() && package.purpose == "SOURCE") {
      const auto found = origins_.find({package.name, package.version});
      if (found != origins_.end()) return &found->second;
    }
    const auto found = embedded_.find(key_of(package));
    return found != embedded_.end() ? &found->second : nullptr;
  }

  void describe(const Json& json, EmbeddedPackage& package) {
    package.cpe = reference_of(json, "cpe23Type", "cpe:2.3:");
    package.description = text_of(json, "description");
    package.homepage = said(text_of(json, "homepage"));
    package.supplier = party(text_of(json, "supplier"));
    package.originator = party(text_of(json, "originator"));
    package.copyright = said(text_of(json, "copyrightText"));
    package.license_declared =
        foreign_license_expression(text_of(json, "licenseDeclared"), licenses_, root_.licenses);
    package.license_concluded =
        foreign_license_expression(text_of(json, "licenseConcluded"), licenses_, root_.licenses);
    package.checksums = checksums_of(json);
  }

  /// What the database tells needs no second telling.
  bool is_said_already(const SbomRelation& relation) const {
    const auto number = numbers_.find(relation.from);
    if (number == numbers_.end()) return false;
    const SbomPackage& from = root_.packages[number->second];
    if (relation.type == "GENERATED_FROM")
      return from.origin && root_.origins[*from.origin].id == relation.to;
    const auto to = numbers_.find(relation.to);
    return relation.type == "DEPENDS_ON" && to != numbers_.end() &&
           std::ranges::binary_search(from.depends_on, to->second);
  }

  SbomRoot& root_;
  ElementIds& ids_;
  std::map<NameVersion, std::string> installed_;
  std::map<std::string, std::size_t> numbers_;  ///< of the packages, by id
  std::map<NameVersion, std::string> origins_;
  std::map<Key, std::string> embedded_;
  std::set<SbomRelation> relations_;
  // Of the document that is being read.
  std::map<std::string, std::string> licenses_;
  std::map<std::string, std::string> elements_;  ///< by the document's own ids
};

EmbeddedSboms::EmbeddedSboms(SbomRoot& root, ElementIds& ids)
    : merger_(std::make_unique<Merger>(root, ids)) {}

EmbeddedSboms::~EmbeddedSboms() = default;

void EmbeddedSboms::add(const std::string& path, std::string_view text) {
  merger_->add(path, text);
}

void EmbeddedSboms::add_all(const Rootfs& rootfs) {
  const Entry* folder = rootfs.find(embedded_folder, Rootfs::Follow::last);
  if (folder == nullptr || folder->node->type != NodeType::directory) return;
  std::uint64_t octets = 0;
  for (const auto& [name, entry] : folder->node->children) {
    if (!name.ends_with(embedded_suffix) || entry.node->type != NodeType::file) continue;
    const std::string path = fmt::format("{}/{}", embedded_folder, name);
    octets += std::min(entry.node->content.size, largest_document);
    if (entry.node->content.size > largest_document || octets > most_octets)
      merger_->leave_out(path, "it is too big");
    else
      add(path, entry.node->content.read());
  }
}

}  // namespace tarn::builder
