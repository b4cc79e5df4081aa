#pragma once

#include <vector>

#include "builder/recipe/origin.h"
#include "builder/recipe/recipe.h"
#include "builder/recipe/yaml.h"

namespace tarn::builder {

/// `accounts`.
Accounts decode_accounts(const YamlNode& node);
/// One item of `paths`.
PathEntry decode_path_entry(const YamlNode& node);
/// One item of `files`; a relative source becomes absolute.
FileEntry decode_file_entry(const YamlNode& node, const Origin& origin);
/// `certificates`.
Certificates decode_certificates(const YamlNode& node);

}  // namespace tarn::builder
