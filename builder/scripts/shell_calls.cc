#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "builder/scripts/shell.h"
#include "builder/scripts/shell_builtins.h"
#include "builder/scripts/shell_lexer.h"
#include "builder/scripts/shell_scopes.h"

namespace tarn::builder {
namespace {

/// Whether the arguments of this builtin that look like assignments are treated as such.
bool takes_assignments(std::string_view name) {
  return name == "export" || name == "readonly" || name == "local";
}

/// The word as an assignment when it is written as one.
std::optional<Assignment> as_assignment(const ShellWord& word) {
  if (word.parts.empty()) return std::nullopt;
  const auto& first = word.parts.front();
  if (first.kind != WordPart::Kind::text || first.quoted) return std::nullopt;
  const auto equals = first.text.find('=');
  if (equals == std::string::npos || !is_shell_name(first.text.substr(0, equals)))
    return std::nullopt;
  Assignment assignment{first.text.substr(0, equals), word};
  auto& parts = assignment.value.parts;
  parts.front().text.erase(0, equals + 1);
  if (parts.front().text.empty()) parts.erase(parts.begin());
  return assignment;
}

}  // namespace

std::vector<std::string> Shell::expand_arguments(const SimpleCommand& simple) {
  std::vector<std::string> arguments;
  for (const auto& word : simple.words) {
    const auto named = std::find_if(arguments.begin(), arguments.end(),
                                    [](const auto& argument) { return argument != "command"; });
    if (named != arguments.end() && takes_assignments(*named)) {
      if (const auto assignment = as_assignment(word)) {
        arguments.push_back(assignment->name + "=" +
                            expand_text(assignment->value, Tilde::assignment, *this));
        continue;
      }
    }
    auto fields = expand_fields(std::span(&word, 1), *this);
    std::move(fields.begin(), fields.end(), std::back_inserter(arguments));
  }
  return arguments;
}

void Shell::run_assignments(std::span<const Assignment> assignments) {
  for (const auto& assignment : assignments)
    set_variable(assignment.name, expand_text(assignment.value, Tilde::assignment, *this));
}

void Shell::run_simple(const SimpleCommand& simple, const ShellCommand& command, Testing testing) {
  state_.line = command.line;
  substituted_.reset();
  Call call{expand_arguments(simple), simple.assignments};
  const auto* builtin = call.arguments.empty() ? nullptr : find_builtin(call.arguments.front());
  const bool function =
      !call.arguments.empty() && state_.functions.contains(call.arguments.front());
  const bool special =
      builtin != nullptr && builtin->kind == ShellBuiltin::Kind::special && !function;
  SavedDescriptors saved(state_, command.redirections.empty() ? SavedDescriptors::Kept::yes
                                                              : SavedDescriptors::Kept::no);
  if (!command.redirections.empty() && redirect(command.redirections) == Redirected::no) {
    if (special) throw ShellFault{1};
    state_.status = 1;
    return;
  }
  if (call.arguments.empty()) {
    run_assignments(call.assignments);
    state_.status = substituted_.value_or(0);
    return;
  }
  if (special && call.arguments.front() == "exec" && call.arguments.size() == 1) saved.keep();
  if (special) {
    run_assignments(call.assignments);
    if (call.arguments.front() == "exec")
      for (const auto& assignment : call.assignments)
        state_.variables.mark(assignment.name, ShellVariables::Mark::exported);
    testing_ = testing;
    run_call(call);
    return;
  }
  std::optional<TemporaryVariables> temporary;
  if (!call.assignments.empty()) {
    temporary.emplace(state_);
    for (const auto& assignment : call.assignments) {
      auto value = expand_text(assignment.value, Tilde::assignment, *this);
      if (state_.variables.is_read_only(assignment.name)) fail(assignment.name + ": is read only");
      state_.variables.keep_for_scope(assignment.name);
      set_variable(assignment.name, value);
      state_.variables.mark(assignment.name, ShellVariables::Mark::exported);
    }
  }
  testing_ = testing;
  run_call(call);
}

void Shell::take_command_prefix(Call& call) {
  auto& arguments = call.arguments;
  while (!arguments.empty() && arguments.front() == "command") {
    if (arguments.size() > 1 && arguments[1].starts_with('-') && arguments[1] != "--" &&
        arguments[1] != "-")
      return;
    const bool dashes = arguments.size() > 1 && arguments[1] == "--";
    arguments.erase(arguments.begin(), arguments.begin() + (dashes ? 2 : 1));
    call.by_command = true;
  }
}

void Shell::run_call(Call& call) {
  if (!state_.functions.contains("command")) take_command_prefix(call);
  if (call.arguments.empty()) {
    state_.status = 0;
    return;
  }
  const auto& name = call.arguments.front();
  if (!call.by_command) {
    if (const auto found = state_.functions.find(name); found != state_.functions.end()) {
      call_function(found->second, call);
      return;
    }
  }
  if (is_unsupported_builtin(name)) throw NotNative("the builtin " + name);
  if (const auto* builtin = find_builtin(name)) {
    call_builtin(*builtin, call);
    return;
  }
  state_.status = run_program(call.arguments);
}

void Shell::call_function(const CommandPointer& body, Call& call) {
  const ScriptBudget::Level level(world_.budget);
  const CommandPointer kept = body;
  call.arguments.erase(call.arguments.begin());
  const FunctionCall scope(state_, std::move(call.arguments));
  const TemporaryVariables locals(state_);
  run(*kept, testing_);
  if (jump_ == Jump::leave_function) jump_ = Jump::none;
}

void Shell::call_builtin(const ShellBuiltin& builtin, Call& call) {
  if (builtin.name == "exec" && call.arguments.size() > 1) {
    replace_process(call);
    return;
  }
  const SpeakerChange speaker(state_, call.arguments.front());
  if (builtin.kind == ShellBuiltin::Kind::special && !call.by_command) {
    state_.status = builtin.run(*this, call.arguments);
    return;
  }
  try {
    state_.status = builtin.run(*this, call.arguments);
  } catch (const ShellFault& fault) {
    state_.status = fault.status;
  }
}

void Shell::replace_process(Call& call) {
  const SpeakerChange speaker(state_, "exec");
  call.arguments.erase(call.arguments.begin());
  if (call.arguments.front().starts_with('-')) throw NotNative("an option of exec");
  const auto status = run_program(call.arguments);
  // The new program knows nothing of the shell's traps; where there was none the shell ends too.
  if (status != 127 && status != 126) state_.traps.clear();
  exit(status);
}

}  // namespace tarn::builder
