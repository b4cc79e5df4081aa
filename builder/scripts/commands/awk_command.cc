#include <string>
#include <vector>

#include "builder/scripts/commands/awk_program.h"
#include "builder/scripts/commands/awk_run.h"
#include "builder/scripts/commands/match_commands.h"
#include "builder/scripts/commands/options.h"

namespace tarn::builder {

namespace {

constexpr OptionRules rules{"+F:v:f:e:W:", "feW", {}};

}  // namespace

std::optional<std::string> unsupported_awk(KnownArguments arguments) {
  std::optional<std::string> fault;
  const auto options = parse_known_options(arguments, rules, fault);
  if (fault) return fault;
  if (options.operands.empty()) return "awk without a program";
  if (!options.operands.front()) return std::nullopt;
  try {
    parse_awk_program(*options.operands.front());
  } catch (const NotNative& reason) {
    return reason.what();
  }
  return std::nullopt;
}

int run_awk(const Invocation& invocation) {
  const auto options = parse_options(invocation, rules);
  if (options.operands.empty()) throw NotNative("awk without a program");
  const AwkProgram program = parse_awk_program(options.operands.front());
  AwkRun run(invocation, program);
  for (const auto& option : options.options) {
    const std::string& value = *option.value;
    if (option.letter == 'F') {
      if (value == "t") throw NotNative("awk: option -Ft");
      run.assign("FS", value == "\\t" ? "\t" : value);
    } else {
      const std::size_t equals = value.find('=');
      if (equals == 0 || equals == std::string::npos) throw NotNative("awk: option -v " + value);
      run.assign(value.substr(0, equals), value.substr(equals + 1));
    }
  }
  return run.run({options.operands.begin() + 1, options.operands.end()});
}

}  // namespace tarn::builder
