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

constexpr std::array<LongOption, 2> touch_long = {{{"no-create", 'c'}, {"reference", 'r'}}};
constexpr OptionRules touch_rules = {"cr:d:t:hfma", "dt", touch_long};
constexpr OptionRules mkfifo_rules = {"m:", "", {}};
constexpr std::array<LongOption, 1> mktemp_long = {{{"directory", 'd'}}};
constexpr OptionRules mktemp_rules = {"dqtp:u", "", mktemp_long};

/// The part of a temporary name that is chosen.
constexpr std::string_view place_holder = "XXXXXX";
/// As many names are tried as musl tries.
constexpr int name_tries = 100;

/// The `count`-th choice for the place holder: names are the same in every build.
std::string chosen_part(int count) {
  std::string digits = fmt::format("{:06}", count);
  for (char& digit : digits) digit = static_cast<char>(digit - '0' + 'A');
  return digits;
}

bool touch_one(const Invocation& invocation, const ParsedOptions<std::string>& given,
               const std::string& operand, std::int64_t mtime) {
  ScriptRootfs& files = invocation.files;
  const std::string path = path_of(invocation, operand);
  int problem = 0;
  const auto follow = given.has('h') ? Follow::not_last : Follow::last;
  if (const Entry* const there = files.find(path, follow, &problem)) {
    const bool is_link = there->node->type == NodeType::symlink;
    const bool changes_mtime = !given.has('a') || given.has('m');
    if (changes_mtime && !is_link) files.set_mtime(path, mtime);
    return true;
  }
  if (problem == ENOENT && given.has('c')) return true;
  if (problem == ENOENT)
    problem = files.write(path, "", ScriptRootfs::Writing::append, 0666 & ~invocation.umask);
  if (problem != 0) {
    complain_of(invocation, operand, problem);
    return false;
  }
  files.set_mtime(path, mtime);
  return true;
}

/// Makes the file or folder of a template that ends in the place holder. 0 or an errno.
int make_temporary(const Invocation& invocation, std::string& path,
                   const ParsedOptions<std::string>& given) {
  ScriptRootfs& files = invocation.files;
  if (!path.ends_with(place_holder)) return EINVAL;
  const std::string stem = path.substr(0, path.size() - place_holder.size());
  for (int count = 0; count < name_tries; ++count) {
    invocation.budget.spend_steps();
    path = stem + chosen_part(count);
    const std::string place = path_of(invocation, path);
    int problem = 0;
    if (given.has('u')) {
      problem = files.find(place, Follow::not_last) == nullptr ? 0 : EEXIST;
    } else if (given.has('d')) {
      problem = files.make_directory(place, 0700 & ~invocation.umask);
    } else {
      problem = files.write(place, "", ScriptRootfs::Writing::exclusive, 0600 & ~invocation.umask);
    }
    if (problem != EEXIST) return problem;
  }
  return EEXIST;
}

}  // namespace

int run_touch(const Invocation& invocation) {
  const auto given = parse_options(invocation, touch_rules);
  if (given.operands.empty()) throw NotNative("touch: its usage text");
  std::int64_t mtime = invocation.files.now();
  if (const auto* const reference = given.value('r')) {
    int problem = 0;
    const auto follow = given.has('h') ? Follow::not_last : Follow::last;
    const Entry* const entry =
        invocation.files.find(path_of(invocation, *reference), follow, &problem);
    if (entry == nullptr) {
      invocation.complain(fmt::format("can't stat '{}': {}", *reference, error_text(problem)));
      return 1;
    }
    mtime = entry->node->mtime;
  }
  int status = 0;
  for (const auto& operand : given.operands) {
    invocation.budget.spend_steps();
    if (!touch_one(invocation, given, operand, mtime)) status = 1;
  }
  return status;
}

std::optional<std::string> touch_unsupported(KnownArguments arguments) {
  return unsupported_option(arguments, touch_rules);
}

int run_mkfifo(const Invocation& invocation) {
  const auto given = parse_options(invocation, mkfifo_rules);
  if (given.operands.size() != 1) throw NotNative("mkfifo: its usage text");
  const std::string path = path_of(invocation, given.operands.front());
  std::optional<std::uint32_t> mode;
  if (const auto* const text = given.value('m')) {
    mode = apply_mode(*text, 0666, invocation.umask, false);
    if (!mode) throw NotNative(fmt::format("mkfifo: mode '{}'", *text));
  }
  const int problem = invocation.files.make_fifo(path, mode ? *mode : 0666 & ~invocation.umask);
  if (problem != 0) complain_of(invocation, given.operands.front(), problem);
  return problem == 0 ? 0 : 1;
}

std::optional<std::string> mkfifo_unsupported(KnownArguments arguments) {
  return unsupported_option(arguments, mkfifo_rules);
}

int run_mktemp(const Invocation& invocation) {
  const auto given = parse_options(invocation, mktemp_rules);
  if (given.operands.size() > 1) throw NotNative("mktemp: its usage text");
  std::string folder = "/tmp";
  const auto set = invocation.environment.find("TMPDIR");
  if (set != invocation.environment.end() && !set->second.empty()) folder = set->second;
  if (given.value('p') != nullptr) folder = *given.value('p');
  const bool is_joined = given.operands.empty() || given.has('t') || given.has('p');
  std::string path = given.operands.empty() ? "tmp.XXXXXX" : given.operands.front();
  if (is_joined) path = join_path(folder, path);
  const int problem = make_temporary(invocation, path, given);
  if (problem != 0) {
    if (!given.has('q')) invocation.complain(error_text(problem));
    return 1;
  }
  invocation.output.write(path + "\n");
  return 0;
}

std::optional<std::string> mktemp_unsupported(KnownArguments arguments) {
  return unsupported_option(arguments, mktemp_rules);
}

}  // namespace tarn::builder
