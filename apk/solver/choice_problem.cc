#include "apk/solver/choice_problem.h"

#include <algorithm>
#include <bit>
#include <numeric>

#include "apk/model/version.h"

namespace tarn::apk {
namespace {

/// What apk prefers among providers of a name before it knows of any decision.
bool is_liked_better(const Universe& universe, const Provider& a, const Provider& b) {
  const bool is_untagged_a = (universe.tags(a.package) & kUntagged) != 0;
  const bool is_untagged_b = (universe.tags(b.package) & kUntagged) != 0;
  if (is_untagged_a != is_untagged_b) return is_untagged_a;
  if (a.is_virtual() != b.is_virtual()) return b.is_virtual();
  if (!a.is_virtual()) {
    const auto order = compare_versions(a.version, b.version);
    if (order != 0) return order > 0;
  }
  if (universe.name_of(a.package) == universe.name_of(b.package)) {
    const auto order = compare_versions(universe.version(a.package), universe.version(b.package));
    if (order != 0) return order > 0;
  }
  const auto priority_a = universe.provider_priority(a.package);
  const auto priority_b = universe.provider_priority(b.package);
  if (priority_a != priority_b) return priority_a > priority_b;
  return a.package < b.package;
}

/// Whether a package has a name twice, not both times without version.
bool excludes_itself(const Universe& universe, PackageId id) {
  const auto offers = universe.offers(id);
  std::vector<std::pair<NameId, bool>> names;
  for (const Offer& offer : offers) names.emplace_back(offer.name, offer.version.empty());
  // Those with version come first within a name.
  std::sort(names.begin(), names.end());
  return std::adjacent_find(names.begin(), names.end(), [](const auto& a, const auto& b) {
           return a.first == b.first && !(a.second && b.second);
         }) != names.end();
}

}  // namespace

ChoiceProblem::ChoiceProblem(Universe& universe, const std::vector<Dependency>& world,
                             Mask repositories, std::size_t most_steps, std::size_t& steps)
    : universe_(universe),
      repositories_(repositories),
      most_steps_(most_steps),
      steps_(steps),
      reached_(universe.package_count()) {
  std::vector<Need> needs;
  for (const Dependency& entry : world) {
    needs.push_back({universe.add_name(entry.name), entry.match, entry.conflict, entry.version});
    const auto tag = entry.tag.empty() ? std::optional<unsigned>() : universe.tag_number(entry.tag);
    if (!entry.conflict) reach_providers(needs.back(), kUntagged | (tag ? Mask{1} << *tag : 0));
  }
  reach_all();
  for (PackageId id = 0; id < reached_.size(); ++id) {
    if (reached_[id].tags == 0 || !is_usable(id)) continue;
    reached_[id].choice = static_cast<Choice>(packages_.size());
    packages_.push_back(id);
  }
  for (const Need& need : needs) need.conflict ? forbid(kNoChoice, need) : require(kNoChoice, need);
  for (Choice choice = 0; choice < packages_.size() && is_whole_; ++choice) {
    if (excludes_itself(universe, packages_[choice])) impossible_.push_back(choice);
    for (const Need& need : universe.depends(packages_[choice])) {
      need.conflict ? forbid(choice, need) : require(choice, need);
    }
  }
  link();
}

bool ChoiceProblem::step(std::size_t count) {
  steps_ += count;
  if (steps_ > most_steps_) is_whole_ = false;
  return is_whole_;
}

bool ChoiceProblem::is_usable(PackageId id) const {
  if (!universe_.is_installable(id)) return false;
  if (universe_.is_installed(id)) return true;
  if ((universe_.repositories(id) & repositories_) == 0) return false;
  // No tag keeps a package out that is nothing but a list of others.
  return (universe_.tags(id) & reached_[id].tags) != 0 || universe_.package(id).installed_size == 0;
}

void ChoiceProblem::reach_providers(const Need& need, Mask tags) {
  const auto providers = universe_.providers(need.name);
  if (!step(providers.size() + 1)) return;
  for (const Provider& provider : providers) {
    if (!need.is_satisfied_by(provider.version, universe_.identity(provider.package))) continue;
    Reached& reached = reached_[provider.package];
    if ((reached.tags | tags) == reached.tags) continue;
    reached.tags |= tags;
    queue_.push_back(provider.package);
  }
}

/// Again where a package turns out to be allowed with a further tag.
void ChoiceProblem::reach_all() {
  for (std::size_t done = 0; done < queue_.size() && is_whole_; ++done) {
    const PackageId id = queue_[done];
    if (!is_usable(id)) continue;
    const Mask tags = reached_[id].tags;
    for (const Need& need : universe_.depends(id)) {
      if (!need.conflict) reach_providers(need, tags);
    }
  }
}

void ChoiceProblem::require(Choice by, const Need& need) {
  std::vector<Provider> providers;
  const auto all = universe_.providers(need.name);
  if (!step(all.size() + 1)) return;
  for (const Provider& provider : all) {
    const Choice choice = reached_[provider.package].choice;
    if (choice == kNoChoice) continue;
    if (!need.is_satisfied_by(provider.version, universe_.identity(provider.package))) continue;
    if (choice == by) return;
    providers.push_back(provider);
  }
  std::stable_sort(providers.begin(), providers.end(), [&](const Provider& a, const Provider& b) {
    return is_liked_better(universe_, a, b);
  });
  Requirement requirement{by, static_cast<std::uint32_t>(choices_.size()), 0};
  for (const Provider& provider : providers) {
    const Choice choice = reached_[provider.package].choice;
    const auto listed = std::span(choices_).subspan(requirement.first);
    if (std::find(listed.begin(), listed.end(), choice) == listed.end()) choices_.push_back(choice);
  }
  requirement.count = static_cast<std::uint32_t>(choices_.size()) - requirement.first;
  requirements_.push_back(requirement);
}

void ChoiceProblem::forbid(Choice by, const Need& need) {
  const auto providers = universe_.providers(need.name);
  if (!step(providers.size() + 1)) return;
  for (const Provider& provider : providers) {
    const Choice choice = reached_[provider.package].choice;
    if (choice == kNoChoice || choice == by) continue;
    if (need.is_satisfied_by(provider.version, universe_.identity(provider.package))) continue;
    if (by == kNoChoice) {
      impossible_.push_back(choice);
    } else {
      forbidden_.emplace_back(by, choice);
      forbidden_.emplace_back(choice, by);
    }
  }
}

void ChoiceProblem::link() {
  std::sort(forbidden_.begin(), forbidden_.end());
  forbidden_.erase(std::unique(forbidden_.begin(), forbidden_.end()), forbidden_.end());
  first_forbidden_.assign(size() + 1, 0);
  for (const auto& pair : forbidden_) ++first_forbidden_[pair.first + 1];
  std::partial_sum(first_forbidden_.begin(), first_forbidden_.end(), first_forbidden_.begin());

  // World's place is the first, as kNoChoice + 1 is 0.
  first_requirement_.assign(size() + 2, 0);
  for (const Requirement& requirement : requirements_) {
    ++first_requirement_[std::size_t{requirement.by + 1U} + 1];
  }
  std::partial_sum(first_requirement_.begin(), first_requirement_.end(),
                   first_requirement_.begin());
  // They were made in this order.
  requirement_numbers_.resize(requirements_.size());
  std::iota(requirement_numbers_.begin(), requirement_numbers_.end(), 0U);
}

std::span<const std::uint32_t> ChoiceProblem::requirements_of(Choice choice) const {
  const std::size_t place = choice + 1U;
  return std::span(requirement_numbers_)
      .subspan(first_requirement_[place],
               first_requirement_[place + 1] - first_requirement_[place]);
}

std::vector<Choice> ChoiceProblem::excluded_by(Choice choice, std::size_t most) const {
  std::vector<Choice> excluded;
  for (std::size_t i = first_forbidden_[choice]; i < first_forbidden_[choice + 1]; ++i) {
    if (excluded.size() >= most) return excluded;
    excluded.push_back(forbidden_[i].second);
  }
  for (const Offer& offer : universe_.offers(packages_[choice])) {
    for (const Provider& rival : universe_.providers(offer.name)) {
      const Choice other = reached_[rival.package].choice;
      if (other == kNoChoice || other == choice) continue;
      if (excluded.size() >= most) return excluded;
      if (!offer.version.empty() || !rival.is_virtual()) excluded.push_back(other);
    }
  }
  return excluded;
}

}  // namespace tarn::apk
