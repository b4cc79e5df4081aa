#pragma once

#include <functional>
#include <string>

#include "builder/scripts/command.h"

namespace tarn::builder {

/// Which symbolic links to folders a walk goes through.
enum class TreeLinks { none, operand, all };

/// Goes through a tree as applets with -R do: `visit` gets the path of each entry as the script
/// would write it and returns false when it failed; a folder comes before what is in it, or after
/// if `order` says so. Links are not followed but as `links` says. What is missing is given to
/// `missing` with its errno. False when anything failed.
enum class TreeOrder { folder_first, folder_last };
bool visit_tree(const Invocation& invocation, const std::string& path, TreeOrder order,
                TreeLinks links, const std::function<bool(const std::string&, const Entry&)>& visit,
                const std::function<void(const std::string&, int)>& missing);

/// Removes a tree without a word; what cannot be removed stays.
void remove_tree(const Invocation& invocation, const std::string& path);

}  // namespace tarn::builder
