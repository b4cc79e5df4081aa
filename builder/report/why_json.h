#pragma once

#include <nlohmann/json_fwd.hpp>

#include "builder/report/plan_names.h"
#include "builder/report/why.h"

namespace tarn::builder {

/// {"query", "present": […], "absent": […], "similar": […]}.
nlohmann::ordered_json answer_json(const Answer& answer, const apk::Selection& selection,
                                   const PlanGraph& graph, const PlanNames& names);

/// {"origin", "dependency"} for a wish, {"package", "dependencies"} for a link.
nlohmann::ordered_json wanted_by_json(const Reason& reason, const apk::Selection& selection,
                                      const PlanGraph& graph);

/// Each rival of `chosen` with the reason why it lost.
nlohmann::ordered_json rivals_json(const std::vector<apk::Rival>& rivals, apk::PackageId chosen,
                                   const apk::Selection& selection, const PlanNames& names);

}  // namespace tarn::builder
