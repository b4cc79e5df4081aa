#include "apk/solver/remedy.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "apk/model/version.h"

namespace tarn::apk {
namespace {

constexpr std::size_t kMostProviders = 4;

/// "1.28" of "1.28.0-r3": what stays while a package is only repaired.
std::string_view series_of(std::string_view version) {
  const std::size_t first = version.find_first_not_of("0123456789");
  if (first == std::string_view::npos || version[first] != '.') return version.substr(0, first);
  return version.substr(0, version.find_first_not_of("0123456789", first + 1));
}

std::string_view without_revision(std::string_view version) {
  return version.substr(0, version.rfind("-r"));
}

/// Of the packages that may be installed.
std::string_view newest_version(const Universe& universe, NameId name) {
  std::string_view newest;
  for (const Provider& provider : universe.providers(name)) {
    if (provider.is_virtual() || !universe.is_installable(provider.package)) continue;
    if (newest.empty() || compare_versions(provider.version, newest) > 0) {
      newest = provider.version;
    }
  }
  return newest;
}

class RemedySearch {
 public:
  RemedySearch(Problem& cause, const std::vector<Dependency>& world, std::size_t problem_count,
               Trials& trials)
      : cause_(cause), world_(world), problem_count_(problem_count), trials_(trials) {}

  void run();

 private:
  bool add(const Dependency& entry, const std::optional<Dependency>& instead_of);
  bool helps(const WorldEdit& edit);
  void relax(const Dependency& entry);
  void name_providers();
  void allow_tag();
  void correct_name();
  void drop_tag();

  Problem& cause_;
  const std::vector<Dependency>& world_;
  std::size_t problem_count_;
  Trials& trials_;
};

void RemedySearch::run() {
  switch (cause_.kind) {
    case ProblemKind::wrong_version:
      for (const auto* list : {&cause_.violated, &cause_.required_by}) {
        for (const Requirer& requirer : *list) {
          if (requirer.package.empty() && cause_.remedies.empty()) relax(requirer.dependency);
        }
      }
      break;
    case ProblemKind::virtual_name:
      name_providers();
      break;
    case ProblemKind::masked_tag:
      allow_tag();
      break;
    case ProblemKind::missing_name:
      correct_name();
      break;
    case ProblemKind::missing_tag:
      drop_tag();
      break;
    default:
      break;
  }
}

bool RemedySearch::helps(const WorldEdit& edit) {
  if (!trials_.any_left()) return false;
  const auto left = trials_.problems(edited(world_, edit));
  return left.size() < problem_count_ &&
         std::none_of(left.begin(), left.end(),
                      [&](const Problem& other) { return is_same_problem(other, cause_); });
}

bool RemedySearch::add(const Dependency& entry, const std::optional<Dependency>& instead_of) {
  WorldEdit edit{entry, instead_of};
  if (!helps(edit)) return false;
  cause_.remedies.push_back(std::move(edit));
  return true;
}

/// Other conditions on the version: a later revision, the newest one's series, none at all.
void RemedySearch::relax(const Dependency& entry) {
  const auto name = trials_.universe().find(entry.name);
  if (entry.conflict || !name || entry.match == VersionMatch::any) return;
  // Of two entries for a name one may go; no need for a third.
  if (std::count_if(world_.begin(), world_.end(),
                    [&](const Dependency& other) { return other.name == entry.name; }) > 1) {
    return;
  }
  std::vector<Dependency> proposals;
  const auto propose = [&](VersionMatch match, std::string_view version) {
    Dependency proposal = entry;
    proposal.match = match;
    proposal.version = version;
    for (const Provider& provider : trials_.universe().providers(*name)) {
      if (provider.is_virtual() ||
          !proposal.is_satisfied_by(provider.version,
                                    trials_.universe().identity(provider.package))) {
        continue;
      }
      proposals.push_back(std::move(proposal));
      return;
    }
  };
  if (entry.match == VersionMatch::equal) {
    propose(VersionMatch::fuzzy, without_revision(entry.version));
    if (proposals.empty()) propose(VersionMatch::fuzzy, series_of(entry.version));
  }
  if (entry.match == VersionMatch::equal || entry.match == VersionMatch::fuzzy) {
    const auto newest = newest_version(trials_.universe(), *name);
    if (proposals.empty() && !newest.empty()) propose(VersionMatch::fuzzy, series_of(newest));
  }
  propose(VersionMatch::any, {});
  for (const Dependency& proposal : proposals) {
    if (add(proposal, entry)) return;
  }
}

/// A provider's own name, for a name that many may provide.
void RemedySearch::name_providers() {
  const Universe& universe = trials_.universe();
  const auto name = universe.find(cause_.name);
  if (!name) return;
  std::optional<Dependency> direct;
  for (const Requirer& requirer : cause_.required_by) {
    if (requirer.package.empty()) direct = requirer.dependency;
  }
  std::size_t tried = 0;
  for (const std::string& label : cause_.candidates) {
    for (const Provider& provider : universe.providers(*name)) {
      if (tried == kMostProviders || universe.label(provider.package) != label) continue;
      ++tried;
      Dependency entry;
      entry.name = universe.text(universe.name_of(provider.package));
      add(entry, direct);
      break;
    }
  }
}

void RemedySearch::allow_tag() {
  const std::string tag = cause_.reason.substr(1, cause_.reason.find(' ') - 1);
  for (const Requirer& requirer : cause_.required_by) {
    if (!requirer.world.tag.empty()) continue;
    Dependency entry = requirer.world;
    entry.tag = tag;
    if (add(entry, requirer.world)) return;
  }
}

void RemedySearch::correct_name() {
  if (cause_.suggestions.empty()) return;
  for (const Requirer& requirer : cause_.required_by) {
    if (!requirer.package.empty()) continue;
    Dependency entry;
    entry.name = cause_.suggestions.front().name;
    entry.tag = requirer.dependency.tag;
    if (add(entry, requirer.dependency)) return;
  }
}

void RemedySearch::drop_tag() {
  for (const Requirer& requirer : cause_.required_by) {
    Dependency entry = requirer.dependency;
    entry.tag.clear();
    if (add(entry, requirer.dependency)) return;
  }
}

}  // namespace

void add_remedies(Problem& cause, const std::vector<Dependency>& world, std::size_t problem_count,
                  Trials& trials) {
  RemedySearch(cause, world, problem_count, trials).run();
}

}  // namespace tarn::apk
