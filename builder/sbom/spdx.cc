#include "builder/sbom/spdx.h"

#include <fmt/core.h>

#include "builder/image/json.h"
#include "builder/sbom/spdx_document.h"
#include "builder/sbom/text.h"

namespace tarn::builder {
namespace {

Json sha256_checksum(const Sha256Digest& digest) {
  return Json::array({{{"algorithm", "SHA256"}, {"checksumValue", to_hex(digest)}}});
}

std::string name_of(const SbomImage& image) {
  return image.name.empty() ? digest_text(image.digest) : image.name;
}

Json image_package(const SbomImage& image, const std::string& comment) {
  Json package = spdx_package(image.id, name_of(image), digest_text(image.digest));
  package["primaryPackagePurpose"] = "CONTAINER";
  package["checksums"] = sha256_checksum(image.digest);
  package["comment"] = comment;
  add_spdx_url(package, image.purl);
  return package;
}

Json layer_package(const SbomLayer& layer) {
  Json package = spdx_package(layer.id, digest_text(layer.digest), digest_text(layer.digest));
  package["primaryPackagePurpose"] = "ARCHIVE";
  package["checksums"] = sha256_checksum(layer.digest);
  package["comment"] =
      fmt::format("a layer of type {}: {} octets; its tar has {} octets and the digest {}",
                  layer.media_type, layer.size, layer.unpacked_size, digest_text(layer.diff_id));
  return package;
}

Json distribution_package(const SbomRoot& root) {
  const Distribution& distribution = root.distribution;
  Json package = spdx_package(root.distribution_id, distribution.id, distribution.version);
  package["primaryPackagePurpose"] = "OPERATING-SYSTEM";
  if (!distribution.pretty_name.empty()) package["description"] = distribution.pretty_name;
  return package;
}

Json embedded_package(const EmbeddedPackage& embedded) {
  Json package = spdx_package(embedded.id, embedded.name, embedded.version);
  const auto put = [&package](const char* key, const std::string& text) {
    if (!text.empty()) package[key] = text;
  };
  put("supplier", embedded.supplier);
  put("originator", embedded.originator);
  put("downloadLocation", embedded.download_location);
  put("licenseDeclared", embedded.license_declared);
  put("licenseConcluded", embedded.license_concluded);
  put("copyrightText", embedded.copyright);
  put("description", embedded.description);
  put("homepage", is_web_address(embedded.homepage) ? embedded.homepage : std::string());
  put("primaryPackagePurpose", embedded.purpose);
  for (const SbomChecksum& checksum : embedded.checksums)
    package["checksums"].push_back(
        {{"algorithm", checksum.algorithm}, {"checksumValue", checksum.value}});
  add_spdx_url(package, embedded.purl);
  if (!embedded.cpe.empty())
    package["externalRefs"].push_back({{"referenceCategory", "SECURITY"},
                                       {"referenceType", "cpe23Type"},
                                       {"referenceLocator", embedded.cpe}});
  return package;
}

void add_elements(SpdxDocument& document, const Sbom& sbom) {
  const SbomRoot& root = sbom.root;
  document.add_package(image_package(sbom.image, "the image for " + sbom.image.platform));
  for (const SbomLayer& layer : sbom.layers) document.add_package(layer_package(layer));
  document.add_package(distribution_package(root));
  for (const SbomPackage& package : root.packages) document.add_package(spdx_package(package));
  for (const SbomOrigin& origin : root.origins) document.add_package(spdx_package(origin));
  for (const EmbeddedPackage& package : root.embedded)
    document.add_package(embedded_package(package));
  for (const SbomFile& file : root.files) document.add_file(file);
}

void relate_elements(SpdxDocument& document, const Sbom& sbom) {
  const SbomRoot& root = sbom.root;
  const auto contain = [&](const std::string& id) {
    document.relate(sbom.image.id, "CONTAINS", id);
  };
  document.describe(sbom.image.id);
  for (const SbomLayer& layer : sbom.layers) contain(layer.id);
  contain(root.distribution_id);
  for (const SbomPackage& package : root.packages) contain(package.id);
  for (const SbomFile& file : root.files) contain(file.id);
  for (const SbomPackage& package : root.packages) {
    for (const std::size_t needed : package.depends_on)
      document.relate(package.id, "DEPENDS_ON", root.packages[needed].id);
    if (package.origin)
      document.relate(package.id, "GENERATED_FROM", root.origins[*package.origin].id);
  }
  for (const auto& [from, type, to] : root.relations) document.relate(from, type, to);
}

}  // namespace

SbomDocument write_spdx(const Sbom& sbom) {
  SpdxDocument document(name_of(sbom.image), sbom.image.created);
  add_elements(document, sbom);
  document.add_licenses(sbom.root.licenses);
  relate_elements(document, sbom);
  return document.finish(sbom.architecture.apk);
}

SbomDocument write_spdx(const SbomImage& index, std::span<const ListedSbom> images) {
  SpdxDocument document(name_of(index), index.created);
  document.add_package(image_package(index, "an index over images for several platforms"));
  document.describe(index.id);
  for (const auto& [sbom, written] : images) {
    const std::string name = plain_text(sbom.architecture.apk);
    SbomImage image = sbom.image;
    image.id += "-" + name;
    document.add_document(name, written);
    document.add_package(image_package(image, "the image for " + image.platform));
    document.relate(index.id, "CONTAINS", image.id);
    document.relate(image.id, "VARIANT_OF", index.id);
    document.relate(image.id, "COPY_OF",
                    fmt::format("DocumentRef-{}:{}", name, spdx_reference(sbom.image.id)));
  }
  return document.finish({});
}

SbomDocument write_spdx(const SbomPackage& package, const SbomRoot& root, std::int64_t created) {
  SpdxDocument document(package.package.label(), created);
  document.add_package(spdx_package(package));
  document.describe(package.id);
  if (package.origin) {
    document.add_package(spdx_package(root.origins[*package.origin]));
    document.relate(package.id, "GENERATED_FROM", root.origins[*package.origin].id);
  }
  document.add_licenses(root.licenses);
  return document.finish(package.package.arch);
}

}  // namespace tarn::builder
