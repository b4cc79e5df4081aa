#pragma once

#include <compare>
#include <string_view>

namespace tarn::apk {

/// Package versions: `digits{.digits}…[letter]{_suffix[digits]}…[~hash][-rN]`
/// (grammar and order as apk has them).

/// Whether `version` follows the grammar.
bool is_valid_version(std::string_view version);

/// Order of two versions. Versions that do not follow the grammar compare token by token up to the
/// place where they stop doing so.
std::strong_ordering compare_versions(std::string_view left, std::string_view right);

/// As compare_versions, but equal also when `right` is a token-wise prefix of `left`
/// ("2.2.1" is fuzzily "2.2", "2.20" is not).
std::strong_ordering compare_versions_fuzzy(std::string_view left, std::string_view right);

}  // namespace tarn::apk
