#include "builder/cli/explained_plan.h"

#include "apk/support/parallel.h"
#include "builder/terminal/charset.h"

namespace tarn::builder {
ExplainedPlan::ExplainedPlan(const Resolution& resolution, const ArchitecturePlan& architecture)
    : plan(architecture),
      universe(request_for(resolution, architecture)),
      selection(universe, resolution.world, architecture.plan),
      graph(selection, resolution.world_origins),
      names(selection, resolution.world_origins, resolution.repositories) {}

std::vector<std::unique_ptr<ExplainedPlan>> explain_plans(const Resolution& resolution,
                                                          std::size_t threads,
                                                          const std::stop_token& stop) {
  std::vector<std::unique_ptr<ExplainedPlan>> plans(resolution.plans.size());
  parallel_for(
      plans.size(), threads,
      [&](std::size_t i) {
        plans[i] = std::make_unique<ExplainedPlan>(resolution, resolution.plans[i]);
      },
      stop);
  return plans;
}

const Symbols& output_symbols() {
  return output_charset() == Charset::utf8 ? unicode_symbols : ascii_symbols;
}

}  // namespace tarn::builder
