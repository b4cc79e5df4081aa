#include <array>
#include <cerrno>

#include <fmt/core.h>

#include "builder/scripts/commands/file_access.h"
#include "builder/scripts/commands/file_commands.h"
#include "builder/scripts/commands/file_copy.h"
#include "builder/scripts/commands/options.h"
#include "builder/scripts/commands/tree_visit.h"

namespace tarn::builder {
namespace {

using Follow = ScriptRootfs::Follow;

constexpr std::array<LongOption, 2> cp_long = {{{"recursive", 'r'}, {"force", 'f'}}};
constexpr OptionRules cp_rules = {"arRPLHpdfinlsTt:uv", "iuv", cp_long};
constexpr std::array<LongOption, 1> mv_long = {{{"force", 'f'}}};
constexpr OptionRules mv_rules = {"fint:Tv", "iv", mv_long};
constexpr OptionRules rm_rules = {"irRfv", "iv", {}};
constexpr OptionRules ln_rules = {"sfnbS:vT", "bSv", {}};

const Entry* find_plain(const Invocation& invocation, const std::string& operand) {
  return invocation.files.find(path_of(invocation, operand), Follow::not_last);
}

/// Sources and goal of cp and mv, from the operands and -t.
struct Transfer {
  std::vector<std::string> sources;
  std::string goal;
  bool into_directory = false;  ///< the goal is joined with each source's last part
};

std::optional<Transfer> read_transfer(const Invocation& invocation,
                                      const ParsedOptions<std::string>& given) {
  Transfer transfer{given.operands, {}, true};
  const bool has_folder = given.value('t') != nullptr;
  const std::string& name = invocation.arguments.front();
  if (has_folder && given.has('T')) throw NotNative(name + ": options -t and -T");
  if (transfer.sources.size() < (has_folder ? 1 : 2)) throw NotNative(name + ": its usage text");
  if (has_folder) {
    transfer.goal = *given.value('t');
    return transfer;
  }
  transfer.goal = transfer.sources.back();
  transfer.sources.pop_back();
  if (transfer.sources.size() > 1) {
    if (given.has('T')) throw NotNative(name + ": its usage text");
    return transfer;
  }
  int problem = 0;
  const Entry* const there =
      invocation.files.find(path_of(invocation, transfer.goal), Follow::last, &problem);
  if (there == nullptr && problem != ENOENT) {
    invocation.complain(fmt::format("can't stat '{}': {}", transfer.goal, error_text(problem)));
    return std::nullopt;
  }
  transfer.into_directory =
      there != nullptr && there->node->type == NodeType::directory && !given.has('T');
  return transfer;
}

CopyRules read_copy_rules(const ParsedOptions<std::string>& given) {
  CopyRules rules;
  rules.is_recursive = given.has('a') || given.has('r') || given.has('R');
  rules.keeps_all = given.has('a') || given.has('p');
  const bool keeps_links = given.has('a') || given.has('d') || given.has('P');
  if (given.has('L'))
    rules.follow = CopyRules::Follow::all;
  else if (given.has('H') || !(rules.is_recursive || keeps_links))
    rules.follow = CopyRules::Follow::operands;
  if (given.has('l')) rules.make = CopyRules::Make::hard_link;
  if (given.has('s')) rules.make = CopyRules::Make::symlink;
  return rules;
}

/// For one source and one goal: a folder goes into the goal unless a tree is made of it, and with
/// -T only a folder may take the place of one. False, complained of, when the latter fails.
bool settle_single_copy(const Invocation& invocation, const ParsedOptions<std::string>& given,
                        const CopyRules& rules, Transfer& transfer) {
  const auto follow = rules.follow == CopyRules::Follow::none ? Follow::not_last : Follow::last;
  const Entry* const source =
      invocation.files.find(path_of(invocation, transfer.sources.front()), follow);
  const bool is_folder = source != nullptr && source->node->type == NodeType::directory;
  const bool has_goal =
      invocation.files.find(path_of(invocation, transfer.goal), Follow::last) != nullptr;
  if (!given.has('T')) {
    if (is_folder && (!rules.is_recursive || has_goal)) transfer.into_directory = true;
    return true;
  }
  if (source == nullptr || is_folder || !is_directory(invocation, transfer.goal)) return true;
  invocation.complain(fmt::format("'{}' is a directory", transfer.goal));
  return false;
}

/// Removes a file or, if asked, a tree, with rm's complaints.
bool remove_operand(const Invocation& invocation, std::string path, bool is_forced,
                    bool is_recursive) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  const std::string name = last_part(path);
  if (name == "." || name == "..") {
    invocation.complain("can't remove '.' or '..'");
    return false;
  }
  int problem = 0;
  const Entry* const there =
      invocation.files.find(path_of(invocation, path), Follow::not_last, &problem);
  if (there == nullptr) {
    if (problem == ENOENT && is_forced) return true;
    invocation.complain(fmt::format("can't {} '{}': {}", problem == ENOENT ? "remove" : "stat",
                                    path, error_text(problem)));
    return false;
  }
  if (there->node->type == NodeType::directory) {
    if (!is_recursive) {
      invocation.complain(fmt::format("'{}' is a directory", path));
      return false;
    }
    if (path_of(invocation, path) == "/" ||
        invocation.files.real_path(path_of(invocation, path)) == "/")
      throw NotNative("rm: the root");
    remove_tree(invocation, path);
    return true;
  }
  const int refused = invocation.files.remove_file(path_of(invocation, path));
  if (refused != 0)
    invocation.complain(fmt::format("can't remove '{}': {}", path, error_text(refused)));
  return refused == 0;
}

/// Makes one link; false when it failed, nothing when ln stops at once.
std::optional<bool> make_one_link(const Invocation& invocation,
                                  const ParsedOptions<std::string>& given,
                                  const std::string& target, std::string path) {
  ScriptRootfs& files = invocation.files;
  const auto follow = given.has('n') ? Follow::not_last : Follow::last;
  const Entry* const there = files.find(path_of(invocation, path), follow);
  if (there != nullptr && there->node->type == NodeType::directory) {
    if (given.has('T')) {
      invocation.complain(fmt::format("'{}' is a directory", path));
      return std::nullopt;
    }
    path = join_path(path, last_part(target));
  }
  if (!given.has('s')) {
    int problem = 0;
    if (files.find(path_of(invocation, target), Follow::not_last, &problem) == nullptr) {
      complain_of(invocation, target, problem);
      return false;
    }
  }
  const std::string place = path_of(invocation, path);
  if (given.has('f')) files.remove_file(place);
  const int problem = given.has('s') ? files.make_symlink(target, place)
                                     : files.make_link(path_of(invocation, target), place);
  if (problem != 0) complain_of(invocation, path, problem);
  return problem == 0;
}

}  // namespace

