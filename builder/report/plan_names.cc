#include "builder/report/plan_names.h"

#include <algorithm>
#include <bit>

#include <fmt/core.h>

namespace tarn::builder {

using apk::LossReason;
using apk::PackageId;

std::string joined(const std::vector<std::string>& texts, std::size_t most) {
  // One more takes no more room than "and 1 more".
  const std::size_t shown = texts.size() <= most + 1 ? texts.size() : most;
  std::string text;
  for (std::size_t i = 0; i < shown; ++i) text += (i == 0 ? "" : ", ") + texts[i];
  if (shown < texts.size()) text += fmt::format(" and {} more", texts.size() - shown);
  return text;
}

std::vector<std::string> texts_of(const std::vector<apk::Dependency>& dependencies) {
  std::vector<std::string> texts;
  texts.reserve(dependencies.size());
  for (const apk::Dependency& dependency : dependencies) texts.push_back(dependency.str());
  return texts;
}

std::string PlanNames::repository(PackageId id) const {
  const auto number =
      static_cast<std::size_t>(std::countr_zero(selection_.universe().repositories(id)));
  if (number >= repositories_.size()) return "installed";
  const apk::Repository& repository = repositories_[number];
  return repository.tag.empty() ? repository.label() : repository.label() + " @" + repository.tag;
}

std::string PlanNames::label(PackageId id) const {
  return selection_.universe().label(id);
}

std::string PlanNames::placed_label(PackageId id) const {
  return fmt::format("{} ({})", label(id), repository(id));
}

std::string PlanNames::headline(PackageId id) const {
  const std::string description = selection_.universe().package(id).description;
  return description.empty() ? placed_label(id) : placed_label(id) + ": " + description;
}

std::string PlanNames::requirer(PackageId by, const apk::Dependency& dependency) const {
  if (by != apk::kNoPackage) return fmt::format("{} ({})", label(by), dependency.str());
  const auto& world = selection_.world();
  const auto place = std::ranges::find(world, dependency);
  if (place == world.end()) return "the recipe (" + dependency.str() + ")";
  return fmt::format("{} ({})", origins_[static_cast<std::size_t>(place - world.begin())],
                     dependency.str());
}

std::string PlanNames::lower_version(const apk::Rival& rival, PackageId chosen) const {
  const apk::Universe& universe = selection_.universe();
  if (universe.name_of(rival.package) == universe.name_of(chosen)) return "lower version";
  for (const apk::Offer& offer : universe.offers(chosen))
    if (offer.name == rival.name)
      return fmt::format("lower version of {}: {}, the chosen one has {}",
                         universe.text(rival.name), rival.version, offer.version);
  return "lower version";
}

std::string PlanNames::unsatisfied(const apk::Loss& loss) const {
  const std::string need = loss.dependency.str();
  if (loss.dependency.conflict) return fmt::format("conflicts with {} ({})", label(loss.by), need);
  if (loss.by != apk::kNoPackage)
    return fmt::format("needs {}, but {} is chosen", need, label(loss.by));
  return fmt::format("needs {}, which cannot be had", need);
}

std::string PlanNames::loss(const apk::Rival& rival, PackageId chosen) const {
  const apk::Universe& universe = selection_.universe();
  switch (rival.loss.reason) {
    case LossReason::unnamed:
      return fmt::format("provides {} without version or priority, and nothing names it",
                         universe.text(rival.name));
    case LossReason::other_tag:
      return fmt::format("the chosen one is from {}, which is preferred", repository(chosen));
    case LossReason::lower_version:
      return lower_version(rival, chosen);
    case LossReason::lower_priority:
      return fmt::format("lower provider priority: {}, the chosen one has {}",
                         universe.provider_priority(rival.package),
                         universe.provider_priority(chosen));
    case LossReason::chosen_otherwise:
      return "the chosen one is wanted anyway, by " +
             requirer(rival.loss.by, rival.loss.dependency);
    case LossReason::chosen_by_condition:
      return "the chosen one comes anyway, by its install_if";
    case LossReason::later_repository:
      return "equal, but in a later repository";
    case LossReason::later_in_repository:
      return "equal, but later in the index";
    case LossReason::earlier_decision:
      return "did not fit with what was decided before";
    default:
      return obstacle(rival.package, rival.loss);
  }
}

std::string PlanNames::obstacle(PackageId id, const apk::Loss& loss) const {
  switch (loss.reason) {
    case LossReason::architecture:
      return "built for " + std::string(selection_.universe().architecture(id));
    case LossReason::broken:
      return "its index entry has a broken dependency";
    case LossReason::tag:
      return fmt::format("only in {}, and nothing allows that tag for it", repository(id));
    case LossReason::excluded:
      return "excluded by " + requirer(loss.by, loss.dependency);
    case LossReason::unsatisfied:
      return unsatisfied(loss);
    case LossReason::taken_name:
      return fmt::format("{} has {}, which it provides too", label(loss.by), loss.name);
    default:
      return std::string(code(loss.reason));
  }
}

}  // namespace tarn::builder
