#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "builder/report/verification.h"

namespace tarn::builder {

/// Whether the files that no package owns are listed, or only counted.
enum class UnownedFiles { counted, listed };

/// For a terminal, lines ended by '\n'.
std::string verification_text(const Verification& verification, UnownedFiles unowned);

/// Everything.
nlohmann::ordered_json verification_json(const Verification& verification);

}  // namespace tarn::builder
