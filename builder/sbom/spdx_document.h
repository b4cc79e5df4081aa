#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "builder/image/json.h"
#include "builder/sbom/document.h"
#include "builder/sbom/license_expression.h"
#include "builder/sbom/sbom.h"

namespace tarn::builder {

/// An SPDX 2.3 document in JSON while it is put together. Elements are named by the model's ids.
class SpdxDocument {
 public:
  /// `created`: seconds since 1970.
  SpdxDocument(std::string name, std::int64_t created);

  void add_package(Json package) { packages_.push_back(std::move(package)); }
  void add_file(const SbomFile& file);
  /// Refers to another document under a name ("DocumentRef-" goes before it).
  void add_document(const std::string& name, const SbomDocument& document);
  /// A relation of two elements; `related` may be "DocumentRef-…:SPDXRef-…".
  void relate(std::string_view id, std::string_view type, std::string_view related);
  /// That the document describes an element.
  void describe(std::string_view id) { relate("DOCUMENT", "DESCRIBES", id); }
  void add_licenses(const LicenseReferences& licenses);

  /// The whole; its namespace is made from all the rest.
  SbomDocument finish(std::string architecture) const;

 private:
  std::string name_;
  std::int64_t created_;
  Json packages_ = Json::array();
  Json files_ = Json::array();
  Json documents_ = Json::array();
  Json licenses_ = Json::array();
  Json relations_ = Json::array();
};

/// "SPDXRef-…".
std::string spdx_reference(std::string_view id);

/// A package with what every package must have; what is not known is "NOASSERTION".
Json spdx_package(const std::string& id, const std::string& name, const std::string& version);
/// Adds how package managers name it.
void add_spdx_url(Json& package, const std::string& purl);

Json spdx_package(const SbomPackage& package);
Json spdx_package(const SbomOrigin& origin);

}  // namespace tarn::builder
