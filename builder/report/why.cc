#include "builder/report/why.h"

#include <algorithm>
#include <set>

#include "apk/model/version.h"
#include "apk/solver/suggestion.h"
#include "builder/report/package_search.h"

namespace tarn::builder {
namespace {

using apk::PackageId;

/// A name that the query means, and the package that its label names.
struct Meaning {
  std::optional<apk::NameId> name;
  PackageId package = apk::kNoPackage;
};

/// "curl-8.5.0-r0" as package curl: the label of a package, cut at each '-' from the right.
Meaning read_label(const apk::Universe& universe, const std::string& query) {
  for (auto end = query.rfind('-'); end != std::string::npos && end > 0;
       end = query.rfind('-', end - 1)) {
    const auto name = universe.find(std::string_view(query).substr(0, end));
    if (!name) continue;
    for (const apk::Provider& provider : universe.providers(*name))
      if (universe.name_of(provider.package) == *name && universe.label(provider.package) == query)
        return {name, provider.package};
  }
  return {};
}

Meaning read_query(const apk::Universe& universe, const std::string& query) {
  const auto name = universe.find(query);
  if (name && !universe.providers(*name).empty()) return {name, apk::kNoPackage};
  return read_label(universe, query);
}

class Explanation {
 public:
  Explanation(const apk::Selection& selection, const PlanGraph& graph)
      : selection_(selection), universe_(selection.universe()), graph_(graph) {}

  Presence present(std::size_t package, std::optional<apk::NameId> asked, std::size_t most) const {
    const PackageId id = selection_.packages()[package];
    Presence presence;
    presence.package = package;
    std::vector<apk::NameId> names;
    if (asked && *asked != universe_.name_of(id)) {
      names.push_back(*asked);
      presence.chains = find_chains(graph_, package, most, universe_.text(*asked));
    } else {
      names = asked_names(id);
    }
    // A name that nothing asks for is there because its package is.
    if (presence.chains.chains.empty()) presence.chains = find_chains(graph_, package, most);
    for (const apk::NameId name : names) presence.names.emplace_back(universe_.text(name));
    presence.rivals = rivals(id, names);
    return presence;
  }

  Absence absent(PackageId id) const {
    Absence absence;
    absence.package = id;
    absence.obstacle = apk::find_obstacle(selection_, id);
    absence.conditions = universe_.package(id).install_if;
    for (const apk::Offer& offer : universe_.offers(id)) {
      if (!selection_.is_asked_for(offer.name)) continue;
      const auto holders = selection_.holders(offer.name);
      if (holders.empty()) continue;
      for (const apk::Rival& rival :
           apk::find_rivals(selection_, offer.name, holders.front().package))
        if (rival.package == id)
          absence.taken.push_back({offer.name, holders.front().package, rival.loss});
    }
    return absence;
  }

  std::vector<apk::Rival> rivals(PackageId id, const std::vector<apk::NameId>& names) const {
    std::vector<apk::Rival> all;
    std::set<PackageId> seen;
    for (const apk::NameId name : names)
      for (const apk::Rival& rival : apk::find_rivals(selection_, name, id))
        if (seen.insert(rival.package).second) all.push_back(rival);
    return all;
  }

  /// Whether `dependent` needs something that the absent package has, and no package of the plan.
  bool is_missed_by(PackageId absent, PackageId dependent) const {
    return std::ranges::any_of(selection_.depends(dependent), [&](const apk::Dependency& need) {
      return !need.conflict && selection_.answers(need).empty() &&
             std::ranges::any_of(universe_.offers(absent), [&](const apk::Offer& offer) {
               return universe_.text(offer.name) == need.name &&
                      apk::satisfies(universe_, {absent, offer.version}, need);
             });
    });
  }

  /// The package's own name, and those others by which it is asked for.
  std::vector<apk::NameId> asked_names(PackageId id) const {
    std::vector<apk::NameId> names = {universe_.name_of(id)};
    for (const apk::Offer& offer : universe_.offers(id))
      if (offer.name != names.front() && selection_.is_asked_for(offer.name))
        names.push_back(offer.name);
    return names;
  }

