#include "builder/sbom/cyclonedx.h"

#include <array>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "builder/image/json.h"
#include "builder/image/timestamp.h"
#include "builder/sbom/maintainer.h"
#include "builder/sbom/text.h"
#include "builder/sink/filesystem.h"

namespace tarn::builder {
namespace {

constexpr const char* cyclonedx_type = "application/vnd.cyclonedx+json";

Json component(std::string_view type, const std::string& id, const std::string& name,
               const std::string& version) {
  Json json = {{"type", type}, {"bom-ref", id}, {"name", name}};
  if (!version.empty()) json["version"] = version;
  return json;
}

void add_property(Json& component, std::string_view name, const std::string& value) {
  if (!value.empty()) component["properties"].push_back({{"name", name}, {"value", value}});
}

void add_hash(Json& component, std::string_view algorithm, const std::string& value) {
  component["hashes"].push_back({{"alg", algorithm}, {"content", value}});
}

void add_license(Json& component, const std::string& expression, std::string_view acknowledgement) {
  if (expression == no_assertion) return;
  component["licenses"] =
      Json::array({{{"expression", expression}, {"acknowledgement", acknowledgement}}});
}

void add_address(Json& component, std::string_view type, const std::string& url) {
  if (is_web_address(url))
    component["externalReferences"].push_back({{"url", url}, {"type", type}});
}

Json image_component(const SbomImage& image) {
  const std::string digest = digest_text(image.digest);
  Json json = component("container", image.id, image.name.empty() ? digest : image.name, digest);
  if (!image.purl.empty()) json["purl"] = image.purl;
  add_property(json, "tarn:image:platform", image.platform);
  return json;
}

Json package_component(const SbomPackage& described, const SbomRoot& root) {
  const apk::Package& package = described.package;
  Json json = component("library", described.id, package.name, package.version);
  if (const Maintainer who = parse_maintainer(package.maintainer); !who.name.empty()) {
    Json contact = {{"name", who.name}};
    if (!who.email.empty()) contact["email"] = who.email;
    json["supplier"] = {{"name", who.name}, {"contact", Json::array({contact})}};
  }
  if (!package.description.empty()) json["description"] = package.description;
  add_license(json, described.license, "declared");
  json["purl"] = described.purl;
  if (described.origin) {
    const SbomOrigin& origin = root.origins[*described.origin];
    json["pedigree"] = {
        {"ancestors",
         Json::array({{{"type", "library"}, {"name", origin.name}, {"version", origin.version}}})}};
  }
  add_address(json, "website", package.url);
  add_property(json, "tarn:apk:identity", package.identity.str());
  add_property(json, "tarn:apk:architecture", package.arch);
  add_property(json, "tarn:apk:origin", package.origin);
  add_property(json, "tarn:apk:commit", package.commit);
  add_property(json, "tarn:apk:built", sbom_time(package.build_time));
  add_property(json, "tarn:apk:installed-size", fmt::format("{}", package.installed_size));
  add_property(json, "tarn:apk:files", fmt::format("{}", described.files));
  return json;
}

/// The component type for a purpose of SPDX.
std::string_view type_of(const std::string& purpose) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 7> types = {
      {{"APPLICATION", "application"},
       {"CONTAINER", "container"},
       {"DEVICE", "device"},
       {"FILE", "file"},
       {"FIRMWARE", "firmware"},
       {"FRAMEWORK", "framework"},
       {"OPERATING-SYSTEM", "operating-system"}}};
  for (const auto& [name, type] : types)
    if (name == purpose) return type;
  return "library";
}

/// "Organization: Example" is "Example".
std::string name_of_party(const std::string& party) {
  const std::size_t mark = party.find(": ");
  return mark == std::string::npos ? party : party.substr(mark + 2);
}

Json embedded_component(const EmbeddedPackage& package) {
  Json json = component(type_of(package.purpose), package.id, package.name, package.version);
  if (!package.supplier.empty()) json["supplier"] = {{"name", name_of_party(package.supplier)}};
  if (!package.description.empty()) json["description"] = package.description;
  for (const SbomChecksum& checksum : package.checksums)
    add_hash(
        json,
        checksum.algorithm == "MD5" ? checksum.algorithm : "SHA-" + checksum.algorithm.substr(3),
        checksum.value);
  if (package.license_concluded != no_assertion)
    add_license(json, package.license_concluded, "concluded");
  else
    add_license(json, package.license_declared, "declared");
  if (!package.copyright.empty()) json["copyright"] = package.copyright;
  if (!package.purl.empty()) json["purl"] = package.purl;
  add_address(json, "website", package.homepage);
  add_address(json, "distribution", package.download_location);
  return json;
}

Json file_component(const SbomFile& file) {
  Json json = component("file", file.id, "/" + file.path, "");
  add_hash(json, "SHA-1", to_hex(file.sha1));
  add_hash(json, "SHA-256", to_hex(file.sha256));
  add_property(json, "tarn:file:size", fmt::format("{}", file.size));
  return json;
}

/// Who depends on whom, and for all other relations a property of the one they begin at.
class Relations {
 public:
  void add(const std::string& from, const std::string& to) { needs_[from].insert(to); }
  void add(const SbomRelation& relation) {
    if (relation.type == "DEPENDS_ON")
      add(relation.from, relation.to);
    else
      others_[relation.from].insert({relation.type, relation.to});
  }

