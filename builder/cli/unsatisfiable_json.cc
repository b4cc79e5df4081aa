#include "builder/cli/unsatisfiable_json.h"

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace tarn::builder {
namespace {

using Json = nlohmann::ordered_json;
using Facts = apk::UnsatisfiableError::Facts;

std::string_view verdict_text(apk::Verdict verdict) {
  switch (verdict) {
    case apk::Verdict::not_asked:
      return "not-asked";
    case apk::Verdict::impossible:
      return "impossible";
    case apk::Verdict::possible:
      return "possible";
    case apk::Verdict::unknown:
      return "unknown";
  }
  return "unknown";
}

Json entry_json(const apk::Dependency& entry, const Facts& facts) {
  Json json = {{"constraint", entry.str()}};
  const std::string position = facts.position(entry);
  if (!position.empty()) json["position"] = position;
  return json;
}

/// From the one who requires something to the recipe.
Json requirer_json(const apk::Requirer& requirer, const Facts& facts) {
  Json json = {{"constraint", requirer.dependency.str()}};
  if (!requirer.package.empty()) json["package"] = requirer.package;
  Json chain = Json::array();
  for (const apk::ChainLink& link : requirer.chain)
    chain.push_back({{"package", link.package}, {"constraint", link.dependency.str()}});
  if (!chain.empty()) json["chain"] = std::move(chain);
  json["recipe"] = entry_json(requirer.world, facts);
  return json;
}

Json requirers_json(const std::vector<apk::Requirer>& requirers, const Facts& facts) {
  Json list = Json::array();
  for (const apk::Requirer& requirer : requirers) list.push_back(requirer_json(requirer, facts));
  return list;
}

Json candidates_json(const apk::Problem& problem, const Facts& facts) {
  Json list = Json::array();
  for (std::size_t i = 0; i < problem.candidates.size(); ++i) {
    Json candidate = {{"package", problem.candidates[i]}};
    if (i < problem.candidate_repositories.size()) {
      const std::size_t number = problem.candidate_repositories[i];
      if (number < facts.repositories.size()) candidate["repository"] = facts.repositories[number];
    }
    list.push_back(std::move(candidate));
  }
  return list;
}

Json suggestions_json(const std::vector<apk::Suggestion>& suggestions) {
  Json list = Json::array();
  for (const apk::Suggestion& suggestion : suggestions) {
    list.push_back({{"name", suggestion.name}});
    if (!suggestion.why.empty()) list.back()["why"] = suggestion.why;
  }
  return list;
}

Json remedies_json(const std::vector<apk::WorldEdit>& remedies, const Facts& facts) {
  Json list = Json::array();
  for (const apk::WorldEdit& edit : remedies) {
    list.push_back({{"write", edit.entry.str()}});
    if (edit.instead_of) list.back()["instead_of"] = entry_json(*edit.instead_of, facts);
  }
  return list;
}

Json problem_json(const apk::Problem& problem, const Facts& facts) {
  Json json = {{"code", apk::code_of(problem.kind)}, {"name", problem.name}};
  const auto add = [&](const char* key, Json value) {
    if (!value.empty()) json[key] = std::move(value);
  };
  if (!problem.reason.empty()) json["reason"] = problem.reason;
  if (!problem.chosen.empty()) json["chosen"] = problem.chosen;
  add("required_by", requirers_json(problem.required_by, facts));
  add("violated", requirers_json(problem.violated, facts));
  add("rival_required_by", requirers_json(problem.rival_required_by, facts));
  add("candidates", candidates_json(problem, facts));
  add("suitable", problem.suitable);
  add("shared_names", problem.shared_names);
  add("suggestions", suggestions_json(problem.suggestions));
  Json core = Json::array();
  for (const apk::Dependency& entry : problem.core) core.push_back(entry_json(entry, facts));
  add("core", std::move(core));
  add("remedies", remedies_json(problem.remedies, facts));
  return json;
}

Json problems_json(const std::vector<apk::Problem>& problems, const Facts& facts) {
  Json list = Json::array();
  for (const apk::Problem& problem : problems) list.push_back(problem_json(problem, facts));
  return list;
}

}  // namespace

nlohmann::ordered_json unsatisfiable_json(const apk::UnsatisfiableError& error) {
  const Facts& facts = error.facts();
  const apk::SecondOpinion& opinion = facts.diagnosis.second_opinion;
  Json additions = Json::array();
  for (const apk::Dependency& entry : opinion.additions) additions.push_back(entry.str());
  return {{"error",
           {{"kind", "unsatisfiable"},
            {"message", error.message()},
            {"hint", error.hint()},
            {"contexts", error.contexts()},
            {"architectures", facts.architectures},
            {"causes", problems_json(facts.diagnosis.causes, facts)},
            {"problems", problems_json(facts.diagnosis.problems, facts)},
            {"second_opinion",
             {{"verdict", verdict_text(opinion.verdict)}, {"add", std::move(additions)}}}}}};
}

}  // namespace tarn::builder
