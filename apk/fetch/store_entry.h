#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "apk/fetch/store.h"

namespace tarn::apk {

/// Whether `text` may be a kind, a key or the name of a fact in the store.
bool is_store_name(std::string_view text);

/// An entry as the text of its file:
///
///     tarn-entry 1
///     blob SHA256
///     size OCTETS
///     fact NAME VALUE      (VALUE percent-encoded; one line for each, sorted)
///     sum SHA256           (of all lines before it)
///
/// Throws Error for a fact that cannot be written (its name, or too much of them).
std::string format_store_entry(const StoreEntry& entry);

/// Reads that back; nothing unless it is exactly what format_store_entry() gives for some entry.
std::optional<StoreEntry> parse_store_entry(std::string_view text);

/// No entry's text is longer.
inline constexpr std::size_t max_store_entry_size = 64U << 10U;

}  // namespace tarn::apk
