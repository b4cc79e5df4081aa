#include <algorithm>
#include <cerrno>
#include <map>
#include <string>
#include <vector>

#include <fmt/core.h>

#include "builder/scripts/commands/match_commands.h"
#include "builder/scripts/commands/options.h"
#include "builder/scripts/commands/sed_program.h"
#include "builder/scripts/commands/sed_run.h"
#include "builder/scripts/commands/text_files.h"

namespace tarn::builder {

namespace {

constexpr LongOption long_options[] = {{"expression", 'e'}, {"file", 'f'},
                                       {"quiet", 'n'},      {"silent", 'n'},
                                       {"in-place", 'i'},   {"regexp-extended", 'r'}};
constexpr OptionRules rules{"i::rEne:f:", {}, long_options};

RegularExpression::Syntax syntax_of(bool extended) {
  return extended ? RegularExpression::Syntax::extended : RegularExpression::Syntax::basic;
}

/// Reads the program; what is none is not for us to complain of.
SedProgram parse_or_refuse(const std::vector<std::string>& parts, bool extended) {
  try {
    return parse_sed_program(parts, syntax_of(extended));
  } catch (const BadSedProgram& bad) {
    throw NotNative(fmt::format("sed: {}", bad.what()));
  } catch (const RegularExpression::BadPattern& bad) {
    throw NotNative("sed: a regular expression that is none: " + bad.complaint);
  }
}

/// The parts of the program; the first operand, when it is one, is taken away.
std::vector<std::string> program_parts(const Invocation& invocation,
                                       ParsedOptions<std::string>& options) {
  std::vector<std::string> parts;
  for (const auto& option : options.options) {
    if (option.letter == 'e') parts.push_back(*option.value);
  }
  for (const auto& option : options.options) {
    if (option.letter != 'f') continue;
    std::string text;
    if (read_operand(invocation, *option.value, text) != 0) {
      throw NotNative("sed: a program that cannot be read");
    }
    if (text.ends_with('\n')) text.pop_back();
    parts.push_back(text);
  }
  if (options.has('e') || options.has('f')) return parts;
  if (options.operands.empty()) throw NotNative("sed without a program");
  parts.push_back(options.operands.front());
  options.operands.erase(options.operands.begin());
  return parts;
}

/// Puts a new file of that text in the place of `name`, as sed -i does: a link is replaced by a
/// file, and a file of several names gets one of its own.
void replace_file(const Invocation& invocation, const std::string& name, const std::string& text,
                  const std::string& suffix) {
  ScriptRootfs& files = invocation.files;
  const std::string path = invocation.absolute(name);
  const Node node = *files.find(path, ScriptRootfs::Follow::last)->node;
  const std::string fresh = path + "XXXXXX";
  const auto demand = [](int problem) {
    if (problem != 0) throw NotNative(fmt::format("sed -i: {}", error_text(problem)));
  };
  demand(files.write(fresh, text, ScriptRootfs::Writing::exclusive, 0600));
  demand(files.set_mode(fresh, node.mode));
  demand(files.set_owner(fresh, node.uid, node.gid, ScriptRootfs::Follow::last));
  if (!suffix.empty()) demand(files.rename(path, path + suffix));
  demand(files.rename(fresh, path));
}

int edit_in_place(const Invocation& invocation, SedRun& run,
                  const ParsedOptions<std::string>& options) {
  const std::string* suffix = options.value('i');
  bool failed = false;
  for (const std::string& operand : options.operands) {
    std::string text;
    const int problem = operand == "-" ? ENOENT : read_operand(invocation, operand, text);
    if (problem == EISDIR) throw NotNative("sed -i of a directory");
    if (problem != 0) {
      invocation.complain(fmt::format("{}: {}", operand, error_text(problem)));
      failed = true;
      continue;
    }
    std::string out;
    run.process({{text, ""}}, out);
    replace_file(invocation, operand, out, suffix == nullptr ? "" : *suffix);
  }
  return failed ? 1 : 0;
}

}  // namespace

std::optional<std::string> unsupported_sed(KnownArguments arguments) {
  std::optional<std::string> fault;
  const auto options = parse_known_options(arguments, rules, fault);
  if (fault) return fault;
  // A part that is not known yet may be the other half of one that is.
  std::vector<std::string> parts;
  for (const auto& option : options.options) {
    if (option.letter == 'f') return std::nullopt;
    if (option.letter != 'e') continue;
    if (!option.value || !*option.value) return std::nullopt;
    parts.push_back(**option.value);
  }
  if (!options.has('e')) {
    if (options.operands.empty()) return "sed without a program";
    if (!options.operands.front()) return std::nullopt;
    parts.push_back(*options.operands.front());
  }
  try {
    parse_or_refuse(parts, options.has('r') || options.has('E'));
  } catch (const NotNative& reason) {
    return reason.what();
  }
  return std::nullopt;
}

int run_sed(const Invocation& invocation) {
  auto options = parse_options(invocation, rules);
  const std::vector<std::string> parts = program_parts(invocation, options);
  const SedProgram program = parse_or_refuse(parts, options.has('r') || options.has('E'));
  SedRun run(invocation, program, options.has('n'));
  int status = 0;
  if (options.has('i')) {
    if (options.operands.empty()) throw NotNative("sed -i without a file");
    status = edit_in_place(invocation, run, options);
  } else {
    if (options.operands.empty()) options.operands.emplace_back("-");
    const auto& names = options.operands;
    if (names.size() > 1 && std::find(names.begin(), names.end(), "-") != names.end()) {
      throw NotNative("sed: the input among files");
    }
    std::vector<SedRun::Source> sources;
    for (const std::string& name : names) {
      SedRun::Source source;
      const int problem = read_operand(invocation, name, source.text);
      // A directory can be opened, and is then as an empty file.
      if (problem != 0 && problem != EISDIR) {
        source.complaint = fmt::format("{}: {}", name, error_text(problem));
      }
      sources.push_back(std::move(source));
    }
    std::string out;
    if (!run.process(sources, out)) status = 1;
    if (!flush(invocation, out)) status = 1;
  }
  run.write_files();
  return status;
}

}  // namespace tarn::builder
