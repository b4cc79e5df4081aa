#pragma once

#include <optional>
#include <string_view>

#include "apk/model/dependency.h"

namespace tarn::apk {

/// What indexes and control sections have in common: the values a package states of itself.

/// Whether `text` may be one part of a path or URL, as versions and architectures are: printable
/// ASCII without spaces and '/', and neither "." nor "..".
bool is_path_part(std::string_view text);

/// A dependency as a package may state it: with a sound version and without a repository tag.
/// Nothing for any other.
std::optional<DependencyView> parse_stated_dependency(std::string_view word);

/// What a package says it provides. A version outside the grammar stays: it still compares, and
/// real packages have such ones. Nothing for anything else than `name` or `name=version`.
std::optional<ProvideView> parse_stated_provide(std::string_view word);

}  // namespace tarn::apk
