#include <utility>

#include <fmt/format.h>

#include "apk/support/error.h"
#include "builder/scripts/shell.h"
#include "builder/scripts/shell_parser.h"
#include "builder/scripts/shell_process.h"
#include "builder/scripts/shell_program.h"
#include "builder/scripts/shell_scopes.h"

namespace tarn::builder {
namespace {

constexpr std::string_view default_path = "/sbin:/usr/sbin:/bin:/usr/bin";
constexpr int not_found = 127;
constexpr int not_executable = 126;

/// A stream that belongs to someone else.
std::shared_ptr<ScriptStream> borrowed(ScriptStream& stream) {
  return {std::shared_ptr<void>(), &stream};
}

std::string last_part(std::string_view path) {
  const auto slash = path.rfind('/');
  return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

}  // namespace

ShellState initial_shell_state(std::string name, const Environment& environment,
                               std::string directory) {
  ShellState state;
  state.name = std::move(name);
  state.directory = std::move(directory);
  using Mark = ShellVariables::Mark;
  const auto give = [&state](const std::string& variable, std::string value) {
    return state.variables.set(variable, std::move(value));
  };
  bool given = give("PATH", std::string(default_path));
  for (const auto& [variable, value] : environment) {
    given = given && give(variable, value);
    state.variables.mark(variable, Mark::exported);
  }
  given = given && give("IFS", " \t\n") && give("OPTIND", "1") && give("PWD", state.directory) &&
          give("PS4", "+ ");
  const auto* level = state.variables.value("SHLVL");
  const auto deeper = level != nullptr && level->size() == 1 && *level >= "0" && *level < "9"
                          ? std::to_string(std::stoi(*level) + 1)
                          : std::string("1");
  given = given && give("SHLVL", deeper);
  state.variables.mark("IFS", Mark::not_exported);
  state.variables.mark("PWD", Mark::exported);
  state.variables.mark("SHLVL", Mark::exported);
  return state;
}

std::optional<std::string> Shell::find_in_path(std::string_view name) const {
  const auto* path = state_.variables.value("PATH");
  if (path == nullptr) return std::nullopt;
  for (const auto& candidate : paths_for(name, *path, state_.directory)) {
    const auto* entry = world_.files.find(candidate, ScriptRootfs::Follow::last);
    if (entry != nullptr && entry->node->type == NodeType::file) return candidate;
  }
  return std::nullopt;
}

int Shell::run_program(std::span<const std::string> arguments) {
  return run_program(arguments, state_.variables.environment());
}

Program Shell::find_program(const std::string& name) const {
  if (name.find('/') != std::string::npos)
    return program_at(name.starts_with('/') ? name : state_.directory + "/" + name, world_.files);
  Program best;
  const auto* path = state_.variables.value("PATH");
  if (path == nullptr) return best;
  for (const auto& candidate : paths_for(name, *path, state_.directory)) {
    auto program = program_at(candidate, world_.files);
    if (program.runs()) return program;
    if (program.kind != Program::Kind::missing && best.kind != Program::Kind::not_executable)
      best = std::move(program);
  }
  return best;
}

int Shell::run_program(std::span<const std::string> arguments, const Environment& environment) {
  world_.budget.spend_steps();
  return execute(find_program(arguments.front()), arguments, environment);
}

int Shell::execute(const Program& program, std::span<const std::string> arguments,
                   const Environment& environment) {
  using Kind = Program::Kind;
  const auto& name = arguments.front();
  switch (program.kind) {
    case Kind::missing:
      complain(name + ": not found");
      return not_found;
    case Kind::directory:
    case Kind::not_executable:
      complain(name + ": Permission denied");
      return program.kind == Kind::directory && name.find('/') == std::string::npos
                 ? not_found
                 : not_executable;
    case Kind::script:
      return run_script_file(program, arguments, environment);
    case Kind::busybox:
    case Kind::binary:
      break;
  }
  const auto command_name = last_part(name);
  const bool busybox = program.kind == Kind::busybox;
  if (busybox && command_name == "busybox" && arguments.size() > 1 &&
      find_process_command(arguments[1]) != nullptr)
    return execute(program, arguments.subspan(1), environment);
  if (const auto* command = find_process_command(command_name); command != nullptr && busybox)
    return command->run(*this, arguments, environment);
  if (const auto* command = find_command(command_name))
    return run_command(*command, arguments, environment);
  if (program.kind == Kind::binary) throw NotNative("runs " + program.path);
  throw NotNative(command_name + " is no native command");
}

int Shell::run_script_file(const Program& program, std::span<const std::string> arguments,
                           const Environment& environment) {
  Process process;
  if (!program.interpreter.empty()) {
    const auto& interpreter = program.interpreter.front();
    if (world_.files.find(interpreter, ScriptRootfs::Follow::last) == nullptr) {
      complain(arguments.front() + ": not found");
      return not_found;
    }
    const auto shell = shell_interpreter(program.interpreter);
    if (!shell || program_at(interpreter, world_.files).kind != Program::Kind::busybox)
      throw NotNative(program.path + " runs in " + interpreter);
    for (const auto& option : shell->options)
      if (!set_process_option(process.options, option))
        throw NotNative(program.path + " runs with " + option);
  }
  // The kernel hands a script over by the path it was found at.
  process.name =
      arguments.front().find('/') != std::string::npos ? arguments.front() : program.path;
  process.speaker = process.name;
  process.arguments.assign(arguments.begin() + 1, arguments.end());
  return run_process(std::move(process), program.text, environment);
}

int Shell::run_process(Process process, std::string_view text, const Environment& environment) {
  const ScriptBudget::Level level(world_.budget);
  auto state = initial_shell_state(std::move(process.name), environment, state_.directory);
  state.speaker = std::move(process.speaker);
  state.arguments = std::move(process.arguments);
  state.options = process.options;
  state.descriptors = state_.descriptors;
  state.umask = state_.umask;
  const auto program = parse(text, process.first_line);
  return Shell(world_, std::move(state)).run_script(program);
}

int Shell::run_command(const Command& command, std::span<const std::string> arguments,
                       const Environment& environment, std::string_view title) {
  world_.budget.spend_steps();
  std::vector<std::optional<std::string>> known(arguments.begin(), arguments.end());
  if (const auto unsupported = command.unsupported(known))
    throw NotNative(fmt::format("{}: {}", command.name, *unsupported));
  auto& output = stream(1);
  const auto run = [this, arguments, &environment, &output](std::span<const std::string> inner,
                                                            ScriptStream& input) {
    if (inner.empty()) return 0;
    // Each applet has its own words for it.
    if (!find_program(inner.front()).runs())
      throw NotNative(
          fmt::format("{} is to run {}, which is no program", arguments.front(), inner.front()));
    const ScriptBudget::Level level(world_.budget);
    const SavedDescriptors saved(state_, SavedDescriptors::Kept::no);
    state_.descriptors[0] = borrowed(input);
    state_.descriptors[1] = borrowed(output);
    return run_program(inner, environment);
  };
  const Invocation invocation{arguments,     world_.files,        stream(0),    output,
                              stream(2),     state_.directory,    state_.umask, environment,
                              world_.budget, world_.surroundings, run,          title};
  return command.run(invocation);
}

}  // namespace tarn::builder
