#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tarn::builder {

/// The candidate that `word` was probably meant to be: the one the fewest changes away (a letter
/// added, left out, replaced, or two neighbours swapped; '_', '-' and case do not count). Empty
/// when none is near; of equally near ones the first.
std::string nearest_word(std::string_view word, const std::vector<std::string>& candidates);

/// "did you mean 'X'?" with the nearest candidate, else "known LABEL: a, b, c" with all of them.
std::string spelling_hint(std::string_view word, const std::vector<std::string>& candidates,
                          std::string_view label);

}  // namespace tarn::builder
