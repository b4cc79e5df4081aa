#include <cerrno>

#include <fmt/core.h>

#include "builder/scripts/commands/file_access.h"
#include "builder/scripts/commands/file_commands.h"
#include "builder/scripts/commands/options.h"

namespace tarn::builder {
namespace {

using Follow = ScriptRootfs::Follow;

constexpr OptionRules basename_rules = {"+as:", "", {}};
constexpr OptionRules no_options = {"", "", {}};
constexpr OptionRules readlink_rules = {"fnv", "v", {}};

/// The last part without a suffix, unless it is that suffix alone.
std::string base_name(const std::string& path, const std::string& suffix) {
  std::string name = last_part(path);
  if (name.size() > suffix.size() && name.ends_with(suffix))
    name.resize(name.size() - suffix.size());
  return name;
}

std::string folder_name(std::string_view path) {
  const auto trim = [&path] {
    while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  };
  trim();
  const auto slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  path = path.substr(0, slash + 1);
  trim();
  return std::string(path);
}

/// Where an operand really lies; its last part may be missing. Empty, with an errno, when it
/// cannot be told.
std::string real_path_of(const Invocation& invocation, const std::string& operand, int& problem) {
  const ScriptRootfs& files = invocation.files;
  std::string path = path_of(invocation, operand);
  if (files.find(path, Follow::last, &problem) != nullptr) return files.real_path(path);
  if (problem != ENOENT) return {};
  // A missing name must stand in a folder that is named.
  const auto name_end = operand.find_last_not_of('/');
  const bool is_bare =
      name_end != std::string::npos && operand.rfind('/', name_end) == std::string::npos;
  if (is_bare && files.find(path, Follow::not_last) == nullptr) return {};
  if (!path.ends_with('/')) return files.real_path(path);
  // A missing name that ends in '/' is taken without it, and then even a link stays as it is.
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  const std::string name = last_part(path);
  const std::string folder = folder_name(path);
  if (!is_directory(invocation, folder)) return {};
  return join_path(files.real_path(folder), name);
}

}  // namespace

int run_basename(const Invocation& invocation) {
  const auto given = parse_options(invocation, basename_rules);
  const auto& operands = given.operands;
  const bool takes_all = given.has('a') || given.has('s');
  if (operands.empty() || (!takes_all && operands.size() > 2))
    throw NotNative("basename: its usage text");
  std::string suffix = given.value('s') == nullptr ? std::string() : *given.value('s');
  if (!takes_all && operands.size() == 2) suffix = operands[1];
  const std::size_t count = takes_all ? operands.size() : 1;
  for (std::size_t at = 0; at < count; ++at)
    invocation.output.write(base_name(operands[at], suffix) + "\n");
  return 0;
}

std::optional<std::string> basename_unsupported(KnownArguments arguments) {
  return unsupported_option(arguments, basename_rules);
}

int run_dirname(const Invocation& invocation) {
  const auto given = parse_options(invocation, no_options);
  if (given.operands.size() != 1) throw NotNative("dirname: its usage text");
  invocation.output.write(folder_name(given.operands.front()) + "\n");
  return 0;
}

std::optional<std::string> dirname_unsupported(KnownArguments arguments) {
  return unsupported_option(arguments, no_options);
}

int run_readlink(const Invocation& invocation) {
  const auto given = parse_options(invocation, readlink_rules);
  if (given.operands.size() != 1) throw NotNative("readlink: its usage text");
  const std::string& operand = given.operands.front();
  std::string text;
  if (given.has('f')) {
    int problem = 0;
    text = real_path_of(invocation, operand, problem);
    if (text.empty()) return 1;
  } else {
    const Entry* const entry =
        invocation.files.find(path_of(invocation, operand), Follow::not_last);
    if (entry == nullptr || entry->node->type != NodeType::symlink) return 1;
    text = entry->node->target;
  }
  invocation.output.write(text + (given.has('n') ? "" : "\n"));
  return 0;
}

std::optional<std::string> readlink_unsupported(KnownArguments arguments) {
  return unsupported_option(arguments, readlink_rules);
}

int run_realpath(const Invocation& invocation) {
  const auto given = parse_options(invocation, no_options);
  if (given.operands.empty()) throw NotNative("realpath: its usage text");
  int status = 0;
  for (const auto& operand : given.operands) {
    int problem = 0;
    const std::string path = real_path_of(invocation, operand, problem);
    if (!path.empty()) {
      invocation.output.write(path + "\n");
      continue;
    }
    complain_of(invocation, operand, problem);
    status = 1;
  }
  return status;
}

std::optional<std::string> realpath_unsupported(KnownArguments arguments) {
  return unsupported_option(arguments, no_options);
}

}  // namespace tarn::builder
