#pragma once

#include <string>
#include <utility>

#include "apk/support/error.h"
#include "builder/recipe/recipe.h"

namespace tarn::builder {

/// An Error (usage) about an entry of a recipe: "FILE:LINE:COLUMN: MESSAGE", or the message alone
/// where the entry has no place in a file (it came from the command line).
Error entry_fault(const Position& position, const std::string& message);

/// Runs `function`; an Error that leaves it becomes one about the recipe's entry: of kind usage,
/// its message with the position, its details and hint kept.
template <typename Function>
void blame_entry(const Position& position, Function&& function) {
  try {
    std::forward<Function>(function)();
  } catch (const Error& error) {
    Error blamed = entry_fault(position, error.message());
    for (const auto& [label, text] : error.details()) blamed.detail(label, text);
    blamed.hint(error.hint());
    throw blamed;
  }
}

}  // namespace tarn::builder
