#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apk/model/dependency.h"
#include "apk/model/repository.h"

namespace tarn::apk {

/// The text of etc/apk/world: one constraint a line, in order of name; one that is given twice
/// stands once.
std::string world_text(std::vector<Dependency> world);

/// Reads etc/apk/world: constraints between spaces and line ends. `name` is what messages call it;
/// throws Error (failed) with file and line for a word that is no constraint.
std::vector<Dependency> parse_world(std::string_view text, const std::string& name);

/// The text of etc/apk/arch: one architecture a line, the primary one first.
std::string architectures_text(const std::vector<std::string>& architectures);

/// The text of etc/apk/repositories: one repository a line, without credentials; one that is given
/// twice stands once.
std::string repositories_text(const std::vector<Repository>& repositories);

}  // namespace tarn::apk
