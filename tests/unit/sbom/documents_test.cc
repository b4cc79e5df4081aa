#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "builder/sbom/cyclonedx.h"
#include "builder/sbom/embedded.h"
#include "builder/sbom/package_sboms.h"
#include "builder/sbom/spdx.h"
#include "unit/sbom/document_rules.h"
#include "unit/sbom/sample_sbom.h"

using namespace tarn;
using namespace tarn::builder;
using Faults = std::vector<std::string>;

namespace {

nlohmann::json parsed(const SbomDocument& document) {
  CHECK(document.file.digest == sha256(document.file.text));
  return nlohmann::json::parse(document.file.text);
}

/// "FROM TYPE TO", without the prefixes of ids.
std::set<std::string> relations_in(const nlohmann::json& spdx) {
  std::set<std::string> relations;
  const auto bare = [](const nlohmann::json& id) {
    std::string text = id;
    return text.starts_with("SPDXRef-") ? text.substr(8) : text;
  };
  for (const auto& item : spdx["relationships"])
    relations.insert(bare(item["spdxElementId"]) + " " +
                     item["relationshipType"].get<std::string>() + " " +
                     bare(item["relatedSpdxElement"]));
  return relations;
}

const nlohmann::json& named(const nlohmann::json& list, const char* name) {
  for (const auto& item : list)
    if (item["name"] == name) return item;
  FAIL("there is no " << name);
  return list.front();
}

}  // namespace

TEST_CASE("sbom: a root is described by its database and its own files") {
  const Sbom sbom = test::sample_sbom(test::sample_root(), "x86_64");
  const SbomRoot& root = sbom.root;
  REQUIRE(root.packages.size() == 3);
  CHECK(root.packages[0].id == "Package-app---1.0-r0");
  CHECK(root.packages[0].purl ==
        "pkg:apk/alpine/app%2B%2B@1.0-r0?arch=x86_64&distro=alpine-3.19.1&origin=app");
  CHECK(root.packages[0].license == "MIT AND LicenseRef-custom");
  CHECK(root.packages[0].depends_on == std::vector<std::size_t>{1, 2});
  CHECK(root.packages[1].files == 2);
  CHECK(root.packages[1].depends_on.empty());
  CHECK(root.packages[0].origin == root.packages[1].origin);
  CHECK_FALSE(root.packages[2].origin.has_value());
  REQUIRE(root.origins.size() == 1);
  std::set<std::string> files;
  for (const SbomFile& file : root.files) files.insert(file.path);
  CHECK(files == std::set<std::string>{"etc/os-release", "srv/empty", "srv/own file",
                                       "usr/lib/apk/db/installed"});
  for (const SbomFile& file : root.files) {
    if (file.path == "srv/own file") CHECK(file.sha256 == sha256("own"));
    if (file.path == "srv/empty") CHECK(file.sha1 == sha1(""));
  }
  CHECK(root.problems.empty());
}

TEST_CASE("sbom: SPDX follows its rules and says it all") {
  const Sbom sbom = test::sample_sbom(test::sample_root(), "x86_64");
  const SbomDocument document = write_spdx(sbom);
  CHECK(document.file.media_type == "application/spdx+json");
  CHECK(document.architecture == "x86_64");
  const auto spdx = parsed(document);
  CHECK(test::spdx_faults(spdx) == Faults{});
  CHECK(spdx["documentNamespace"] == document.identity);
  CHECK(spdx["creationInfo"]["created"] == "2023-11-14T22:13:20Z");
  const auto relations = relations_in(spdx);
  for (const char* relation :
       {"DOCUMENT DESCRIBES Image", "Image CONTAINS OperatingSystem",
        "Image CONTAINS Package-shell-2-r1", "Package-app---1.0-r0 DEPENDS_ON Package-lib-x-1.0-r0",
        "Package-app---1.0-r0 DEPENDS_ON Package-shell-2-r1",
        "Package-lib-x-1.0-r0 GENERATED_FROM Source-app-1.0-r0"}) {
    CAPTURE(relation);
    CHECK(relations.contains(relation));
  }
  const auto& app = named(spdx["packages"], "app++");
  CHECK(app["supplier"] == "Person: A Person (person@example.org)");
  CHECK(app["externalRefs"][1]["referenceLocator"] == sbom.root.packages[0].package.identity.str());
  CHECK_FALSE(app.contains("checksums"));  // nobody here has seen the package's file
  CHECK(app["homepage"] == "https://example.org/app++");
  CHECK(spdx["hasExtractedLicensingInfos"].size() == 2);
  CHECK(write_spdx(test::sample_sbom(test::sample_root(), "x86_64")).file.text ==
        document.file.text);
}

