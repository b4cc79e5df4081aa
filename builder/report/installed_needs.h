#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "apk/database/installed.h"
#include "apk/model/dependency.h"

namespace tarn::builder {

/// A package that world asks for, and what is there because of it alone: what it dominates in the
/// graph of needs.
struct TopLevelPackage {
  std::size_t package = 0;         ///< its number
  std::vector<std::size_t> alone;  ///< what would go with its lines of world, by number; it need
                                   ///< not be among them: others may need it as well
};

/// Who needs whom among the packages of an image, by what its database says. Packages are numbered
/// as they are given.
class InstalledNeeds {
 public:
  explicit InstalledNeeds(std::span<const apk::InstalledPackage> packages);

  /// Those that satisfy a dependency: the package that has the name with a version, its own name or
  /// one that it provides; else all that provide it without. None for a conflict.
  std::vector<std::size_t> answers(const apk::Dependency& dependency) const;

  /// What world needs: of several that provide a name one that is needed anyway, else the one of
  /// the highest priority, the first one of these; and what has an install_if that holds.
  std::vector<bool> needed_by(std::span<const apk::Dependency> world) const;

  /// The packages that answer world, by number. One that several lines ask for goes with all of
  /// them; a line that several packages answer counts for the one that needed_by() takes.
  std::vector<TopLevelPackage> top_level(std::span<const apk::Dependency> world) const;

 private:
  /// Who has a name.
  struct Holders {
    std::vector<std::size_t> with_version;
    std::vector<std::size_t> without;
  };
  using Answers = std::vector<std::size_t>;
  class Walk;

  Answers find_answers(std::span<const std::size_t> holders,
                       const apk::Dependency& dependency) const;
  std::vector<Answers> answers_of(std::span<const apk::Dependency> world) const;
  std::size_t choose(const Answers& answers, const std::vector<bool>& present) const;

  std::span<const apk::InstalledPackage> packages_;
  std::map<std::string, Holders, std::less<>> holders_;
  std::vector<std::vector<Answers>> needs_;       ///< of each package those of its dependencies
  std::vector<std::vector<Answers>> conditions_;  ///< of its install_if
  std::vector<std::size_t> conditional_;          ///< the packages that have one
};

}  // namespace tarn::builder
