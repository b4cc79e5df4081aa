#include "builder/scripts/commands/tree_visit.h"

#include <vector>

#include "builder/scripts/commands/file_access.h"

namespace tarn::builder {
namespace {

using Follow = ScriptRootfs::Follow;

}  // namespace

bool visit_tree(const Invocation& invocation, const std::string& path, TreeOrder order,
                TreeLinks links, const std::function<bool(const std::string&, const Entry&)>& visit,
                const std::function<void(const std::string&, int)>& missing) {
  const ScriptBudget::Level level(invocation.budget);
  invocation.budget.spend_steps();
  const auto follow = links == TreeLinks::none ? Follow::not_last : Follow::last;
  int problem = 0;
  const Entry* const found = invocation.files.find(path_of(invocation, path), follow, &problem);
  if (found == nullptr) {
    missing(path, problem);
    return false;
  }
  // A copy: the entry itself may be changed or removed meanwhile.
  const Entry entry = *found;
  bool succeeded = true;
  if (order == TreeOrder::folder_first) succeeded = visit(path, entry);
  if (entry.node->type == NodeType::directory) {
    std::vector<std::string> names;
    for (const auto& [name, child] : entry.node->children) names.push_back(name);
    const auto below = links == TreeLinks::all ? TreeLinks::all : TreeLinks::none;
    for (const auto& name : names)
      succeeded =
          visit_tree(invocation, join_path(path, name), order, below, visit, missing) && succeeded;
  }
  if (order == TreeOrder::folder_last) succeeded = visit(path, entry) && succeeded;
  return succeeded;
}

void remove_tree(const Invocation& invocation, const std::string& path) {
  visit_tree(
      invocation, path, TreeOrder::folder_last, TreeLinks::none,
      [&](const std::string& place, const Entry& entry) {
        const std::string absolute = path_of(invocation, place);
        return (entry.node->type == NodeType::directory
                    ? invocation.files.remove_directory(absolute)
                    : invocation.files.remove_file(absolute)) == 0;
      },
      [](const std::string&, int) {});
}

}  // namespace tarn::builder
