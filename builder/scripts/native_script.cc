#include "builder/scripts/native_script.h"

#include <memory>
#include <utility>

#include "apk/support/error.h"
#include "builder/scripts/shell.h"
#include "builder/scripts/shell_parser.h"
#include "builder/scripts/shell_process.h"
#include "builder/scripts/shell_program.h"
#include "builder/scripts/shell_streams.h"

namespace tarn::builder {
namespace {

constexpr int cannot_be_executed = 127;

ShellProgram parse_or_refuse(const std::string& text) {
  try {
    return parse_script(text);
  } catch (const Error& error) {
    throw NotNative(error.message());
  }
}

}  // namespace

ScriptResult run_native(const ScriptCall& call, ScriptRootfs& files,
                        const ScriptSurroundings& surroundings, const ScriptLimits& limits) {
  const auto line = interpreter_line(call.text);
  if (line.empty() || files.find(line.front(), ScriptRootfs::Follow::last) == nullptr)
    return {cannot_be_executed, {}};
  const auto interpreter = shell_interpreter(line);
  if (!interpreter || program_at(line.front(), files).kind != Program::Kind::busybox)
    throw NotNative("the script runs in " + line.front());
  ScriptBudget budget(limits);
  budget.spend_octets(call.text.size());
  const auto program = parse_or_refuse(call.text);
  auto state =
      initial_shell_state(call.name, {call.environment.begin(), call.environment.end()}, "/");
  state.speaker = call.name;
  state.arguments = call.arguments;
  for (const auto& option : interpreter->options)
    if (!set_process_option(state.options, option)) throw NotNative("the option " + option);
  const auto output = std::make_shared<TextStream>(budget);
  state.descriptors[0] = std::make_shared<NullStream>();
  state.descriptors[1] = output;
  state.descriptors[2] = output;
  Shell shell({files, surroundings, budget}, std::move(state));
  const auto status = shell.run_script(program);
  return {status, output->take_text()};
}

}  // namespace tarn::builder