 private:
  const apk::Selection& selection_;
  const apk::Universe& universe_;
  const PlanGraph& graph_;
};

/// The highest version of each package that has the name itself, else of each that provides it.
std::vector<PackageId> newest_of(const apk::Universe& universe, apk::NameId name) {
  std::vector<PackageId> own;
  std::vector<PackageId> others;
  for (const apk::Provider& provider : universe.providers(name)) {
    auto& list = universe.name_of(provider.package) == name ? own : others;
    const auto known = std::ranges::find_if(list, [&](PackageId id) {
      return universe.name_of(id) == universe.name_of(provider.package);
    });
    if (known == list.end())
      list.push_back(provider.package);
    else if (apk::compare_versions(universe.version(provider.package), universe.version(*known)) >
             0)
      *known = provider.package;
  }
  return own.empty() ? others : own;
}

}  // namespace

std::vector<std::size_t> find_planned(const apk::Selection& selection, const std::string& query) {
  std::vector<std::size_t> planned;
  const apk::Universe& universe = selection.universe();
  const Meaning meaning = read_query(universe, query);
  if (!meaning.name) return planned;
  const auto holders = selection.holders(*meaning.name);
  const auto is_own = [&](const apk::Provider& holder) {
    return universe.name_of(holder.package) == *meaning.name;
  };
  const bool is_package = std::ranges::any_of(holders, is_own);
  const auto& packages = selection.packages();
  for (const apk::Provider& holder : holders) {
    if (is_package && !is_own(holder)) continue;
    if (meaning.package != apk::kNoPackage && meaning.package != holder.package) continue;
    const auto place = std::ranges::find(packages, holder.package);
    planned.push_back(static_cast<std::size_t>(place - packages.begin()));
  }
  return planned;
}

Answer explain_presence(const apk::Selection& selection, const PlanGraph& graph,
                        const std::string& query, std::size_t most) {
  const apk::Universe& universe = selection.universe();
  const Explanation explanation(selection, graph);
  Answer answer;
  answer.query = query;
  const Meaning meaning = read_query(universe, query);
  if (!meaning.name) {
    answer.similar = apk::similar_names(universe, query);
    return answer;
  }
  for (const std::size_t package : find_planned(selection, query))
    answer.present.push_back(explanation.present(package, meaning.name, most));
  if (!answer.present.empty()) return answer;
  if (meaning.package != apk::kNoPackage)
    answer.absent.push_back(explanation.absent(meaning.package));
  else
    for (const PackageId id : newest_of(universe, *meaning.name))
      answer.absent.push_back(explanation.absent(id));
  std::vector<PackageId> absent;
  for (const Absence& absence : answer.absent) absent.push_back(absence.package);
  auto dependents = find_dependents(universe, absent);
  for (std::size_t i = 0; i < dependents.size(); ++i) {
    std::erase_if(dependents[i],
                  [&](PackageId id) { return !explanation.is_missed_by(absent[i], id); });
    answer.absent[i].needed_by = std::move(dependents[i]);
  }
  return answer;
}

std::vector<Reason> find_reasons(const apk::Selection& selection, const PlanGraph& graph) {
  const Explanation explanation(selection, graph);
  std::vector<Reason> reasons(graph.size());
  for (std::size_t i = 0; i < graph.size(); ++i) {
    const PackageId id = selection.packages()[i];
    const Chains chains = find_chains(graph, i, 1);
    if (!chains.chains.empty()) {
      const Chain& chain = chains.chains.front();
      if (chain.links.empty())
        reasons[i].wish = chain.wish;
      else
        reasons[i].link = chain.links.back();
    }
    reasons[i].rivals = explanation.rivals(id, explanation.asked_names(id));
  }
  return reasons;
}

}  // namespace tarn::builder
