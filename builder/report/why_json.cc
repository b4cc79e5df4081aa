#include "builder/report/why_json.h"

#include <nlohmann/json.hpp>

namespace tarn::builder {
namespace {

using Json = nlohmann::ordered_json;

Json package_json(apk::PackageId id, const apk::Selection& selection, const PlanNames& names) {
  const apk::Package package = selection.universe().package(id);
  return {{"name", package.name},
          {"version", package.version},
          {"repository", names.repository(id)},
          {"description", package.description}};
}

Json chain_json(const Chain& chain, const apk::Selection& selection, const PlanGraph& graph) {
  const Wish& wish = graph.wishes()[chain.wish];
  const auto label = [&](std::size_t package) {
    return selection.universe().label(selection.packages()[package]);
  };
  Json links = Json::array();
  for (const Link& link : chain.links)
    links.push_back({{"kind", link.kind == LinkKind::depends ? "depends" : "install_if"},
                     {"dependencies", texts_of(link.dependencies)},
                     {"package", label(link.to)}});
  return {{"origin", wish.origin},
          {"dependency", wish.dependency.str()},
          {"package", label(wish.package)},
          {"links", std::move(links)}};
}

Json presence_json(const Presence& presence, const apk::Selection& selection,
                   const PlanGraph& graph, const PlanNames& names) {
  const apk::PackageId id = selection.packages()[presence.package];
  Json json = package_json(id, selection, names);
  json["asked_for_as"] = presence.names;
  json["chains_total"] = presence.chains.total;
  json["chains"] = Json::array();
  for (const Chain& chain : presence.chains.chains)
    json["chains"].push_back(chain_json(chain, selection, graph));
  json["rivals"] = rivals_json(presence.rivals, id, selection, names);
  return json;
}

Json absence_json(const Absence& absence, const apk::Selection& selection, const PlanNames& names) {
  const apk::Universe& universe = selection.universe();
  Json json = package_json(absence.package, selection, names);
  if (absence.obstacle)
    json["obstacle"] = {{"reason", code(absence.obstacle->reason)},
                        {"text", names.obstacle(absence.package, *absence.obstacle)}};
  json["instead"] = Json::array();
  for (const Absence::Taken& taken : absence.taken)
    json["instead"].push_back({{"name", universe.text(taken.name)},
                               {"package", universe.label(taken.by)},
                               {"reason", code(taken.loss.reason)}});
  json["needed_by"] = Json::array();
  for (const apk::PackageId id : absence.needed_by) json["needed_by"].push_back(universe.label(id));
  json["install_if"] = texts_of(absence.conditions);
  return json;
}

}  // namespace

nlohmann::ordered_json rivals_json(const std::vector<apk::Rival>& rivals, apk::PackageId chosen,
                                   const apk::Selection& selection, const PlanNames& names) {
  const apk::Universe& universe = selection.universe();
  Json json = Json::array();
  for (const apk::Rival& rival : rivals)
    json.push_back({{"name", universe.text(universe.name_of(rival.package))},
                    {"version", universe.version(rival.package)},
                    {"repository", names.repository(rival.package)},
                    {"for", universe.text(rival.name)},
                    {"reason", code(rival.loss.reason)},
                    {"text", names.loss(rival, chosen)}});
  return json;
}

nlohmann::ordered_json wanted_by_json(const Reason& reason, const apk::Selection& selection,
                                      const PlanGraph& graph) {
  if (reason.wish) {
    const Wish& wish = graph.wishes()[*reason.wish];
    return {{"origin", wish.origin}, {"dependency", wish.dependency.str()}};
  }
  if (!reason.link) return nullptr;
  return {{"package", selection.universe().label(selection.packages()[reason.link->from])},
          {"kind", reason.link->kind == LinkKind::depends ? "depends" : "install_if"},
          {"dependencies", texts_of(reason.link->dependencies)}};
}

nlohmann::ordered_json answer_json(const Answer& answer, const apk::Selection& selection,
                                   const PlanGraph& graph, const PlanNames& names) {
  Json json = {{"query", answer.query}, {"present", Json::array()}, {"absent", Json::array()}};
  for (const Presence& presence : answer.present)
    json["present"].push_back(presence_json(presence, selection, graph, names));
  for (const Absence& absence : answer.absent)
    json["absent"].push_back(absence_json(absence, selection, names));
  json["similar"] = answer.similar;
  return json;
}

}  // namespace tarn::builder
