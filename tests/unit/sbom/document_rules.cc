#include "unit/sbom/document_rules.h"

#include <map>
#include <regex>
#include <set>

#include "builder/sbom/license_expression.h"
#include "builder/sbom/package_url.h"

namespace tarn::test {
namespace {

using nlohmann::json;

const std::set<std::string> spdx_purposes = {
    "APPLICATION", "FRAMEWORK", "LIBRARY", "CONTAINER", "OPERATING-SYSTEM", "DEVICE",
    "FIRMWARE",    "SOURCE",    "ARCHIVE", "FILE",      "INSTALL",          "OTHER"};

const std::set<std::string> spdx_relationships = {"DESCRIBES",  "DESCRIBED_BY",   "CONTAINS",
                                                  "DEPENDS_ON", "GENERATED_FROM", "VARIANT_OF",
                                                  "COPY_OF"};

bool matches(const json& value, const char* pattern) {
  return value.is_string() && std::regex_match(value.get<std::string>(), std::regex(pattern));
}

class SpdxRules {
 public:
  explicit SpdxRules(const json& document) : document_(document) {}

  std::vector<std::string> check() {
    check_header();
    for (const json& item : document_.value("hasExtractedLicensingInfos", json::array())) {
      expect(item, "licenseId", "LicenseRef-[A-Za-z0-9.-]+");
      expect(item, "extractedText", "[^]+");
      licenses_.emplace(item.value("licenseId", ""), item.value("extractedText", ""));
    }
    for (const json& item : document_.value("externalDocumentRefs", json::array())) {
      expect(item, "externalDocumentId", "DocumentRef-[A-Za-z0-9.+-]+");
      expect(item, "spdxDocument", "https?://[^# ]+");
      check_checksums(json::array({item.value("checksum", json())}));
      documents_.insert(item.value("externalDocumentId", ""));
    }
    for (const json& item : document_["packages"]) check_package(item);
    for (const json& item : document_.value("files", json::array())) check_file(item);
    check_relations();
    return faults_;
  }

 private:
  void fault(const std::string& text) { faults_.push_back(text); }

  void expect(const json& item, const char* key, const char* pattern) {
    if (!item.contains(key) || !matches(item[key], pattern))
      fault(std::string(key) + " in " + item.dump());
  }

  void check_header() {
    expect(document_, "spdxVersion", "SPDX-2\\.3");
    expect(document_, "dataLicense", "CC0-1\\.0");
    expect(document_, "SPDXID", "SPDXRef-DOCUMENT");
    expect(document_, "name", "[^]+");
    expect(document_, "documentNamespace", "https?://[^# ]+");
    const json& info = document_["creationInfo"];
    expect(info, "created", "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ");
    expect(info, "licenseListVersion", "\\d+\\.\\d+");
    if (!info["creators"].is_array() || info["creators"].empty()) fault("creators");
    for (const json& creator : info["creators"])
      if (!matches(creator, "(Tool|Person|Organization): .+")) fault("creator " + creator.dump());
    ids_.insert("SPDXRef-DOCUMENT");
  }

  void check_id(const json& item) {
    expect(item, "SPDXID", "SPDXRef-[A-Za-z0-9.-]+");
    if (!ids_.insert(item.value("SPDXID", "")).second) fault("twice: " + item["SPDXID"].dump());
  }

  void check_checksums(const json& checksums) {
    const std::map<std::string, std::size_t> sizes = {
        {"MD5", 32}, {"SHA1", 40}, {"SHA256", 64}, {"SHA384", 96}, {"SHA512", 128}};
    for (const json& item : checksums) {
      expect(item, "checksumValue", "[0-9a-f]+");
      const auto size = sizes.find(item.value("algorithm", ""));
      if (size == sizes.end() || item.value("checksumValue", "").size() != size->second)
        fault("checksum " + item.dump());
    }
  }

  void check_license(const json& item, const char* key) {
    expect(item, key, "[^]+");
    const std::string text = item.value(key, "");
    builder::LicenseReferences references;
    if (text != "NOASSERTION" && text != "NONE" &&
        builder::foreign_license_expression(text, licenses_, references) == "NOASSERTION")
      fault("licence " + text);
  }

  void check_package(const json& item) {
    check_id(item);
    expect(item, "name", "[^]+");
    expect(item, "downloadLocation", "[^]+");
    if (item.value("filesAnalyzed", true)) fault("filesAnalyzed without a verification code");
    if (item.contains("supplier"))
      expect(item, "supplier", "NOASSERTION|(Person|Organization): .+");
    if (item.contains("originator"))
      expect(item, "originator", "NOASSERTION|(Person|Organization): .+");
    if (item.contains("builtDate"))
      expect(item, "builtDate", "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ");
    if (item.contains("primaryPackagePurpose") &&
        !spdx_purposes.contains(item["primaryPackagePurpose"].get<std::string>()))
      fault("purpose " + item["primaryPackagePurpose"].dump());
    check_license(item, "licenseDeclared");
    check_license(item, "licenseConcluded");
    expect(item, "copyrightText", "[^]+");
    check_checksums(item.value("checksums", json::array()));
    for (const json& reference : item.value("externalRefs", json::array())) {
      expect(reference, "referenceCategory", "PACKAGE-MANAGER|SECURITY|PERSISTENT-ID|OTHER");
      expect(reference, "referenceType", "[^ ]+");
      expect(reference, "referenceLocator", "[^ ]+");
      if (reference.value("referenceType", "") == "purl" &&
          !builder::PackageUrl::parse(reference.value("referenceLocator", "")))
        fault("purl " + reference.dump());
    }
  }