TEST_CASE("sbom: the rules of the tests notice what breaks them") {
  const auto spdx = parsed(write_spdx(test::sample_sbom(test::sample_root(), "x86_64")));
  const auto faults_with = [&](const auto& change) {
    auto changed = spdx;
    change(changed);
    return test::spdx_faults(changed).size();
  };
  CHECK(faults_with([](auto& d) { d.erase("dataLicense"); }) == 1);
  CHECK(faults_with([](auto& d) { d["packages"][2]["SPDXID"] = "SPDXRef-a_b"; }) != 0);
  CHECK(faults_with([](auto& d) { d["packages"][3]["licenseDeclared"] = "GPL2+"; }) == 1);
  CHECK(faults_with([](auto& d) { d.erase("hasExtractedLicensingInfos"); }) == 2);
  CHECK(faults_with([](auto& d) { d["packages"].erase(1); }) == 1);
  CHECK(faults_with([](auto& d) { d["files"][0]["checksums"].erase(0); }) == 1);
}

TEST_CASE("sbom: CycloneDX follows its rules and says it all") {
  const SbomDocument document = write_cyclonedx(test::sample_sbom(test::sample_root(), "x86_64"));
  CHECK(document.file.media_type == "application/vnd.cyclonedx+json");
  const auto bom = parsed(document);
  CHECK(test::cyclonedx_faults(bom) == Faults{});
  CHECK(bom["serialNumber"] == document.identity);
  CHECK(bom["metadata"]["component"]["type"] == "container");
  const auto& app = named(bom["components"], "app++");
  CHECK(app["licenses"][0]["expression"] == "MIT AND LicenseRef-custom");
  CHECK(app["supplier"]["contact"][0]["email"] == "person@example.org");
  CHECK(app["pedigree"]["ancestors"][0]["name"] == "app");
  CHECK(named(bom["components"], "/srv/own file")["hashes"].size() == 2);
  for (const auto& item : bom["dependencies"])
    if (item["ref"] == "Package-app---1.0-r0")
      CHECK(item["dependsOn"] == nlohmann::json({"Package-lib-x-1.0-r0", "Package-shell-2-r1"}));
}

TEST_CASE("sbom: the document of an index refers to those of its images") {
  const Rootfs rootfs = test::sample_root();
  const Sbom amd64 = test::sample_sbom(rootfs, "x86_64");
  const Sbom arm64 = test::sample_sbom(rootfs, "aarch64");
  SbomImage index;
  index.id = "Index";
  index.name = "base:1";
  index.digest = sha256("index");
  const SbomDocument spdx[] = {write_spdx(amd64), write_spdx(arm64)};
  const ListedSbom spdx_list[] = {{amd64, spdx[0]}, {arm64, spdx[1]}};
  const auto document = parsed(write_spdx(index, spdx_list));
  CHECK(test::spdx_faults(document) == Faults{});
  CHECK(document["externalDocumentRefs"][0]["spdxDocument"] == spdx[0].identity);
  CHECK(document["externalDocumentRefs"][1]["checksum"]["checksumValue"] ==
        to_hex(sha1(spdx[1].file.text)));
  CHECK(relations_in(document).contains("Image-x86-64 COPY_OF DocumentRef-x86-64:SPDXRef-Image"));

  const SbomDocument cyclonedx[] = {write_cyclonedx(amd64), write_cyclonedx(arm64)};
  const ListedSbom cyclonedx_list[] = {{amd64, cyclonedx[0]}, {arm64, cyclonedx[1]}};
  const auto bom = parsed(write_cyclonedx(index, cyclonedx_list));
  CHECK(test::cyclonedx_faults(bom) == Faults{});
  CHECK(bom["components"][1]["externalReferences"][0]["url"] ==
        "urn:cdx:" + cyclonedx[1].identity.substr(9) + "/1#Image");
}

