#pragma once

#include <memory>
#include <vector>

#include "apk/solver/selection.h"
#include "builder/report/plan_graph.h"
#include "builder/report/plan_names.h"
#include "builder/report/symbols.h"
#include "builder/resolution.h"

namespace tarn::builder {

/// One architecture's plan with all that explains it.
struct ExplainedPlan {
  /// `resolution` must outlive it.
  ExplainedPlan(const Resolution& resolution, const ArchitecturePlan& plan);

  const ArchitecturePlan& plan;
  apk::Universe universe;
  apk::Selection selection;
  PlanGraph graph;
  PlanNames names;
};

/// One for each of the resolution's plans, made on up to `threads` threads.
std::vector<std::unique_ptr<ExplainedPlan>> explain_plans(const Resolution& resolution,
                                                          std::size_t threads,
                                                          const std::stop_token& stop);

/// What standard output can show.
const Symbols& output_symbols();

}  // namespace tarn::builder
