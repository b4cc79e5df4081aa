#pragma once

#include <string>
#include <vector>

#include "apk/support/error.h"
#include "builder/report/plan_names.h"
#include "builder/report/symbols.h"
#include "builder/report/why.h"

namespace tarn::builder {

/// "recipe.yaml:4:15: nginx → so:libpcre2-8.so.0 → pcre2-10.43-r0".
std::string chain_text(const Chain& chain, const apk::Selection& selection, const PlanGraph& graph,
                       const Symbols& symbols);

/// A package of the plan: what it is, the chains to it, and what it was chosen over. Lines ended by
/// '\n'.
std::string presence_text(const Presence& presence, const apk::Selection& selection,
                          const PlanGraph& graph, const PlanNames& names, const Symbols& symbols);

/// Adds what there is to say of a name that the plan lacks.
void describe_absence(const Answer& answer, const apk::Selection& selection, const PlanNames& names,
                      Error& error);

/// Who wants a package first: "recipe.yaml:4:15" or "nginx (so:libpcre2-8.so.0)".
std::string wanted_by_text(const Reason& reason, const apk::Selection& selection,
                           const PlanGraph& graph);
/// Why it and no other: "only candidate", "newest of 3", "over dash-binsh-0.5: lower priority".
std::string chosen_text(const Reason& reason, std::size_t package, const apk::Selection& selection,
                        const PlanNames& names);

}  // namespace tarn::builder
