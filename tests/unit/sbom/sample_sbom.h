#pragma once

#include <memory>
#include <string>

#include "apk/database/installed.h"
#include "builder/rootfs/rootfs.h"
#include "builder/sbom/document.h"
#include "builder/sbom/sbom.h"

namespace tarn::test {

/// A package for a database.
inline apk::InstalledPackage installed(const std::string& name, const std::string& version,
                                       const std::string& license, const std::string& origin) {
  apk::InstalledPackage package;
  package.package.name = name;
  package.package.version = version;
  package.package.arch = "x86_64";
  package.package.license = license;
  package.package.origin = origin;
  package.package.identity.digest = sha1(name);
  package.package.maintainer = "A Person <person@example.org>";
  package.package.url = "https://example.org/" + name;
  package.package.description = "what " + name + " is";
  package.package.build_time = 1'700'000'000;
  package.package.commit = "c0ffee";
  return package;
}

/// A root with a database of three packages: "app++" needs a library and a shell, "lib_x" is built
/// from the same source, "shell" provides the shell; and with files that belong to none of them.
inline builder::Rootfs sample_root() {
  using namespace builder;
  apk::InstalledPackage app = installed("app++", "1.0-r0", "MIT AND custom", "app");
  app.package.depends.push_back(*apk::Dependency::parse("so:libx.so.1"));
  app.package.depends.push_back(*apk::Dependency::parse("/bin/sh"));
  app.package.depends.push_back(*apk::Dependency::parse("!other"));
  apk::InstalledPackage lib = installed("lib_x", "1.0-r0", "GPL2+", "app");
  lib.package.provides.push_back(*apk::Provide::parse("so:libx.so.1=1.2"));
  apk::InstalledPackage shell = installed("shell", "2-r1", "Apache-2.0", "");
  shell.package.provides.push_back(*apk::Provide::parse("/bin/sh"));
  app.directories.push_back({"usr/bin", {}, {{"app", {}, {}}}});
  // The folder is a link in the end.
  lib.directories.push_back({"lib", {}, {{"libx.so.1", {}, {}}, {"pruned", {}, {}}}});
  const apk::InstalledPackage all[] = {app, lib, shell};

  Rootfs rootfs;
  rootfs.make_directories("usr/lib", Owner{});
  auto link = std::make_shared<Node>();
  link->type = NodeType::symlink;
  link->target = "usr/lib";
  rootfs.put("lib", {link, Owner{}});
  rootfs.write_file("lib/apk/db/installed", apk::installed_text(all), Owner{});
  rootfs.write_file("usr/bin/app", "the app", Owner{});
  rootfs.write_file("lib/libx.so.1", "the library", Owner{});
  rootfs.write_file("etc/os-release",
                    "ID=alpine\nVERSION_ID=3.19.1\nPRETTY_NAME=\"Alpine Linux v3.19\"\n", Owner{});
  rootfs.write_file("srv/own file", "own", Owner{});
  rootfs.write_file("srv/empty", "", Owner{});
  return rootfs;
}

inline builder::Sbom sample_sbom(const builder::Rootfs& rootfs, const std::string& architecture) {
  using namespace builder;
  ElementIds ids;
  Sbom sbom;
  sbom.architecture = *apk::Architecture::parse(architecture);
  sbom.image.id = ids.take("Image");
  sbom.image.name = "base:1";
  sbom.image.digest = sha256(architecture);
  sbom.image.platform = sbom.architecture.platform();
  sbom.image.purl = image_url(sbom.image.name, sbom.image.digest, sbom.architecture.oci);
  sbom.image.created = 1'700'000'000;
  sbom.layers.push_back({ids.take("Layer-" + to_hex(sha256("layer"))), sha256("layer"),
                         sha256("tar"), 10, 20, "application/vnd.oci.image.layer.v1.tar+gzip"});
  sbom.root = describe_root(rootfs, ids);
  return sbom;
}

/// What a package with its own SBOM brings.
inline const char* embedded_document = R"({
  "spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "lib_x",
  "packages": [
    {"SPDXID": "SPDXRef-Package-1", "name": "lib_x", "versionInfo": "1.0-r0",
     "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                       "referenceLocator": "pkg:apk/alpine/lib_x@1.0-r0?arch=x86_64"}]},
    {"SPDXID": "SPDXRef-Package-2", "name": "x", "versionInfo": "v1.0",
     "downloadLocation": "https://example.org/x.tar.gz", "licenseDeclared": "LicenseRef-x OR MIT",
     "licenseConcluded": "nonsense here", "supplier": "Organization: X", "originator": "X",
     "checksums": [{"algorithm": "SHA1", "checksumValue": "0123456789012345678901234567890123456789"},
                   {"algorithm": "SHA256", "checksumValue": "01"}],
     "externalRefs": [{"referenceType": "purl", "referenceLocator": "pkg:github/x/x@v1.0"}]},
    {"SPDXID": "SPDXRef-OS", "name": "alpine", "versionInfo": "3.19.1",
     "primaryPackagePurpose": "OPERATING-SYSTEM"},
    {"SPDXID": "SPDXRef-App", "name": "app", "versionInfo": "1.0-r0",
     "primaryPackagePurpose": "SOURCE"},
    {"name": "without an id"}, 7
  ],
  "hasExtractedLicensingInfos": [{"licenseId": "LicenseRef-x", "extractedText": "GPL2 plus"}],
  "relationships": [
    {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES",
     "relatedSpdxElement": "SPDXRef-Package-1"},
    {"spdxElementId": "SPDXRef-Package-1", "relationshipType": "GENERATED_FROM",
     "relatedSpdxElement": "SPDXRef-Package-2"},
    {"spdxElementId": "SPDXRef-Package-1", "relationshipType": "GENERATED_FROM",
     "relatedSpdxElement": "SPDXRef-App"},
    {"spdxElementId": "SPDXRef-Package-2", "relationshipType": "NO_SUCH_TYPE",
     "relatedSpdxElement": "SPDXRef-Package-1"},
    {"spdxElementId": "SPDXRef-Package-2", "relationshipType": "CONTAINS",
     "relatedSpdxElement": "SPDXRef-File-9"}
  ]
})";

}  // namespace tarn::test
