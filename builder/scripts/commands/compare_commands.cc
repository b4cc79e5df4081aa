#include "builder/scripts/commands/compare_commands.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <fmt/core.h>

#include "builder/scripts/commands/options.h"
#include "builder/scripts/commands/text_files.h"

namespace tarn::builder {

namespace {

constexpr OptionRules cmp_rules{"sln:", "ln", {}};
constexpr OptionRules diff_rules{"abdiL:NqrsS:tTU:uwBE", "abdiLNrSTtUuwBE", {}};

constexpr std::array<Command, 7> compare_table{{
    {"md5sum", run_digest, unsupported_digest},
    {"sha1sum", run_digest, unsupported_digest},
    {"sha256sum", run_digest, unsupported_digest},
    {"sha512sum", run_digest, unsupported_digest},
    {"cksum", run_cksum, nothing_unsupported},
    {"cmp", run_cmp, unsupported_cmp},
    {"diff", run_diff, unsupported_diff},
}};

/// Two operands, neither of which is the input or a directory.
std::pair<std::string, std::string> two_files(const Invocation& invocation,
                                              const ParsedOptions<std::string>& options) {
  const std::string& name = invocation.arguments[0];
  if (options.operands.size() != 2) throw NotNative(name + " of other than two files");
  for (const std::string& operand : options.operands) {
    const Entry* entry =
        invocation.files.find(path_of(invocation, operand), ScriptRootfs::Follow::last);
    if (operand == "-" || (entry != nullptr && entry->node->type != NodeType::file)) {
      throw NotNative(name + " of what is no file");
    }
  }
  return {options.operands[0], options.operands[1]};
}

}  // namespace

std::span<const Command> compare_commands() {
  return compare_table;
}

std::optional<std::string> unsupported_cmp(KnownArguments arguments) {
  return unsupported_option(arguments, cmp_rules);
}

int run_cmp(const Invocation& invocation) {
  const auto options = parse_options(invocation, cmp_rules);
  const bool silent = options.has('s');
  const auto [first, second] = two_files(invocation, options);
  std::string a;
  std::string b;
  for (const auto& [name, text] : {std::pair{&first, &a}, std::pair{&second, &b}}) {
    const int problem = read_operand(invocation, *name, *text);
    if (problem == 0) continue;
    if (!silent) invocation.complain(fmt::format("{}: {}", *name, error_text(problem)));
    return 2;
  }
  invocation.budget.spend_steps();
  if (a == b) return 0;
  if (silent) return 1;
  const auto different = std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first;
  const auto at = static_cast<std::size_t>(different - a.begin());
  if (at == a.size() || at == b.size()) {
    invocation.complain("EOF on " + (a.size() < b.size() ? first : second));
  } else {
    invocation.output.write(fmt::format("{} {} differ: char {}, line {}\n", first, second, at + 1,
                                        std::count(a.begin(), different, '\n') + 1));
  }
  return 1;
}

std::optional<std::string> unsupported_diff(KnownArguments arguments) {
  return unsupported_option(arguments, diff_rules);
}

int run_diff(const Invocation& invocation) {
  const auto options = parse_options(invocation, diff_rules);
  const auto [first, second] = two_files(invocation, options);
  std::string a;
  std::string b;
  for (const auto& [name, text] : {std::pair{&first, &a}, std::pair{&second, &b}}) {
    const int problem = read_operand(invocation, *name, *text);
    if (problem == 0) continue;
    invocation.complain(fmt::format("can't stat '{}': {}", *name, error_text(problem)));
    return 2;
  }
  invocation.budget.spend_steps();
  if (a == b) {
    if (options.has('s')) {
      invocation.output.write(fmt::format("Files {} and {} are identical\n", first, second));
    }
    return 0;
  }
  // Which lines a difference is told by depends on how it is searched for.
  if (!options.has('q')) throw NotNative("diff of files that differ");
  invocation.output.write(fmt::format("Files {} and {} differ\n", first, second));
  return 1;
}

}  // namespace tarn::builder
