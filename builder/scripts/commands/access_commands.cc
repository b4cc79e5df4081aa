#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "builder/scripts/commands/account_file.h"
#include "builder/scripts/commands/file_access.h"
#include "builder/scripts/commands/file_commands.h"
#include "builder/scripts/commands/file_mode.h"
#include "builder/scripts/commands/options.h"
#include "builder/scripts/commands/owner_text.h"
#include "builder/scripts/commands/tree_visit.h"

namespace tarn::builder {
namespace {

using Follow = ScriptRootfs::Follow;

constexpr OptionRules chmod_rules = {"Rcvf", "", {}};
constexpr std::array<LongOption, 1> chown_long = {{{"no-dereference", 'h'}}};
constexpr OptionRules chown_rules = {"RhLHPcvf", "cv", chown_long};

/// Whether an argument is a mode such as "-x", which getopt would take for an option.
bool is_dashed_mode(std::string_view argument) {
  return argument.size() > 1 && argument.front() == '-' &&
         argument.find_first_not_of("rwxXstugo,=+-", 1) == std::string_view::npos &&
         argument[1] != '-';
}

/// Takes a dashed mode out of the arguments before the first operand.
template <typename Text>
std::optional<std::string> take_dashed_mode(std::vector<Text>& arguments) {
  for (auto argument = arguments.begin() + 1; argument != arguments.end(); ++argument) {
    const std::optional<std::string> known(*argument);
    if (!known || !known->starts_with('-') || *known == "--") break;
    if (!is_dashed_mode(*known)) continue;
    arguments.erase(argument);
    return known;
  }
  return std::nullopt;
}

class ModeChange {
 public:
  ModeChange(const Invocation& invocation, const ParsedOptions<std::string>& given,
             std::string mode)
      : invocation_(invocation), given_(given), mode_(std::move(mode)) {}

  /// Changes one entry, a link's target.
  bool apply(const std::string& path) {
    const std::string place = path_of(invocation_, path);
    int problem = 0;
    const Entry* const entry = invocation_.files.find(place, Follow::last, &problem);
    if (entry == nullptr) {
      complain_of(invocation_, path, problem);
      return false;
    }
    const Node& node = *entry->node;
    const auto before = node.mode;
    const auto mode =
        apply_mode(mode_, before, invocation_.umask, node.type == NodeType::directory);
    if (!mode) throw NotNative(fmt::format("chmod: mode '{}'", mode_));
    invocation_.files.set_mode(place, *mode);
    if (given_.has('v') || (given_.has('c') && *mode != before))
      invocation_.output.write(
          fmt::format("mode of '{}' changed to {:04o} ({})\n", path, *mode, mode_letters(*mode)));
    return true;
  }

  /// Changes all below, too; a link is not gone through, and below it is left alone.
  bool apply_below(const std::string& path) {
    return visit_tree(
        invocation_, path, TreeOrder::folder_first, TreeLinks::none,
        [&](const std::string& place, const Entry& entry) {
          return (entry.node->type == NodeType::symlink && place != path) || apply(place);
        },
        [&](const std::string& place, int problem) { complain_of(invocation_, place, problem); });
  }

 private:
  const Invocation& invocation_;
  const ParsedOptions<std::string>& given_;
  std::string mode_;
};

int change_owners(const Invocation& invocation, const ParsedOptions<std::string>& given,
                  const OwnerNumbers& owner) {
  const bool follows_all = given.has('R') && given.has('L');
  const auto own_follow =
      given.has('h') || (given.has('R') && !follows_all) ? Follow::not_last : Follow::last;
  auto links = TreeLinks::none;
  if (given.has('H')) links = TreeLinks::operand;
  if (given.has('L')) links = TreeLinks::all;
  const auto apply = [&](const std::string& path, Follow follow) {
    const int problem =
        invocation.files.set_owner(path_of(invocation, path), owner.uid, owner.gid, follow);
    if (problem != 0) complain_of(invocation, path, problem);
    return problem == 0;
  };
  bool succeeded = true;
  for (const auto& operand : std::span(given.operands).subspan(1)) {
    if (!given.has('R')) {
      succeeded = apply(operand, own_follow) && succeeded;
      continue;
    }
    succeeded = visit_tree(
                    invocation, operand, TreeOrder::folder_last, links,
                    [&](const std::string& path, const Entry&) {
                      const bool is_top_link = path == operand && links == TreeLinks::operand;
                      return apply(path, is_top_link ? Follow::last : own_follow);
                    },
                    [&](const std::string& path, int problem) {
                      complain_of(invocation, path, problem);
                    }) &&
                succeeded;
  }
  return succeeded ? 0 : 1;
}

ParsedOptions<std::string> read_owner_options(const Invocation& invocation) {
  auto given = parse_options(invocation, chown_rules);
  if (given.operands.size() < 2) throw NotNative(invocation.arguments.front() + ": its usage text");
  const int kinds = (given.has('L') ? 1 : 0) + (given.has('H') ? 1 : 0) + (given.has('P') ? 1 : 0);
  if (kinds > 1 || (given.has('h') && (given.has('L') || given.has('H'))))
    throw NotNative(invocation.arguments.front() + ": several ways to follow links");
  return given;
}

}  // namespace

int run_chmod(const Invocation& invocation) {
  std::vector<std::string> arguments(invocation.arguments.begin(), invocation.arguments.end());
  const auto dashed = take_dashed_mode(arguments);
  auto given = parse_options(arguments, chmod_rules);
  if (dashed) given.operands.insert(given.operands.begin(), *dashed);
  if (given.operands.size() < 2) throw NotNative("chmod: its usage text");
  const std::string& mode = given.operands.front();
  if (!apply_mode(mode, 0, invocation.umask, false)) {
    invocation.complain(fmt::format("invalid mode '{}'", mode));
    return 1;
  }
  ModeChange change(invocation, given, mode);
  bool succeeded = true;
  for (const auto& operand : std::span(given.operands).subspan(1)) {
    invocation.budget.spend_steps();
    succeeded = (given.has('R') ? change.apply_below(operand) : change.apply(operand)) && succeeded;
  }
  return succeeded ? 0 : 1;
}

std::optional<std::string> chmod_unsupported(KnownArguments arguments) {
  std::vector<std::optional<std::string>> others(arguments.begin(), arguments.end());
  take_dashed_mode(others);
  return unsupported_option(others, chmod_rules);
}

int run_chown(const Invocation& invocation) {
  const auto given = read_owner_options(invocation);
  const auto owner = parse_owner(invocation, given.operands.front());
  return owner ? change_owners(invocation, given, *owner) : 1;
}

std::optional<std::string> chown_unsupported(KnownArguments arguments) {
  return unsupported_option(arguments, chown_rules);
}

int run_chgrp(const Invocation& invocation) {
  const auto given = read_owner_options(invocation);
  const auto gid = parse_group(invocation, given.operands.front());
  if (!gid) return 1;
  return change_owners(invocation, given, {ScriptRootfs::same_owner, *gid});
}

std::optional<std::string> chgrp_unsupported(KnownArguments arguments) {
  return unsupported_option(arguments, chown_rules);
}

}  // namespace tarn::builder
