#pragma once

#include <string>

#include "builder/report/run_stats.h"

namespace tarn::builder {

/// Tables of passes, of work by category and of what caches had, then lines for the rest.
std::string run_stats_text(const RunStats& stats);

}  // namespace tarn::builder
