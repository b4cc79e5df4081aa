#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "builder/recipe/recipe.h"

namespace tarn::builder {

/// The codecs by the names that people write.
const std::vector<std::pair<std::string, Codec>>& codec_names();
/// "gzip", "zstd" or "none".
const std::string& name_of(Codec codec);
/// The codec of that name.
std::optional<Codec> codec_named(std::string_view name);

/// Levels go from 1 to this; 0 for what has none.
int highest_level(Codec codec);

/// From "CODEC" or "CODEC:LEVEL": "gzip", "zstd:19", "none". Throws Error (usage), naming what
/// there is.
Compression parse_compression(std::string_view text);

}  // namespace tarn::builder
