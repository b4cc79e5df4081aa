#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "apk/solver/unsatisfiable.h"

namespace tarn::apk {

/// How explanations call the things they speak of.
class Wording {
 public:
  /// The facts must outlive it.
  explicit Wording(const UnsatisfiableError::Facts& facts) : facts_(facts) {}

  /// World itself: "the recipe", where it is known to be one.
  std::string world() const;
  /// An entry of world to act upon: "'nginx' (recipe.yaml:9)".
  std::string entry(const Dependency& entry) const;
  /// Who requires something, from world on: "recipe.yaml:9 -> a-1 -> b-1 (c>2)". A constraint that
  /// is `known` already is not repeated.
  std::string requirer(const Requirer& requirer, const std::string& known) const;
  std::string repository(std::size_t number) const;
  /// ", perhaps v3.22/community", where of Alpine's two repositories only main is used.
  std::string likely_repository() const;
  /// "x86_64".
  std::string architecture() const;

 private:
  std::string place(const Dependency& entry, const std::string& known) const;

  const UnsatisfiableError::Facts& facts_;
};

/// "a, b and 3 more".
std::string joined(const std::vector<std::string>& texts, std::size_t most);

/// "a", "a or b", "a, b or c".
std::string alternatives(const std::vector<std::string>& texts);

/// What may have been meant by a name.
std::string suggestion_list(const Problem& problem);

}  // namespace tarn::apk
