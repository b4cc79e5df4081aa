#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "apk/model/repository.h"
#include "apk/support/hash.h"
#include "builder/image/image.h"
#include "builder/lock/lock.h"

namespace tarn::builder {

/// The media type of a statement (in-toto attestation framework 1.0).
inline constexpr const char* statement_type = "application/vnd.in-toto+json";
/// What a statement about a build says (SLSA provenance 1).
inline constexpr const char* provenance_type = "https://slsa.dev/provenance/v1";
/// What the members of such a statement mean: docs/provenance.md.
inline constexpr const char* build_type = "https://tarn.invalid/provenance/build/v1";
/// Who is named as the builder where the person names none.
inline constexpr const char* default_builder = "https://tarn.invalid/builder";

/// A manifest or index that came of a build.
struct ProvenanceSubject {
  std::string name;      ///< a package URL
  Sha256Digest digest;   ///< of the manifest or index
  std::string platform;  ///< "linux/amd64"; empty: the index
};

/// A build: what it was asked for, and what it was made of.
struct Provenance {
  std::vector<ProvenanceSubject> subjects;  ///< as they are listed
  std::string recipe;                       ///< file name, "base.yaml"
  std::string variant;                      ///< may be empty
  RecipeFacts facts;                        ///< the recipe's, as it was built
  std::vector<std::string> architectures;   ///< apk's names
  std::map<std::string, std::string> annotations;
  std::optional<std::int64_t> source_date_epoch;
  bool has_package_sboms = false;
  bool has_docker_types = false;
  /// What it was built from; its other architectures are left out.
  const Lock& lock;
  std::string lock_file;                      ///< file name; empty: made for this build alone
  std::vector<apk::Repository> repositories;  ///< as written: the lock's, in its order
  std::string base_image;                     ///< as the recipe names it; empty: none
  std::string builder = default_builder;
};

/// The statement: a function of the build, without times or names of machines.
JsonBlob write_provenance(const Provenance& build);

}  // namespace tarn::builder
