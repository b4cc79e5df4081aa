#pragma once

#include "builder/recipe/origin.h"
#include "builder/recipe/recipe.h"
#include "builder/recipe/yaml.h"

namespace tarn::builder {

/// `contents`. A package written apko's way (`name=1.0@tag`) is turned into apk's
/// (`name@tag=1.0`).
Contents decode_contents(const YamlNode& node, const Origin& origin);

/// The keys that `contents` takes.
const std::vector<std::string>& contents_keys();

}  // namespace tarn::builder
