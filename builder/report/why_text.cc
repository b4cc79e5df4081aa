#include "builder/report/why_text.h"

#include <algorithm>

#include <fmt/core.h>

namespace tarn::builder {
namespace {

using apk::PackageId;

constexpr std::size_t most_names = 3;
constexpr std::size_t most_packages = 5;

std::string name_of(const apk::Selection& selection, std::size_t package) {
  const apk::Universe& universe = selection.universe();
  return std::string(universe.text(universe.name_of(selection.packages()[package])));
}

std::string label_of(const apk::Selection& selection, std::size_t package) {
  return selection.universe().label(selection.packages()[package]);
}

/// What a hop is called; nothing where the package's own name says as much.
std::string link_text(const Link& link, const std::string& to) {
  if (link.kind == LinkKind::install_if)
    return "install_if " + joined(texts_of(link.dependencies), most_names);
  std::vector<std::string> texts = texts_of(link.dependencies);
  std::erase(texts, to);
  return joined(texts, most_names);
}

/// Appends " → LINK → PACKAGE", leaving out what says nothing new.
void append_hop(std::string& text, const std::string& link, const std::string& package,
                const Symbols& symbols) {
  for (const std::string& part : {link, package}) {
    if (part.empty()) continue;
    text += text.empty() ? "" : fmt::format(" {} ", symbols.arrow);
    text += part;
  }
}

}  // namespace

std::string chain_text(const Chain& chain, const apk::Selection& selection, const PlanGraph& graph,
                       const Symbols& symbols) {
  const Wish& wish = graph.wishes()[chain.wish];
  const auto shown = [&](std::size_t package, const std::string& link, bool is_end) {
    const std::string name = name_of(selection, package);
    if (is_end) return label_of(selection, package);
    // "busybox=1.36.1-r15" says that it is busybox.
    const auto dependency = apk::Dependency::parse(link);
    return dependency && dependency->name == name ? std::string() : name;
  };
  std::string text;
  std::string link = wish.dependency.str();
  if (link == name_of(selection, wish.package)) link.clear();
  append_hop(text, link, shown(wish.package, link, chain.links.empty()), symbols);
  for (std::size_t i = 0; i < chain.links.size(); ++i) {
    const Link& next = chain.links[i];
    link = link_text(next, name_of(selection, next.to));
    append_hop(text, link, shown(next.to, link, i + 1 == chain.links.size()), symbols);
  }
  return wish.origin + ": " + text;
}

std::string presence_text(const Presence& presence, const apk::Selection& selection,
                          const PlanGraph& graph, const PlanNames& names, const Symbols& symbols) {
  const PackageId id = selection.packages()[presence.package];
  std::string text = names.headline(id) + "\n  wanted by:\n";
  for (const Chain& chain : presence.chains.chains)
    text += "    " + chain_text(chain, selection, graph, symbols) + "\n";
  const std::uint64_t shown = presence.chains.chains.size();
  if (presence.chains.total > shown)
    text += fmt::format("    and {} more\n", presence.chains.total - shown);
  const std::string asked = joined(presence.names, most_names);
  if (presence.rivals.empty()) return text + "  the only candidate for " + asked + "\n";
  text += "  chosen for " + asked + ", not:\n";
  for (const apk::Rival& rival : presence.rivals) {
    const std::string name(selection.universe().text(rival.name));
    const bool is_plain = presence.names.size() < 2 || name == presence.names.front();
    text += fmt::format("    {}{}: {}\n", names.placed_label(rival.package),
                        is_plain ? "" : " for " + name, names.loss(rival, id));
  }
  return text;
}

namespace {

void describe_one(const Absence& absence, const apk::Selection& selection, const PlanNames& names,
                  Error& error) {
  const apk::Universe& universe = selection.universe();
  error.detail("there is", names.headline(absence.package));
  for (const Absence::Taken& taken : absence.taken) {
    for (const apk::Offer& offer : universe.offers(absence.package))
      if (offer.name == taken.name) {
        const apk::Rival exact{absence.package, taken.name, offer.version, taken.loss};
        error.detail("instead", fmt::format("{} has {}; {}: {}", names.label(taken.by),
                                            universe.text(taken.name), names.label(absence.package),
                                            names.loss(exact, taken.by)));
        break;
      }
  }
  if (absence.obstacle && absence.taken.empty())
    error.detail("cannot be added", names.obstacle(absence.package, *absence.obstacle));
  std::vector<std::string> dependents;
  for (const PackageId id : absence.needed_by) {
    std::string name(universe.text(universe.name_of(id)));
    if (dependents.empty() || dependents.back() != name) dependents.push_back(std::move(name));
  }
  error.detail("needed by", dependents.empty() ? "nothing in the plan or the repositories"
                                               : "nothing in the plan; in the repositories by " +
                                                     joined(dependents, most_packages));
  if (!absence.conditions.empty())
    error.detail("comes by itself with", joined(texts_of(absence.conditions), most_packages));
}

}  // namespace

void describe_absence(const Answer& answer, const apk::Selection& selection, const PlanNames& names,
                      Error& error) {
  if (answer.absent.empty()) {
    if (!answer.similar.empty()) error.detail("similar", joined(answer.similar, most_names));
    return;
  }
  for (std::size_t i = 0; i < std::min(answer.absent.size(), most_names); ++i)
    describe_one(answer.absent[i], selection, names, error);
  if (answer.absent.size() > most_names)
    error.detail("there are",
                 fmt::format("{} more that provide it", answer.absent.size() - most_names));
}

std::string wanted_by_text(const Reason& reason, const apk::Selection& selection,
                           const PlanGraph& graph) {
  if (reason.wish) {
    const Wish& wish = graph.wishes()[*reason.wish];
    const std::string text = wish.dependency.str();
    return text == name_of(selection, wish.package) ? wish.origin
                                                    : fmt::format("{} ({})", wish.origin, text);
  }
  if (!reason.link) return {};
  const std::string from = name_of(selection, reason.link->from);
  const std::string link = link_text(*reason.link, name_of(selection, reason.link->to));
  return link.empty() ? from : fmt::format("{} ({})", from, link);
}

std::string chosen_text(const Reason& reason, std::size_t package, const apk::Selection& selection,
                        const PlanNames& names) {
  if (reason.rivals.empty()) return "only candidate";
  const apk::Universe& universe = selection.universe();
  const PackageId id = selection.packages()[package];
  const auto is_older = [&](const apk::Rival& rival) {
    return rival.loss.reason == apk::LossReason::lower_version &&
           universe.name_of(rival.package) == universe.name_of(id);
  };
  const auto notable = std::ranges::find_if_not(reason.rivals, is_older);
  if (notable == reason.rivals.end()) return fmt::format("newest of {}", reason.rivals.size() + 1);
  std::string text =
      fmt::format("not {}: {}", names.label(notable->package), names.loss(*notable, id));
  if (reason.rivals.size() > 1) text += fmt::format(" (1 of {})", reason.rivals.size());
  return text;
}

}  // namespace tarn::builder
