#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "builder/scripts/command.h"
#include "builder/scripts/shell_expansion.h"
#include "builder/scripts/shell_process.h"
#include "builder/scripts/shell_program.h"
#include "builder/scripts/shell_state.h"
#include "builder/scripts/shell_streams.h"
#include "builder/scripts/shell_syntax.h"

namespace tarn::builder {

struct ShellBuiltin;

/// Ends a shell or subshell: `exit`, or what a shell does not survive. Never leaves a Shell.
struct ShellExit {
  int status = 0;
};

/// What a shell runs in.
struct ShellWorld {
  ScriptRootfs& files;
  const ScriptSurroundings& surroundings;
  ScriptBudget& budget;
};

/// Runs parsed scripts as busybox' ash does. Commands that are no builtins are those of
/// find_command(), where the rootfs has a program of the name, and scripts of the rootfs.
class Shell : public ExpansionContext {
 public:
  /// Whether a failing command ends a shell with `set -e`: not where its status is looked at.
  enum class Testing { no, yes };

  Shell(const ShellWorld& world, ShellState state)
      : world_(world), state_(std::move(state)), first_speaker_(state_.speaker) {}

  /// Runs a whole script, its EXIT trap included, and gives its status.
  int run_script(const ShellProgram& program);

  // For builtins.
  ShellState& state() { return state_; }
  const ShellWorld& world() const { return world_; }
  void run_list(const CommandList& commands, Testing testing);
  /// Parses and runs a text as part of this shell; NotNative when it cannot be parsed.
  void run_text(std::string_view text, Testing testing, std::size_t first_line);
  Testing testing() const { return testing_; }
  enum class Jump { none, leave_loop, next_round, leave_function };
  void jump(Jump jump, std::size_t loops);
  /// Ends this shell.
  [[noreturn]] void exit(int status);
  /// Ends a `return` that was met in a sourced file.
  void end_return();
  void write(std::string_view text) { stream(1).write(text); }
  void write_error(std::string_view text) { stream(2).write(text); }
  /// Says it as the shell does: "$0: SPEAKER: line N: text".
  void complain(std::string_view text) override;
  ScriptStream& stream(int descriptor);
  void set_variable(const std::string& name, const std::string& value);
  /// Where a command of that name would be found in PATH; nothing when nowhere.
  std::optional<std::string> find_in_path(std::string_view name) const;
  /// What a command that is no builtin or function would run.
  Program find_program(const std::string& name) const;
  /// Runs a command that is no builtin or function.
  int run_program(std::span<const std::string> arguments);
  int run_program(std::span<const std::string> arguments, const Environment& environment);
  /// Runs a script's text in a shell of its own, as a process of its own would.
  struct Process {
    std::string name;
    std::optional<std::string> speaker;
    std::vector<std::string> arguments;
    ShellOptions options;
    std::size_t first_line = 1;
  };
  int run_process(Process process, std::string_view text, const Environment& environment);
  /// Runs a command of the table; complaints begin with `title`, if it is not empty.
  int run_command(const Command& command, std::span<const std::string> arguments,
                  const Environment& environment, std::string_view title = {});

  // ExpansionContext
  std::optional<std::string> parameter(std::string_view name) override;
  const std::vector<std::string>& arguments() const override { return state_.arguments; }
  void assign(const std::string& name, const std::string& value) override;
  std::string substitute(const ShellProgram& program) override;
  bool unset_is_error() const override { return state_.options.unset_is_error; }
  bool globs() const override { return !state_.options.no_globs; }
  std::string_view directory() const override { return state_.directory; }
  ScriptRootfs& files() override { return world_.files; }
  ScriptBudget& budget() override { return world_.budget; }

 private:
  class SavedDescriptors;
  class TemporaryVariables;
  class FunctionCall;
  struct Evaluator;

  void run(const ShellCommand& command, Testing testing);
  void run_compound(const ShellCommand& command, Testing testing);
  void evaluate(const Pipeline& pipeline, Testing testing);
  void evaluate(const AndOrList& list, Testing testing);
  void evaluate(const BackgroundCommand& background, Testing testing);
  void evaluate(const GroupCommand& group, Testing testing);
  void evaluate(const SubshellCommand& subshell, Testing testing);
  void evaluate(const IfCommand& conditional, Testing testing);
  void evaluate(const ForCommand& loop, Testing testing);
  void evaluate(const LoopCommand& loop, Testing testing);
  void evaluate(const CaseCommand& choice, Testing testing);
  void evaluate(const FunctionDefinition& definition, Testing testing);
  void run_stages(const Pipeline& pipeline, Testing testing);
  void exit_on_failure(Testing testing);
  /// Takes note that a round of a loop is over; true when the loop is.
  bool loop_ends();
  /// NotNative for what cannot be parsed.
  ShellProgram parse(std::string_view text, std::size_t first_line);
  /// Runs `body` on a copy of the state; the status it ends with is $? afterwards.
  void in_subshell(const std::function<void()>& body);
  /// Runs `body` and the EXIT trap, up to the end of this shell.
  int until_exit(const std::function<void()>& body);
  int run_exit_trap(int status);

  // Simple commands.
  struct Call {
    std::vector<std::string> arguments;
    std::span<const Assignment> assignments;
    bool by_command = false;  ///< called with `command`: no function, and nothing is special
  };
  void run_simple(const SimpleCommand& simple, const ShellCommand& command, Testing testing);
  std::vector<std::string> expand_arguments(const SimpleCommand& simple);
  void run_assignments(std::span<const Assignment> assignments);
  /// Takes `command` and its options off the front.
  void take_command_prefix(Call& call);
  void run_call(Call& call);
  void call_function(const CommandPointer& body, Call& call);
  void call_builtin(const ShellBuiltin& builtin, Call& call);
  void replace_process(Call& call);

  // Redirections.
  enum class Redirected { yes, no };
  Redirected redirect(const std::vector<Redirection>& redirections);
  Redirected redirect(const Redirection& redirection, const std::string& target);
  Redirected open_file(const Redirection& redirection, const std::string& target);
  Redirected duplicate(const Redirection& redirection, const std::string& target);

  // Programs.
  int execute(const Program& program, std::span<const std::string> arguments,
              const Environment& environment);
  int run_script_file(const Program& program, std::span<const std::string> arguments,
                      const Environment& environment);

  ShellWorld world_;
  ShellState state_;
  const std::optional<std::string> first_speaker_;
  Testing testing_ = Testing::no;  ///< of the builtin or function that runs
  Jump jump_ = Jump::none;
  std::size_t jump_loops_ = 0;
  NullStream nowhere_;
  ClosedStream closed_;
  std::optional<int> substituted_;  ///< status of the last command substitution
};

}  // namespace tarn::builder
