#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace tarn::builder {

/// Block-style YAML of a value made of objects, arrays, strings, unsigned numbers and truth values.
/// A string is plain where every YAML reader takes it for a string, a literal block where it has
/// lines, else quoted. Numbers under the keys `mode` and `permissions` are octal.
std::string write_yaml(const nlohmann::ordered_json& value);

}  // namespace tarn::builder
