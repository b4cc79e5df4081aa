#include "builder/scripts/shell.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "apk/support/error.h"
#include "builder/scripts/shell_parser.h"
#include "builder/scripts/shell_pattern.h"
#include "builder/scripts/shell_scopes.h"
#include "builder/scripts/shell_streams.h"

namespace tarn::builder {

void Shell::complain(std::string_view text) {
  std::string line = state_.name + ": ";
  if (state_.speaker) {
    if (*state_.speaker != state_.name) line += *state_.speaker + ": ";
    line += fmt::format("line {}: ", state_.line);
  }
  line += text;
  line += '\n';
  write_error(line);
}

ScriptStream& Shell::stream(int descriptor) {
  const auto found = state_.descriptors.find(descriptor);
  if (found != state_.descriptors.end()) return *found->second;
  // Complaints to a closed descriptor are lost; anything else would be a complaint itself.
  if (descriptor == 2) return nowhere_;
  return closed_;
}

// Variables ----------------------------------------------------------------------------------

void Shell::set_variable(const std::string& name, const std::string& value) {
  world_.budget.spend_octets(name.size() + value.size());
  if (!state_.variables.set(name, value)) fail(name + ": is read only");
  if (name == "OPTIND") state_.option_offset = 0;
  if (state_.options.export_all) state_.variables.mark(name, ShellVariables::Mark::exported);
}

void Shell::assign(const std::string& name, const std::string& value) {
  set_variable(name, value);
}

std::optional<std::string> Shell::parameter(std::string_view name) {
  if (name == "?") return std::to_string(state_.status);
  if (name == "#") return std::to_string(state_.arguments.size());
  if (name == "0") return state_.name;
  if (name == "-") {
    const auto& options = state_.options;
    std::string letters;
    if (options.unset_is_error) letters += 'u';
    if (options.export_all) letters += 'a';
    if (options.no_clobber) letters += 'C';
    if (options.no_globs) letters += 'f';
    if (options.exit_on_error) letters += 'e';
    return letters;
  }
  if (name == "LINENO") return std::to_string(state_.line);
  if (name == "HOSTNAME" && state_.variables.value(name) == nullptr)
    return world_.surroundings.host_name;
  for (const std::string_view unknown :
       {"$", "!", "PPID", "RANDOM", "BB_ASH_VERSION", "FUNCNAME", "EPOCHSECONDS", "EPOCHREALTIME"})
    if (name == unknown && state_.variables.value(name) == nullptr)
      throw NotNative(fmt::format("the value of ${}", name));
  if (name.front() >= '0' && name.front() <= '9') {
    if (name.size() > 9) return std::nullopt;
    const auto place = static_cast<std::size_t>(std::stoul(std::string(name)));
    if (place == 0) return state_.name;
    if (place > state_.arguments.size()) return std::nullopt;
    return state_.arguments[place - 1];
  }
  const auto* value = state_.variables.value(name);
  return value == nullptr ? std::nullopt : std::optional(*value);
}

std::string Shell::substitute(const ShellProgram& program) {
  const auto output = std::make_shared<TextStream>(world_.budget);
  const auto status = state_.status;
  in_subshell([&] {
    state_.descriptors[1] = output;
    state_.options.exit_on_error = false;
    run_list(program.commands, Testing::no);
  });
  // It is the status of a command that is nothing but assignments; $? is as it was.
  substituted_ = std::exchange(state_.status, status);
  auto text = output->take_text();
  std::erase(text, '\0');
  text.erase(text.find_last_not_of('\n') + 1);
  return text;
}

// Shells and subshells -----------------------------------------------------------------------

int Shell::run_exit_trap(int status) {
  const auto found = state_.traps.find("EXIT");
  if (found == state_.traps.end() || found->second.empty()) return status;
  const auto text = std::move(found->second);
  state_.traps.erase(found);
  state_.status = status;
  jump_ = Jump::none;
  state_.speaker = first_speaker_;
  try {
    run_text(text, Testing::no, state_.line);
  } catch (const ShellExit& exit) {
    return exit.status;
  } catch (const ShellFault& fault) {
    return fault.status;
  }
  return status;
}

void Shell::exit(int status) {
  // The trap still sees the local variables and redirections of where the shell ends.
  throw ShellExit{run_exit_trap(status)};
}

int Shell::until_exit(const std::function<void()>& body) {
  int status = 0;
  try {
    body();
    status = state_.status;
  } catch (const ShellExit& exit) {
    status = exit.status;
  } catch (const ShellFault& fault) {
    status = fault.status;
  }
  return run_exit_trap(status);
}

int Shell::run_script(const ShellProgram& program) {
  return until_exit([&] { run_list(program.commands, Testing::no); });
}

void Shell::in_subshell(const std::function<void()>& body) {
  const ScriptBudget::Level level(world_.budget);
  world_.budget.spend_octets(state_.size());
  ShellState outer = state_;
  ++state_.subshells_in;
  std::erase_if(state_.traps, [](const auto& trap) { return !trap.second.empty(); });
  const auto outer_testing = testing_;
  const auto restore = [&](int status) {
    state_ = std::move(outer);
    state_.status = status;
    jump_ = Jump::none;
    testing_ = outer_testing;
  };
  int status = 0;
  try {
    status = until_exit(body);
  } catch (...) {
    restore(0);
    throw;
  }
  restore(status);
}

ShellProgram Shell::parse(std::string_view text, std::size_t first_line) {
  // What is parsed takes more room than the text, and functions of it may stay.
  constexpr std::uint64_t room_for_an_octet = 16;
  world_.budget.spend_octets(text.size() * room_for_an_octet);
  try {
    return parse_script(text, first_line);
  } catch (const Error& error) {
    throw NotNative("a text that is run as a script and is none: " + error.message());
  }
}

void Shell::run_text(std::string_view text, Testing testing, std::size_t first_line) {
  const auto program = parse(text, first_line);
  const ScriptBudget::Level level(world_.budget);
  if (program.commands.empty()) state_.status = 0;
  run_list(program.commands, testing);
}

// Control ------------------------------------------------------------------------------------

void Shell::jump(Jump jump, std::size_t loops) {
  jump_ = jump;
  jump_loops_ = loops;
}

void Shell::end_return() {
  if (jump_ == Jump::leave_function) jump_ = Jump::none;
}

void Shell::exit_on_failure(Testing testing) {
  if (state_.status != 0 && state_.options.exit_on_error && testing == Testing::no)
    exit(state_.status);
}

void Shell::run_list(const CommandList& commands, Testing testing) {
  for (const auto& command : commands) {
    run(*command, testing);
    if (jump_ != Jump::none) return;
  }
}

void Shell::run(const ShellCommand& command, Testing testing) {
  world_.budget.spend_steps();
  if (const auto* simple = std::get_if<SimpleCommand>(&command.what)) {
    run_simple(*simple, command, testing);
    if (jump_ == Jump::none) exit_on_failure(testing);
    return;
  }
  run_compound(command, testing);
}

void Shell::run_compound(const ShellCommand& command, Testing testing) {
  const ScriptBudget::Level level(world_.budget);
  SavedDescriptors saved(state_, command.redirections.empty() ? SavedDescriptors::Kept::yes
                                                              : SavedDescriptors::Kept::no);
  if (!command.redirections.empty()) {
    state_.line = command.line;
    if (redirect(command.redirections) == Redirected::no) {
      const bool subshell = std::holds_alternative<SubshellCommand>(command.what);
      state_.status = subshell ? 2 : 1;
      if (subshell) exit_on_failure(testing);
      return;
    }
  }
  const auto evaluate_it = [&](const auto& what) {
    using What = std::decay_t<decltype(what)>;
    if constexpr (!std::is_same_v<What, SimpleCommand>) evaluate(what, testing);
  };
  std::visit(evaluate_it, command.what);
}

void Shell::evaluate(const AndOrList& list, Testing testing) {
  for (std::size_t i = 0; i < list.members.size(); ++i) {
    const auto& member = list.members[i];
    using Condition = AndOrList::Condition;
    if (member.condition == Condition::success && state_.status != 0) continue;
    if (member.condition == Condition::failure && state_.status == 0) continue;
    run(*member.command, i + 1 < list.members.size() ? Testing::yes : testing);
    if (jump_ != Jump::none) return;
  }
}

void Shell::evaluate(const BackgroundCommand&, Testing) {
  throw NotNative("a command in the background");
}

void Shell::evaluate(const GroupCommand& group, Testing testing) {
  run_list(group.body, testing);
}

void Shell::evaluate(const SubshellCommand& subshell, Testing testing) {
  in_subshell([&] { run_list(subshell.body, testing); });
  exit_on_failure(testing);
}

void Shell::evaluate(const Pipeline& pipeline, Testing testing) {
  if (!pipeline.negated) {
    run_stages(pipeline, testing);
    exit_on_failure(testing);
    return;
  }
  if (pipeline.stages.size() == 1) {
    run(*pipeline.stages.front(), Testing::yes);
  } else {
    run_stages(pipeline, Testing::yes);
  }
  if (jump_ == Jump::none) state_.status = state_.status == 0 ? 1 : 0;
}

void Shell::run_stages(const Pipeline& pipeline, Testing testing) {
  std::shared_ptr<ScriptStream> between;
  int failure = 0;
  for (std::size_t i = 0; i < pipeline.stages.size(); ++i) {
    const auto input = between;
    const bool last = i + 1 == pipeline.stages.size();
    if (!last) between = std::make_shared<TextStream>(world_.budget);
    in_subshell([&] {
      if (input) state_.descriptors[0] = input;
      if (!last) state_.descriptors[1] = between;
      run(*pipeline.stages[i], testing);
    });
    if (state_.status != 0) failure = state_.status;
  }
  if (state_.options.pipe_fail) state_.status = failure;
}

void Shell::evaluate(const IfCommand& conditional, Testing testing) {
  for (const auto& branch : conditional.branches) {
    run_list(branch.condition, Testing::yes);
    if (jump_ != Jump::none) return;
    if (state_.status == 0) {
      run_list(branch.body, testing);
      return;
    }
  }
  if (conditional.otherwise.empty()) state_.status = 0;
  run_list(conditional.otherwise, testing);
}

bool Shell::loop_ends() {
  if (jump_ == Jump::none) return false;
  if (jump_ == Jump::leave_function) return true;
  if (jump_loops_ > 1) {
    --jump_loops_;
    return true;
  }
  const bool over = jump_ == Jump::leave_loop;
  jump_ = Jump::none;
  return over;
}

void Shell::evaluate(const ForCommand& loop, Testing testing) {
  const auto values = loop.over_arguments ? state_.arguments : expand_fields(loop.words, *this);
  const LoopLevel level(state_);
  if (values.empty()) state_.status = 0;
  for (const auto& value : values) {
    world_.budget.spend_steps();
    set_variable(loop.name, value);
    run_list(loop.body, testing);
    if (loop_ends()) return;
  }
}

void Shell::evaluate(const LoopCommand& loop, Testing testing) {
  const LoopLevel level(state_);
  int status = 0;
  for (;;) {
    world_.budget.spend_steps();
    run_list(loop.condition, Testing::yes);
    if (jump_ != Jump::none) {
      if (loop_ends()) break;
      continue;
    }
    if ((state_.status == 0) == loop.until) break;
    run_list(loop.body, testing);
    status = state_.status;
    if (loop_ends()) break;
  }
  if (jump_ != Jump::leave_function) state_.status = status;
}

void Shell::evaluate(const CaseCommand& choice, Testing testing) {
  const auto word = expand_text(choice.word, Tilde::word, *this);
  for (const auto& item : choice.items) {
    for (const auto& written : item.patterns) {
      const auto pattern = expand_pattern(written, *this);
      world_.budget.spend_steps(1 + word.size() * pattern.size() / 256);
      if (!matches_pattern(pattern, word)) continue;
      if (item.body.empty()) state_.status = 0;
      run_list(item.body, testing);
      return;
    }
  }
  state_.status = 0;
}

void Shell::evaluate(const FunctionDefinition& definition, Testing) {
  state_.functions[definition.name] = definition.body;
  state_.status = 0;
}

}  // namespace tarn::builder
