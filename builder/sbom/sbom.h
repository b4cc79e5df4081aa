#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "apk/database/installed.h"
#include "apk/model/architecture.h"
#include "apk/model/package.h"
#include "apk/support/hash.h"
#include "builder/rootfs/rootfs.h"
#include "builder/sbom/distribution.h"
#include "builder/sbom/element_ids.h"
#include "builder/sbom/license_expression.h"

namespace tarn::builder {

/// The elements of an SBOM. `id` names each in a document, in every format.

/// A package that the root's database lists.
struct SbomPackage {
  std::string id;
  apk::Package package;
  std::string purl;
  std::string license;  ///< an expression, or "NOASSERTION"
  std::size_t files = 0;
  std::vector<std::size_t> depends_on{};  ///< the packages that give what it needs; ascending
  std::optional<std::size_t> origin{};    ///< the source package it was built from
};

/// A source package.
struct SbomOrigin {
  std::string id;
  std::string name;
  std::string version;
};

/// A file that no package owns.
struct SbomFile {
  std::string id;
  std::string path;  ///< without a leading '/'
  Sha1Digest sha1;
  Sha256Digest sha256;
  std::uint64_t size = 0;
};

/// A checksum by its name in SPDX ("SHA256"), in lower-case hexadecimal.
struct SbomChecksum {
  std::string algorithm;
  std::string value;
};

/// A package that only an SBOM in the root speaks of.
struct EmbeddedPackage {
  std::string id;
  std::string name;
  std::string version;  ///< this and the following may be empty
  std::string purl;
  std::string cpe;
  std::string purpose;  ///< one of SPDX's primary package purposes
  std::string description;
  std::string homepage;
  std::string download_location;
  std::string supplier;  ///< "Person: …" or "Organization: …"
  std::string originator;
  std::string license_declared = no_assertion;
  std::string license_concluded = no_assertion;
  std::string copyright{};
  std::vector<SbomChecksum> checksums{};
};

/// What an SBOM in the root says of two elements: a relationship type of SPDX 2.3 between ids.
struct SbomRelation {
  std::string from;
  std::string type;
  std::string to;
  auto operator<=>(const SbomRelation&) const = default;
};

/// Everything that can be said of a root.
struct SbomRoot {
  Distribution distribution;
  std::string distribution_id;  ///< the element
  std::vector<SbomPackage> packages;
  std::vector<SbomOrigin> origins;
  std::vector<SbomFile> files;
  std::vector<EmbeddedPackage> embedded;
  std::vector<SbomRelation> relations;
  LicenseReferences licenses;
  /// What could not be taken over, as lines for the person.
  std::vector<std::string> problems;
};

/// A layer of an image.
struct SbomLayer {
  std::string id;
  Sha256Digest digest;
  Sha256Digest diff_id;
  std::uint64_t size = 0;           ///< octets of the blob
  std::uint64_t unpacked_size = 0;  ///< octets of its tar
  std::string media_type;
};

/// How an image is known.
struct SbomImage {
  std::string id;
  std::string name;  ///< a reference as people write it; may be empty
  Sha256Digest digest;
  std::string platform;  ///< "linux/arm64"; empty for an index
  std::string purl;
  std::int64_t created = 0;  ///< seconds since 1970
};

/// An image of one architecture: what all formats are written from.
struct Sbom {
  SbomImage image;
  apk::Architecture architecture;
  std::vector<SbomLayer> layers;
  SbomRoot root;
};

/// The package URL of an Alpine package: pkg:apk/DISTRIBUTION/NAME@VERSION with its architecture,
/// the distribution with its version, and its origin where that has another name.
std::string package_url(const apk::Package& package, const Distribution& distribution);

/// The package URL of an image: pkg:oci/NAME@DIGEST. Empty without a name.
std::string image_url(const std::string& name, const Sha256Digest& digest,
                      const std::string& architecture);

/// The packages with their origins and who needs whom, as the root's database tells it. Takes ids.
void describe_packages(std::span<const apk::InstalledPackage> installed, SbomRoot& root,
                       ElementIds& ids);

/// Describes a root by what lies in it: its database, its os-release, its files and the SBOMs that
/// its packages brought. Throws Error (failed) for a damaged database.
SbomRoot describe_root(const Rootfs& rootfs, ElementIds& ids);

}  // namespace tarn::builder