int run_cp(const Invocation& invocation) {
  const auto given = parse_options(invocation, cp_rules);
  auto transfer = read_transfer(invocation, given);
  if (!transfer) return 1;
  const CopyRules rules = read_copy_rules(given);
  if (given.operands.size() == 2 && given.value('t') == nullptr)
    if (!settle_single_copy(invocation, given, rules, *transfer)) return 1;
  FileCopier copier(invocation, rules);
  int status = 0;
  for (const auto& source : transfer->sources) {
    const std::string goal =
        transfer->into_directory ? join_path(transfer->goal, last_part(source)) : transfer->goal;
    if (given.has('n') && find_plain(invocation, goal) != nullptr) {
      if (rules.is_recursive) throw NotNative("cp: options -r and -n");
      continue;
    }
    if (!copier.copy(source, goal)) status = 1;
  }
  return status;
}

std::optional<std::string> cp_unsupported(KnownArguments arguments) {
  return unsupported_option(arguments, cp_rules);
}

int run_mv(const Invocation& invocation) {
  const auto given = parse_options(invocation, mv_rules);
  const auto transfer = read_transfer(invocation, given);
  if (!transfer) return 1;
  int status = 0;
  for (const auto& source : transfer->sources) {
    invocation.budget.spend_steps();
    const std::string goal =
        transfer->into_directory ? join_path(transfer->goal, last_part(source)) : transfer->goal;
    if (given.has('n') && find_plain(invocation, goal) != nullptr) continue;
    const Entry* const entry = find_plain(invocation, source);
    if (given.has('T') && entry != nullptr && entry->node->type != NodeType::directory &&
        is_directory(invocation, goal)) {
      invocation.complain(fmt::format("'{}' is a directory", goal));
      return 1;
    }
    const int problem =
        invocation.files.rename(path_of(invocation, source), path_of(invocation, goal));
    if (problem == 0) continue;
    invocation.complain(fmt::format("can't rename '{}': {}", source, error_text(problem)));
    status = 1;
  }
  return status;
}

std::optional<std::string> mv_unsupported(KnownArguments arguments) {
  return unsupported_option(arguments, mv_rules);
}

int run_rm(const Invocation& invocation) {
  const auto given = parse_options(invocation, rm_rules);
  if (given.operands.empty() && !given.has('f')) throw NotNative("rm: its usage text");
  int status = 0;
  for (const auto& operand : given.operands) {
    invocation.budget.spend_steps();
    if (!remove_operand(invocation, operand, given.has('f'), given.has('r') || given.has('R')))
      status = 1;
  }
  return status;
}

std::optional<std::string> rm_unsupported(KnownArguments arguments) {
  return unsupported_option(arguments, rm_rules);
}

int run_ln(const Invocation& invocation) {
  auto given = parse_options(invocation, ln_rules);
  if (given.operands.empty()) throw NotNative("ln: its usage text");
  if (given.has('T') && given.operands.size() != 2) throw NotNative("ln: option -T");
  std::string last = last_part(given.operands.back());
  if (given.operands.size() > 1) {
    last = given.operands.back();
    given.operands.pop_back();
  }
  int status = 0;
  for (const auto& target : given.operands) {
    invocation.budget.spend_steps();
    const auto made = make_one_link(invocation, given, target, last);
    if (!made) return 1;
    if (!*made) status = 1;
  }
  return status;
}

std::optional<std::string> ln_unsupported(KnownArguments arguments) {
  return unsupported_option(arguments, ln_rules);
}

}  // namespace tarn::builder
