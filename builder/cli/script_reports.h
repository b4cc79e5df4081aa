#pragma once

#include <nlohmann/json.hpp>

#include "apk/support/progress.h"
#include "builder/build.h"

namespace tarn::builder {

/// Package, script, way and, where there is one, the reason.
nlohmann::ordered_json script_json(const ScriptReport& report);

/// Notes what ran where, failures with what the script said, and a line for all.
void note_scripts(const std::vector<ScriptRun>& scripts, Progress& progress);

}  // namespace tarn::builder
