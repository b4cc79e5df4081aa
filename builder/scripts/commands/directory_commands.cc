#include <algorithm>
#include <array>
#include <cerrno>

#include <fmt/core.h>

#include "builder/scripts/commands/file_access.h"
#include "builder/scripts/commands/file_commands.h"
#include "builder/scripts/commands/file_mode.h"
#include "builder/scripts/commands/options.h"

namespace tarn::builder {
namespace {

using Follow = ScriptRootfs::Follow;

constexpr std::array<LongOption, 2> mkdir_long = {{{"mode", 'm'}, {"parents", 'p'}}};
constexpr OptionRules mkdir_rules = {"m:pv", "v", mkdir_long};
constexpr std::array<LongOption, 2> rmdir_long = {
    {{"parents", 'p'}, {"ignore-fail-on-non-empty", 'i'}}};
/// 'i' stands for the long option, which has no letter.
constexpr OptionRules rmdir_rules = {"pi", "", rmdir_long};

/// Owners may always go on in the parents that are made for them.
constexpr std::uint32_t owner_write_search = 0300;

/// Makes one directory; whether it is new is told in `is_new`.
bool make_one(const Invocation& invocation, const std::string& path, std::uint32_t mode,
              DirectoryWish::Parents parents, bool& is_new) {
  const std::string place = path_of(invocation, path);
  int problem = invocation.files.make_directory(place, mode);
  is_new = problem == 0;
  if (is_new) return true;
  if (problem == EEXIST && parents == DirectoryWish::Parents::made) {
    int reason = 0;
    const Entry* const there = invocation.files.find(place, Follow::last, &reason);
    if (there != nullptr && there->node->type == NodeType::directory) return true;
    if (there == nullptr) problem = reason;
  }
  invocation.complain(fmt::format("can't create directory '{}': {}", path, error_text(problem)));
  return false;
}

/// A path without its last part, as dirname has it: "." for a name alone.
std::string parent_of(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  const auto slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  path = path.substr(0, slash);
  while (path.ends_with('/')) path.remove_suffix(1);
  return path.empty() ? "/" : std::string(path);
}

bool remove_one(const Invocation& invocation, const std::string& path, bool ignores_full) {
  const int problem = invocation.files.remove_directory(path_of(invocation, path));
  if (problem == 0) return true;
  if (problem != ENOTEMPTY || !ignores_full)
    invocation.complain(fmt::format("'{}': {}", path, error_text(problem)));
  else
    return true;
  return false;
}

}  // namespace

bool is_directory(const Invocation& invocation, const std::string& operand) {
  const Entry* const entry = invocation.files.find(path_of(invocation, operand), Follow::last);
  return entry != nullptr && entry->node->type == NodeType::directory;
}

bool make_directories(const Invocation& invocation, const std::string& path,
                      const DirectoryWish& wish) {
  if (path == "." || path == "/") return true;
  const bool makes_parents = wish.parents == DirectoryWish::Parents::made;
  // Prefixes are tried with the '/' that follows them.
  std::size_t end = 0;
  bool is_new = false;
  for (;;) {
    invocation.budget.spend_steps();
    if (makes_parents) {
      end = path.find('/', path.find_first_not_of('/', end));
      end = end == std::string::npos ? path.size() : path.find_first_not_of('/', end);
    }
    const bool is_last = !makes_parents || end >= path.size();
    const std::string part = is_last ? path : path.substr(0, end);
    const std::uint32_t umask = is_last ? invocation.umask : invocation.umask & ~owner_write_search;
    if (!make_one(invocation, part, 0777 & ~umask, wish.parents, is_new)) return false;
    if (is_last) break;
  }
  if (is_new && wish.mode) invocation.files.set_mode(path_of(invocation, path), *wish.mode);
  return true;
}

int run_mkdir(const Invocation& invocation) {
  const auto given = parse_options(invocation, mkdir_rules);
  if (given.operands.empty()) throw NotNative("mkdir: its usage text");
  DirectoryWish wish;
  if (const auto* const text = given.value('m')) {
    wish.mode = apply_mode(*text, 0777, invocation.umask, true);
    if (!wish.mode) {
      invocation.complain(fmt::format("invalid mode '{}'", *text));
      return 1;
    }
  }
  if (given.has('p')) wish.parents = DirectoryWish::Parents::made;
  int status = 0;
  for (const auto& operand : given.operands)
    if (!make_directories(invocation, operand, wish)) status = 1;
  return status;
}

std::optional<std::string> mkdir_unsupported(KnownArguments arguments) {
  return unsupported_option(arguments, mkdir_rules);
}

int run_rmdir(const Invocation& invocation) {
  if (std::find(invocation.arguments.begin(), invocation.arguments.end(), "-i") !=
      invocation.arguments.end())
    throw NotNative("rmdir: option -i");
  const auto given = parse_options(invocation, rmdir_rules);
  if (given.operands.empty()) throw NotNative("rmdir: its usage text");
  int status = 0;
  for (std::string path : given.operands) {
    for (;;) {
      invocation.budget.spend_steps();
      if (!remove_one(invocation, path, given.has('i'))) {
        status = 1;
        break;
      }
      if (!given.has('p')) break;
      path = parent_of(path);
      if (path == ".") break;
    }
  }
  return status;
}

std::optional<std::string> rmdir_unsupported(KnownArguments arguments) {
  for (const auto& argument : arguments)
    if (argument == "-i") return "option -i";
  return unsupported_option(arguments, rmdir_rules);
}

}  // namespace tarn::builder