  /// One entry for each component, in their order.
  Json dependencies(const std::vector<std::string>& ids) const {
    Json list = Json::array();
    for (const std::string& id : ids) {
      Json entry = {{"ref", id}};
      if (const auto found = needs_.find(id); found != needs_.end())
        entry["dependsOn"] = found->second;
      list.push_back(std::move(entry));
    }
    return list;
  }

  void add_properties(Json& component) const {
    const auto found = others_.find(component["bom-ref"].get<std::string>());
    if (found == others_.end()) return;
    for (const auto& [type, to] : found->second)
      add_property(component, "tarn:relation:" + type, to);
  }

 private:
  std::map<std::string, std::set<std::string>> needs_;
  std::map<std::string, std::set<std::pair<std::string, std::string>>> others_;
};

Relations relations_of(const Sbom& sbom) {
  const SbomRoot& root = sbom.root;
  Relations relations;
  relations.add(sbom.image.id, root.distribution_id);
  for (const SbomPackage& package : root.packages) {
    // The packages are what the operating system is made of.
    relations.add(root.distribution_id, package.id);
    for (const std::size_t needed : package.depends_on)
      relations.add(package.id, root.packages[needed].id);
  }
  // Source packages are no components here.
  std::set<std::string> origins;
  for (const SbomOrigin& origin : root.origins) origins.insert(origin.id);
  for (const SbomRelation& relation : root.relations)
    if (!origins.contains(relation.from) && !origins.contains(relation.to)) relations.add(relation);
  return relations;
}

Json document_of(const SbomImage& image, Json described) {
  return {
      {"$schema", "http://cyclonedx.org/schema/bom-1.6.schema.json"},
      {"bomFormat", "CycloneDX"},
      {"specVersion", "1.6"},
      {"serialNumber", ""},
      {"version", 1},
      {"metadata",
       {{"timestamp", format_timestamp(image.created)},
        {"tools",
         {{"components",
           Json::array({{{"type", "application"}, {"name", "tarn"}, {"version", TARN_VERSION}}})}}},
        {"component", std::move(described)}}}};
}

SbomDocument finish(Json document, std::string architecture) {
  SbomDocument finished;
  finished.format = SbomFormat::cyclonedx;
  finished.architecture = std::move(architecture);
  finished.identity = "urn:uuid:" + uuid_of(sha256(sbom_text(document)));
  document["serialNumber"] = finished.identity;
  finished.file = sbom_file(document, cyclonedx_type);
  return finished;
}

Json components_of(const Sbom& sbom, const Relations& relations) {
  const SbomRoot& root = sbom.root;
  const Distribution& distribution = root.distribution;
  Json components = Json::array();
  Json system =
      component("operating-system", root.distribution_id, distribution.id, distribution.version);
  if (!distribution.pretty_name.empty()) system["description"] = distribution.pretty_name;
  components.push_back(std::move(system));
  for (const SbomPackage& package : root.packages)
    components.push_back(package_component(package, root));
  for (const EmbeddedPackage& package : root.embedded)
    components.push_back(embedded_component(package));
  for (const SbomFile& file : root.files) components.push_back(file_component(file));
  for (Json& one : components) relations.add_properties(one);
  return components;
}

/// A link to an element of another document (BOM-Link): urn:cdx:SERIAL/VERSION#ELEMENT.
std::string bom_link(const SbomDocument& document, const std::string& id) {
  constexpr std::string_view prefix = "urn:uuid:";
  return fmt::format("urn:cdx:{}/1#{}", document.identity.substr(prefix.size()), id);
}

}  // namespace

SbomDocument write_cyclonedx(const Sbom& sbom) {
  Json image = image_component(sbom.image);
  for (const SbomLayer& layer : sbom.layers) {
    add_property(image, "tarn:layer:digest", digest_text(layer.digest));
    add_property(image, "tarn:layer:diff-id", digest_text(layer.diff_id));
    add_property(image, "tarn:layer:size", fmt::format("{}", layer.size));
    add_property(image, "tarn:layer:unpacked-size", fmt::format("{}", layer.unpacked_size));
  }
  const Relations relations = relations_of(sbom);
  Json document = document_of(sbom.image, std::move(image));
  document["components"] = components_of(sbom, relations);
  std::vector<std::string> ids = {sbom.image.id};
  for (const Json& one : document["components"]) ids.push_back(one["bom-ref"].get<std::string>());
  document["dependencies"] = relations.dependencies(ids);
  return finish(std::move(document), sbom.architecture.apk);
}

SbomDocument write_cyclonedx(const SbomImage& index, std::span<const ListedSbom> images) {
  Json document = document_of(index, image_component(index));
  document["components"] = Json::array();
  Relations relations;
  std::vector<std::string> ids = {index.id};
  for (const auto& [sbom, written] : images) {
    SbomImage image = sbom.image;
    image.id += "-" + plain_text(sbom.architecture.apk);
    Json listed = image_component(image);
    listed["externalReferences"].push_back(
        {{"url", bom_link(written, sbom.image.id)},
         {"type", "bom"},
         {"hashes",
          Json::array({{{"alg", "SHA-256"}, {"content", to_hex(written.file.digest)}}})}});
    document["components"].push_back(std::move(listed));
    relations.add(index.id, image.id);
    ids.push_back(image.id);
  }
  document["dependencies"] = relations.dependencies(ids);
  return finish(std::move(document), {});
}

}  // namespace tarn::builder
