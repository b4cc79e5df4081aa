#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace tarn::test {

/// What of the rules of SPDX 2.3 the document breaks, as lines: fields that must be there and their
/// forms, identifiers and that each is given once, relationships between what there is, licence
/// expressions with all their references, package URLs.
std::vector<std::string> spdx_faults(const nlohmann::json& document);

/// The same for CycloneDX 1.6: required fields, enumerations, unique and existing references.
std::vector<std::string> cyclonedx_faults(const nlohmann::json& document);

}  // namespace tarn::test