  void check_file(const json& item) {
    check_id(item);
    expect(item, "fileName", "\\./[^]+");
    bool has_sha1 = false;
    for (const json& checksum : item["checksums"])
      has_sha1 = has_sha1 || checksum["algorithm"] == "SHA1";
    if (!has_sha1) fault("no SHA1 of " + item.dump());
    check_checksums(item["checksums"]);
    check_license(item, "licenseConcluded");
    expect(item, "copyrightText", "[^]+");
  }

  bool exists(const std::string& id) const {
    if (ids_.contains(id)) return true;
    const std::size_t colon = id.find(':');
    return colon != std::string::npos && documents_.contains(id.substr(0, colon)) &&
           id.substr(colon + 1).starts_with("SPDXRef-");
  }

  void check_relations() {
    std::set<std::string> seen;
    bool describes = false;
    for (const json& item : document_["relationships"]) {
      const std::string type = item.value("relationshipType", "");
      if (!spdx_relationships.contains(type)) fault("relationship " + type);
      if (!exists(item.value("spdxElementId", "")) || !exists(item.value("relatedSpdxElement", "")))
        fault("relationship of what is not there: " + item.dump());
      if (!seen.insert(item.dump()).second) fault("twice: " + item.dump());
      describes = describes || (type == "DESCRIBES" && item["spdxElementId"] == "SPDXRef-DOCUMENT");
    }
    if (!describes) fault("the document describes nothing");
  }

  const json& document_;
  std::vector<std::string> faults_;
  std::set<std::string> ids_;
  std::set<std::string> documents_;
  std::map<std::string, std::string> licenses_;
};

class CyclonedxRules {
 public:
  explicit CyclonedxRules(const json& document) : document_(document) {}

  std::vector<std::string> check() {
    expect(document_, "bomFormat", "CycloneDX");
    expect(document_, "specVersion", "1\\.6");
    expect(document_, "serialNumber",
           "urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");
    if (document_.value("version", 0) != 1) fault("version");
    const json& metadata = document_["metadata"];
    expect(metadata, "timestamp", "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ");
    check_component(metadata["component"]);
    for (const json& item : document_["components"]) check_component(item);
    std::set<std::string> listed;
    for (const json& item : document_["dependencies"]) {
      if (!ids_.contains(item.value("ref", ""))) fault("dependency of " + item.dump());
      if (!listed.insert(item.value("ref", "")).second) fault("twice: " + item.dump());
      std::set<std::string> needs;
      for (const json& need : item.value("dependsOn", json::array()))
        if (!ids_.contains(need.get<std::string>()) ||
            !needs.insert(need.get<std::string>()).second)
          fault("dependency on " + need.dump());
    }
    if (listed != ids_) fault("a component without an entry among the dependencies");
    return faults_;
  }

 private:
  void fault(const std::string& text) { faults_.push_back(text); }

  void expect(const json& item, const char* key, const char* pattern) {
    if (!item.contains(key) || !matches(item[key], pattern))
      fault(std::string(key) + " in " + item.dump());
  }

  void check_component(const json& item) {
    expect(
        item, "type",
        "application|framework|library|container|platform|operating-system|device|firmware|file");
    expect(item, "name", "[^]+");
    expect(item, "bom-ref", "[^]+");
    if (!ids_.insert(item.value("bom-ref", "")).second) fault("twice: " + item["bom-ref"].dump());
    const std::map<std::string, std::size_t> sizes = {
        {"MD5", 32}, {"SHA-1", 40}, {"SHA-256", 64}, {"SHA-384", 96}, {"SHA-512", 128}};
    for (const json& hash : item.value("hashes", json::array())) {
      const auto size = sizes.find(hash.value("alg", ""));
      if (size == sizes.end() || hash.value("content", "").size() != size->second)
        fault("hash " + hash.dump());
    }
    if (item.contains("purl") && !builder::PackageUrl::parse(item["purl"].get<std::string>()))
      fault("purl " + item["purl"].dump());
    if (item.contains("licenses") &&
        (item["licenses"].size() != 1 || !item["licenses"][0].contains("expression")))
      fault("licenses " + item["licenses"].dump());
    for (const json& property : item.value("properties", json::array())) {
      expect(property, "name", "tarn:[^]+");
      expect(property, "value", "[^]+");
    }
    for (const json& reference : item.value("externalReferences", json::array())) {
      expect(reference, "type", "website|distribution|bom");
      expect(reference, "url", "(https?|ftp|git)://[^ ]+|urn:cdx:[0-9a-f-]+/1#[A-Za-z0-9.-]+");
    }
  }

  const json& document_;
  std::vector<std::string> faults_;
  std::set<std::string> ids_;
};

}  // namespace

std::vector<std::string> spdx_faults(const json& document) {
  return SpdxRules(document).check();
}

std::vector<std::string> cyclonedx_faults(const json& document) {
  return CyclonedxRules(document).check();
}

}  // namespace tarn::test
