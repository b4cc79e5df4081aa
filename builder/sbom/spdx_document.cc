#include "builder/sbom/spdx_document.h"

#include <utility>

#include <fmt/core.h>

#include "builder/image/timestamp.h"
#include "builder/sbom/license_list.h"
#include "builder/sbom/maintainer.h"
#include "builder/sbom/text.h"
#include "builder/sink/filesystem.h"

namespace tarn::builder {
namespace {

constexpr const char* media_type = "application/spdx+json";
constexpr std::string_view document_prefix = "DocumentRef-";

std::string party_of(const std::string& maintainer) {
  const Maintainer who = parse_maintainer(maintainer);
  if (who.name.empty()) return no_assertion;
  return who.email.empty() ? "Person: " + who.name
                           : fmt::format("Person: {} ({})", who.name, who.email);
}

std::string comment_of(const SbomPackage& package) {
  return fmt::format("{} files, {} octets installed", package.files,
                     package.package.installed_size);
}

}  // namespace

SpdxDocument::SpdxDocument(std::string name, std::int64_t created)
    : name_(std::move(name)), created_(created) {}

void SpdxDocument::add_file(const SbomFile& file) {
  files_.push_back({{"fileName", "./" + file.path},
                    {"SPDXID", spdx_reference(file.id)},
                    {"checksums",
                     {{{"algorithm", "SHA1"}, {"checksumValue", to_hex(file.sha1)}},
                      {{"algorithm", "SHA256"}, {"checksumValue", to_hex(file.sha256)}}}},
                    {"licenseConcluded", no_assertion},
                    {"licenseInfoInFiles", Json::array({no_assertion})},
                    {"copyrightText", no_assertion},
                    {"comment", fmt::format("{} octets", file.size)}});
}

void SpdxDocument::add_document(const std::string& name, const SbomDocument& document) {
  documents_.push_back(
      {{"externalDocumentId", std::string(document_prefix) + name},
       {"spdxDocument", document.identity},
       {"checksum", {{"algorithm", "SHA1"}, {"checksumValue", to_hex(sha1(document.file.text))}}}});
}

void SpdxDocument::relate(std::string_view id, std::string_view type, std::string_view related) {
  relations_.push_back(
      {{"spdxElementId", spdx_reference(id)},
       {"relationshipType", type},
       {"relatedSpdxElement",
        related.starts_with(document_prefix) ? std::string(related) : spdx_reference(related)}});
}

void SpdxDocument::add_licenses(const LicenseReferences& licenses) {
  for (const auto& [reference, text] : licenses.texts())
    licenses_.push_back({{"licenseId", reference},
                         {"extractedText", text.empty() ? std::string(no_assertion) : text},
                         {"name", no_assertion}});
}

SbomDocument SpdxDocument::finish(std::string architecture) const {
  Json document = {{"spdxVersion", "SPDX-2.3"},
                   {"dataLicense", "CC0-1.0"},
                   {"SPDXID", spdx_reference("DOCUMENT")},
                   {"name", name_},
                   {"documentNamespace", ""},
                   {"creationInfo",
                    {{"created", format_timestamp(created_)},
                     {"creators", Json::array({"Tool: tarn-" TARN_VERSION})},
                     {"licenseListVersion", license_list_version}}}};
  if (!documents_.empty()) document["externalDocumentRefs"] = documents_;
  document["packages"] = packages_;
  if (!files_.empty()) document["files"] = files_;
  if (!licenses_.empty()) document["hasExtractedLicensingInfos"] = licenses_;
  document["relationships"] = relations_;

  SbomDocument finished;
  finished.architecture = std::move(architecture);
  finished.identity = fmt::format("https://spdx.org/spdxdocs/{}-{}", plain_text(name_),
                                  uuid_of(sha256(sbom_text(document))));
  document["documentNamespace"] = finished.identity;
  finished.file = sbom_file(document, media_type);
  return finished;
}

std::string spdx_reference(std::string_view id) {
  return "SPDXRef-" + std::string(id);
}

Json spdx_package(const std::string& id, const std::string& name, const std::string& version) {
  Json package = {{"name", name}, {"SPDXID", spdx_reference(id)}};
  if (!version.empty()) package["versionInfo"] = version;
  package["supplier"] = no_assertion;
  package["downloadLocation"] = no_assertion;
  package["filesAnalyzed"] = false;
  package["licenseConcluded"] = no_assertion;
  package["licenseDeclared"] = no_assertion;
  package["copyrightText"] = no_assertion;
  return package;
}

void add_spdx_url(Json& package, const std::string& purl) {
  if (purl.empty()) return;
  package["externalRefs"].push_back({{"referenceCategory", "PACKAGE-MANAGER"},
                                     {"referenceType", "purl"},
                                     {"referenceLocator", purl}});
}

Json spdx_package(const SbomPackage& described) {
  const apk::Package& package = described.package;
  Json json = spdx_package(described.id, package.name, package.version);
  json["supplier"] = party_of(package.maintainer);
  json["licenseDeclared"] = described.license;
  if (!package.description.empty()) json["description"] = package.description;
  if (is_web_address(package.url)) json["homepage"] = package.url;
  if (!package.commit.empty())
    json["sourceInfo"] = "built from commit " + package.commit + " of the distribution's packaging";
  if (const std::string time = sbom_time(package.build_time); !time.empty())
    json["builtDate"] = time;
  json["comment"] = comment_of(described);
  add_spdx_url(json, described.purl);
  json["externalRefs"].push_back(
      {{"referenceCategory", "OTHER"},
       {"referenceType", "apk-identity"},
       {"referenceLocator", package.identity.str()},
       {"comment",
        "what apk knows the package by: SHA-1 of its control section, not of its file"}});
  return json;
}

Json spdx_package(const SbomOrigin& origin) {
  Json json = spdx_package(origin.id, origin.name, origin.version);
  json["primaryPackagePurpose"] = "SOURCE";
  return json;
}

}  // namespace tarn::builder
