#include "builder/scripts/commands/file_copy.h"

#include <cerrno>
#include <vector>

#include <fmt/core.h>

#include "builder/scripts/commands/file_access.h"

namespace tarn::builder {
namespace {

using Follow = ScriptRootfs::Follow;

/// The names in a folder, taken before it is changed.
std::vector<std::string> names_in(const Node& folder) {
  std::vector<std::string> names;
  for (const auto& [name, entry] : folder.children) names.push_back(name);
  return names;
}

}  // namespace

bool FileCopier::refuse(const std::string& text) const {
  if (!rules_.is_silent) invocation_.complain(text);
  return false;
}

bool FileCopier::fail(std::string_view what, const std::string& path, int problem) const {
  return refuse(fmt::format("{} '{}': {}", what, path, error_text(problem)));
}

bool FileCopier::copy(const std::string& from, const std::string& to) {
  return copy_entry(from, to, rules_.follow != CopyRules::Follow::none);
}

bool FileCopier::copy_entry(const std::string& from, const std::string& to, bool follows) {
  const ScriptBudget::Level level(invocation_.budget);
  invocation_.budget.spend_steps();
  ScriptRootfs& files = invocation_.files;
  int problem = 0;
  const Entry* const source =
      files.find(path_of(invocation_, from), follows ? Follow::last : Follow::not_last, &problem);
  if (source == nullptr) return fail("can't stat", from, problem);
  // The node lives on whatever is changed.
  const std::shared_ptr<Node> node = source->node;
  const Entry* const goal = files.find(path_of(invocation_, to), Follow::not_last, &problem);
  if (goal == nullptr && problem != ENOENT) return fail("can't stat", to, problem);
  if (goal != nullptr && goal->node == node)
    return refuse(fmt::format("'{}' and '{}' are the same file", from, to));
  if (node->type == NodeType::directory)
    return copy_directory(from, to, *node, goal == nullptr ? nullptr : goal->node.get());
  if (rules_.make != CopyRules::Make::copy) return make_name(from, to, goal != nullptr);
  return copy_file(to, node, goal != nullptr);
}

bool FileCopier::copy_directory(const std::string& from, const std::string& to, const Node& source,
                                const Node* goal) {
  if (!rules_.is_recursive) return refuse(fmt::format("omitting directory '{}'", from));
  if (goals_.contains(&source))
    return refuse(fmt::format("recursion detected, omitting directory '{}'", from));
  ScriptRootfs& files = invocation_.files;
  const std::string place = path_of(invocation_, to);
  const std::uint32_t mode = source.mode & ~(rules_.keeps_all ? 0U : invocation_.umask);
  if (goal == nullptr) {
    const int problem = files.make_directory(place, mode | 0700U);
    if (problem != 0) return fail("can't create directory", to, problem);
  } else if (goal->type != NodeType::directory) {
    return refuse(fmt::format("target '{}' is not a directory", to));
  }
  goals_.insert(files.find(place, Follow::not_last)->node.get());
  bool succeeded = true;
  for (const auto& name : names_in(source))
    succeeded = copy_entry(join_path(from, name), join_path(to, name),
                           rules_.follow == CopyRules::Follow::all) &&
                succeeded;
  if (goal == nullptr) files.set_mode(place, source.mode & ~invocation_.umask);
  if (rules_.keeps_all) keep_attributes(place, source);
  return succeeded;
}

bool FileCopier::clear_way(const std::string& to, bool is_there) {
  if (!is_there) return true;
  const int problem = invocation_.files.remove_file(path_of(invocation_, to));
  // What cannot be removed is a folder, and then what is made next fails.
  return problem == 0 || fail("can't create", to, problem == EISDIR ? EEXIST : problem);
}

bool FileCopier::make_name(const std::string& from, const std::string& to, bool is_there) {
  ScriptRootfs& files = invocation_.files;
  const std::string place = path_of(invocation_, to);
  if (is_there) files.remove_file(place);
  const bool is_link = rules_.make == CopyRules::Make::hard_link;
  const int problem = is_link ? files.make_link(path_of(invocation_, from), place)
                              : files.make_symlink(from, place);
  if (problem == 0) return true;
  return fail(is_link ? "can't create link" : "can't create symlink", to, problem);
}

bool FileCopier::copy_file(const std::string& to, const std::shared_ptr<Node>& source,
                           bool is_there) {
  ScriptRootfs& files = invocation_.files;
  const std::string place = path_of(invocation_, to);
  if (!clear_way(to, is_there)) return false;
  const auto copied = copies_.find(source.get());
  const bool keeps_links = rules_.follow == CopyRules::Follow::none;
  if (keeps_links && copied != copies_.end()) {
    const int problem = files.make_link(path_of(invocation_, copied->second), place);
    return problem == 0 || fail("can't create link", to, problem);
  }
  int problem = 0;
  std::uint32_t mode = 0666 & ~invocation_.umask;
  switch (source->type) {
    case NodeType::symlink:
      problem = files.make_symlink(source->target, place);
      break;
    case NodeType::fifo:
      if (!rules_.is_recursive) throw NotNative("cp: reading a pipe");
      problem = files.make_fifo(place, source->mode & ~invocation_.umask);
      break;
    case NodeType::file:
      mode = source->mode & ~invocation_.umask;
      [[fallthrough]];
    default:
      if (source->type != NodeType::file && rules_.is_recursive)
        throw NotNative("cp: copying a device");
      invocation_.budget.spend_octets(source->content.size);
      problem = files.write_content(place, source->content, ScriptRootfs::Writing::exclusive, mode);
      break;
  }
  if (problem != 0) return fail("can't create", to, problem);
  copies_.emplace(source.get(), to);
  if (rules_.keeps_all) keep_attributes(place, *source);
  return true;
}

void FileCopier::keep_attributes(const std::string& place, const Node& source) {
  ScriptRootfs& files = invocation_.files;
  files.set_owner(place, source.uid, source.gid, Follow::not_last);
  if (source.type == NodeType::symlink) return;
  files.set_mode(place, source.mode);
  files.set_mtime(place, source.mtime);
}

}  // namespace tarn::builder
