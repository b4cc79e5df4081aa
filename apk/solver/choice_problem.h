#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "apk/solver/universe.h"

namespace tarn::apk {

/// A package that may be chosen, as a number within a ChoiceProblem.
using Choice = std::uint32_t;
constexpr Choice kNoChoice = UINT32_MAX;

/// At least one of `choices` has to be chosen, if `by` is. Best-liked choices come first.
struct Requirement {
  Choice by = kNoChoice;  ///< kNoChoice: world
  std::uint32_t first = 0;
  std::uint32_t count = 0;
};

/// A world as a question of logic: which of the packages that it can lead to shall be chosen, so
/// that all requirements hold and none excludes another.
class ChoiceProblem {
 public:
  /// `steps` grows with the work done; building ends when it exceeds `most_steps`.
  ChoiceProblem(Universe& universe, const std::vector<Dependency>& world, Mask repositories,
                std::size_t most_steps, std::size_t& steps);

  /// Whether it was built to the end.
  bool is_whole() const { return is_whole_; }
  std::size_t size() const { return packages_.size(); }
  PackageId package(Choice choice) const { return packages_[choice]; }
  /// World's requirements come first.
  const std::vector<Requirement>& requirements() const { return requirements_; }
  std::span<const Choice> choices(const Requirement& requirement) const {
    return std::span(choices_).subspan(requirement.first, requirement.count);
  }
  /// Numbers of the requirements that world has (kNoChoice) or a choice.
  std::span<const std::uint32_t> requirements_of(Choice choice) const;
  /// Choices that cannot stand beside `choice`: not more than `most` of them.
  std::vector<Choice> excluded_by(Choice choice, std::size_t most) const;
  /// Choices that can never be made.
  const std::vector<Choice>& impossible() const { return impossible_; }

 private:
  struct Reached {
    Mask tags = 0;
    Choice choice = kNoChoice;
  };

  bool step(std::size_t count = 1);
  void reach_all();
  void reach_providers(const Need& need, Mask tags);
  bool is_usable(PackageId id) const;
  void require(Choice by, const Need& need);
  void forbid(Choice by, const Need& need);
  void link();

  Universe& universe_;
  Mask repositories_;
  std::size_t most_steps_;
  std::size_t& steps_;
  bool is_whole_ = true;
  std::vector<Reached> reached_;  ///< by package
  std::vector<PackageId> queue_;
  std::vector<PackageId> packages_;  ///< by choice
  std::vector<Requirement> requirements_;
  std::vector<Choice> choices_;
  std::vector<std::pair<Choice, Choice>> forbidden_;  ///< both ways
  std::vector<std::uint32_t> first_forbidden_;        ///< by choice; one more at the end
  std::vector<std::uint32_t> first_requirement_;      ///< by choice, world first; one more
  std::vector<std::uint32_t> requirement_numbers_;
  std::vector<Choice> impossible_;
};

}  // namespace tarn::apk
