#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace tarn::builder {

/// Values by name.
using Variables = std::map<std::string, std::string, std::less<>>;

/// Replaces $NAME, ${NAME}, ${NAME:-word} and ${NAME:+word} as an instruction of a Dockerfile does
/// (Dockerfile reference, "Environment replacement"): a name without a value is empty, and in
/// single quotes nothing is replaced. Quotes stay where they are. Nothing for what is no such
/// expression.
std::optional<std::string> expand_variables(std::string_view text, const Variables& variables);

}  // namespace tarn::builder
