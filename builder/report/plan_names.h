#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "apk/model/repository.h"
#include "apk/solver/choice.h"
#include "apk/solver/selection.h"
#include "builder/report/plan_graph.h"
#include "builder/report/symbols.h"

namespace tarn::builder {

/// What a person calls the things in and around a plan.
class PlanNames {
 public:
  /// `origins`: where each entry of the selection's world is written. All must outlive it.
  PlanNames(const apk::Selection& selection, const std::vector<std::string>& origins,
            const std::vector<apk::Repository>& repositories)
      : selection_(selection), origins_(origins), repositories_(repositories) {}

  /// "v3.22/main", "edge/testing @edge": the first repository that has it.
  std::string repository(apk::PackageId id) const;
  /// "curl-8.5.0-r0".
  std::string label(apk::PackageId id) const;
  /// "curl-8.5.0-r0 (v3.22/main)".
  std::string placed_label(apk::PackageId id) const;
  /// "curl-8.5.0-r0 (v3.22/main): URL retrieval utility and library".
  std::string headline(apk::PackageId id) const;
  /// "recipe.yaml:4:15 (nginx)" for world, "nginx-1.28.0-r3 (so:libz.so.1)" for a package.
  std::string requirer(apk::PackageId by, const apk::Dependency& dependency) const;
  /// Why `rival` was not chosen instead of `chosen`: "lower version".
  std::string loss(const apk::Rival& rival, apk::PackageId chosen) const;
  /// Why a package cannot be had: "built for armhf".
  std::string obstacle(apk::PackageId id, const apk::Loss& loss) const;

 private:
  std::string lower_version(const apk::Rival& rival, apk::PackageId chosen) const;
  std::string unsatisfied(const apk::Loss& loss) const;

  const apk::Selection& selection_;
  const std::vector<std::string>& origins_;
  const std::vector<apk::Repository>& repositories_;
};

/// "so:libssl.so.3, so:libcrypto.so.3 and 2 more".
std::string joined(const std::vector<std::string>& texts, std::size_t most);
/// A dependency as a person writes it.
std::vector<std::string> texts_of(const std::vector<apk::Dependency>& dependencies);

}  // namespace tarn::builder