TEST_CASE("sbom: what packages bring is merged, without a package twice") {
  Rootfs rootfs = test::sample_root();
  rootfs.write_file("var/lib/db/sbom/lib_x-1.0-r0.spdx.json", test::embedded_document, Owner{});
  rootfs.write_file("var/lib/db/sbom/more.spdx.json", test::embedded_document, Owner{});
  rootfs.write_file("var/lib/db/sbom/none.spdx.json", "{", Owner{});
  rootfs.write_file("var/lib/db/sbom/list.spdx.json", "[]", Owner{});
  rootfs.write_file("var/lib/db/sbom/other.spdx.json", "{\"spdxVersion\": \"SPDX-3.0\"}", Owner{});
  rootfs.write_file("var/lib/db/sbom/readme", "no SBOM", Owner{});
  const Sbom sbom = test::sample_sbom(rootfs, "x86_64");
  CHECK(sbom.root.packages.size() == 3);
  REQUIRE(sbom.root.embedded.size() == 1);
  const EmbeddedPackage& package = sbom.root.embedded[0];
  CHECK(package.name == "x");
  CHECK(package.purl == "pkg:github/x/x@v1.0");
  CHECK(package.supplier == "Organization: X");
  CHECK(package.originator.empty());
  CHECK(package.license_declared == "LicenseRef-x OR MIT");
  CHECK(package.license_concluded == "NOASSERTION");
  CHECK(package.checksums.size() == 1);
  const std::vector<SbomRelation> relations = {
      {"Package-lib-x-1.0-r0", "GENERATED_FROM", package.id}};
  CHECK(sbom.root.relations == relations);
  REQUIRE(sbom.root.problems.size() == 3);
  CHECK(sbom.root.problems[0] ==
        "var/lib/db/sbom/list.spdx.json is left out: it is no JSON object");
  const auto spdx = parsed(write_spdx(sbom));
  CHECK(test::spdx_faults(spdx) == Faults{});
  CHECK(relations_in(spdx).contains("Package-lib-x-1.0-r0 GENERATED_FROM Embedded-x-v1.0"));
  const auto bom = parsed(write_cyclonedx(sbom));
  CHECK(test::cyclonedx_faults(bom) == Faults{});
  CHECK(named(bom["components"], "lib_x")["properties"].back()["name"] ==
        "tarn:relation:GENERATED_FROM");
}

TEST_CASE("sbom: documents in an image follow the rules, and tell nothing new when merged") {
  Rootfs rootfs = test::sample_root();
  const auto installed = apk::parse_installed(*rootfs.read_file("lib/apk/db/installed"), "db");
  const Sbom before = test::sample_sbom(rootfs, "x86_64");
  rootfs.write_file("var/lib/db/sbom/shell-2-r1.spdx.json", test::embedded_document, Owner{1});
  write_package_sboms(rootfs, installed, 1'700'000'000);
  CHECK(rootfs.read_file("var/lib/db/sbom/shell-2-r1.spdx.json") == test::embedded_document);
  for (const char* label : {"app++-1.0-r0", "lib_x-1.0-r0"}) {
    CAPTURE(label);
    const auto text = rootfs.read_file(std::string("var/lib/db/sbom/") + label + ".spdx.json");
    REQUIRE(text.has_value());
    CHECK(test::spdx_faults(nlohmann::json::parse(*text)) == Faults{});
  }
  rootfs.remove("var/lib/db/sbom/shell-2-r1.spdx.json");
  const Sbom after = test::sample_sbom(rootfs, "x86_64");
  CHECK(after.root.embedded.empty());
  CHECK(after.root.relations.empty());
  CHECK(after.root.files.size() == before.root.files.size() + 2);
  // Without a database the packages are still known by what was written.
  rootfs.remove("usr/lib/apk");
  const Sbom without = test::sample_sbom(rootfs, "x86_64");
  CHECK(without.root.packages.empty());
  CHECK(std::ranges::count_if(without.root.embedded, [](const EmbeddedPackage& package) {
          return package.purl.starts_with("pkg:apk/");
        }) == 2);
  CHECK(test::spdx_faults(parsed(write_spdx(without))) == Faults{});
}

TEST_CASE("sbom: hostile texts in a database give documents that can be read") {
  apk::InstalledPackage odd = test::installed("odd", "1", "(((", "odd");
  odd.package.description = "\xff\xfe";
  odd.package.url = "javascript:alert(1)";
  odd.package.maintainer = "\"<script>";
  odd.package.build_time = 1LL << 60;
  apk::InstalledPackage twin = odd;
  const apk::InstalledPackage all[] = {odd, twin};
  Rootfs rootfs;
  rootfs.write_file("lib/apk/db/installed", apk::installed_text(all), Owner{});
  const Sbom sbom = test::sample_sbom(rootfs, "x86_64");
  CHECK(test::spdx_faults(parsed(write_spdx(sbom))) == Faults{});
  CHECK(test::cyclonedx_faults(parsed(write_cyclonedx(sbom))) == Faults{});
}
