#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>

#include <fmt/format.h>

#include "apk/support/error.h"
#include "builder/scripts/native_script.h"
#include "builder/scripts/script_reading.h"
#include "builder/scripts/shell_builtins.h"
#include "builder/scripts/shell_parser.h"
#include "builder/scripts/shell_process.h"
#include "builder/scripts/shell_program.h"

namespace tarn::builder {
namespace {

constexpr std::size_t deepest = 16;

std::string absolute_path(std::string_view path) {
  return path.starts_with('/') ? std::string(path) : "/" + std::string(path);
}

std::string_view last_part(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

/// Looks at a program, and at the scripts it runs.
class ScriptChecker {
 public:
  ScriptChecker(const ScriptRootfs& files, std::string path_variable)
      : files_(files), path_variable_(std::move(path_variable)) {}

  void check(const ShellProgram& program) {
    ScriptFacts facts;
    facts.gather(program);
    const auto* outer = facts_;
    // What a script defines may be used by what it evaluates, and the other way round.
    if (outer != nullptr) facts.add(*outer);
    facts_ = &facts;
    const auto outer_bodies = std::exchange(bodies_, {});
    check_list(program.commands);
    // Bodies of functions that are called are looked at one after another: they call each other.
    while (!bodies_.empty() && !found_) {
      const auto body = bodies_.back();
      bodies_.pop_back();
      check_command(*body);
    }
    bodies_ = outer_bodies;
    facts_ = outer;
  }

  const std::optional<UnsupportedConstruct>& found() const { return found_; }

 private:
  void report(std::size_t line, std::string what) {
    if (found_) return;
    found_ = UnsupportedConstruct{
        outer_line_ > 0 ? outer_line_ : line,
        where_.empty() ? std::move(what) : fmt::format("{}line {}: {}", where_, line, what)};
  }

  void check_list(const CommandList& commands) {
    for (const auto& command : commands) {
      check_command(*command);
      // What follows in the list cannot be reached.
      if (found_ || always_leaves(*command)) return;
    }
  }

  bool always_leaves(const ShellCommand& command) const {
    const auto* simple = std::get_if<SimpleCommand>(&command.what);
    if (simple == nullptr || simple->words.empty() || !command.redirections.empty()) return false;
    const auto name = known_text(simple->words.front());
    return name && (*name == "exit" || *name == "return") && !facts_->has_function(*name);
  }

  void check_command(const ShellCommand& command) {
    if (found_) return;
    for (const auto& redirection : command.redirections) check_redirection(command, redirection);
    std::visit([&](const auto& what) { check(what, command); }, command.what);
  }

  void check_redirection(const ShellCommand& command, const Redirection& redirection) {
    if (redirection.document) {
      check_word(*redirection.document, command.line);
      return;
    }
    check_word(redirection.target, command.line);
    const auto target = known_text(redirection.target);
    if (!target || redirection.kind == Redirection::Kind::duplicate || *target == "/dev/null")
      return;
    for (const std::string_view outside : {"/dev/", "/proc/", "/sys/"})
      if (target->starts_with(outside)) report(command.line, "a redirection to " + *target);
  }

  void check(const Pipeline& pipeline, const ShellCommand&) { check_list(pipeline.stages); }
  void check(const AndOrList& list, const ShellCommand&) {
    for (const auto& member : list.members) check_command(*member.command);
  }
  void check(const BackgroundCommand&, const ShellCommand& command) {
    report(command.line, "a command in the background");
  }
  void check(const GroupCommand& group, const ShellCommand&) { check_list(group.body); }
  void check(const SubshellCommand& subshell, const ShellCommand&) { check_list(subshell.body); }
  void check(const IfCommand& conditional, const ShellCommand&) {
    for (const auto& branch : conditional.branches) {
      check_list(branch.condition);
      check_list(branch.body);
    }
    check_list(conditional.otherwise);
  }
  void check(const ForCommand& loop, const ShellCommand& command) {
    for (const auto& word : loop.words) check_word(word, command.line);
    check_list(loop.body);
  }
  void check(const LoopCommand& loop, const ShellCommand&) {
    check_list(loop.condition);
    check_list(loop.body);
  }
  void check(const CaseCommand& choice, const ShellCommand& command) {
    check_word(choice.word, command.line);
    for (const auto& item : choice.items) {
      for (const auto& pattern : item.patterns) check_word(pattern, command.line);
      check_list(item.body);
    }
  }
  void check(const FunctionDefinition&, const ShellCommand&) {
    // Its body is looked at where it is called.
  }

  void check(const SimpleCommand& simple, const ShellCommand& command) {
    for (const auto& assignment : simple.assignments) check_word(assignment.value, command.line);
    std::vector<std::optional<std::string>> arguments;
    for (const auto& word : simple.words) {
      check_word(word, command.line);
      arguments.push_back(known_text(word));
    }
    if (found_ || arguments.empty()) return;
    if (arguments.front()) {
      check_call(arguments, command.line);
      return;
    }
    const auto values = facts_->values_of(simple.words.front());
    if (!values) {
      report(command.line, "a command whose name only the run shows");
      return;
    }
    for (const auto& value : *values) {
      std::vector<std::optional<std::string>> call(value.begin(), value.end());
      call.insert(call.end(), arguments.begin() + 1, arguments.end());
      if (!call.empty() && call.front()) check_call(call, command.line);
    }
  }

  // Words ------------------------------------------------------------------------------------

  void check_word(const ShellWord& word, std::size_t line) {
    for (const auto& part : word.parts) {
      if (found_) return;
      if (part.kind == WordPart::Kind::command) check_list(part.program->commands);
      if (part.kind == WordPart::Kind::parameter) check_parameter(part, line);
      for (const auto& operand : part.operands) check_word(operand, line);
    }
  }

  void check_parameter(const WordPart& part, std::size_t line) {
    constexpr std::array<std::string_view, 7> unknown = {
        "$", "!", "PPID", "RANDOM", "BB_ASH_VERSION", "EPOCHSECONDS", "EPOCHREALTIME"};
    if (std::find(unknown.begin(), unknown.end(), part.text) != unknown.end())
      report(line, fmt::format("the value of ${}", part.text));
    if ((part.text == "@" || part.text == "*") && part.operation >= ParameterOperator::length)
      report(line, fmt::format("an operator on ${}", part.text));
  }

  // Calls ------------------------------------------------------------------------------------

  void check_call(KnownArguments arguments, std::size_t line) {
    while (!arguments.empty() && arguments.front() == "command" && arguments.size() > 1 &&
           !(arguments[1] && arguments[1]->starts_with('-')))
      arguments = arguments.subspan(1);
    if (!arguments.front()) {
      report(line, "a command whose name only the run shows");
      return;
    }
    const auto& name = *arguments.front();
    if (const auto bodies = facts_->function(name); !bodies.empty()) {
      for (const auto& body : bodies)
        if (called_.insert(body.get()).second) bodies_.push_back(body);
      return;
    }
    if (is_unsupported_builtin(name)) {
      report(line, "the builtin " + name);
      return;
    }
    if (const auto* builtin = find_builtin(name)) {
      check_builtin(*builtin, arguments, line);
      return;
    }
    check_program(arguments, line);
  }

  void check_builtin(const ShellBuiltin& builtin, KnownArguments arguments, std::size_t line) {
    if (builtin.unsupported != nullptr)
      if (const auto what = builtin.unsupported(arguments))
        report(line, fmt::format("{}: {}", builtin.name, *what));
    if (found_ || arguments.size() < 2) return;
    if (builtin.name == "exec") {
      if (arguments[1] && arguments[1]->starts_with('-')) {
        report(line, "an option of exec");
      } else {
        check_call(arguments.subspan(1), line);
      }
    } else if (builtin.name == "eval") {
      std::string text;
      for (const auto& argument : arguments.subspan(1)) {
        if (!argument) return;
        text += *argument + " ";
      }
      check_text(text, "", line);
    } else if (builtin.name == "trap") {
      check_trap(arguments.subspan(1), line);
    } else if (builtin.name == "." || builtin.name == "source") {
      check_sourced(arguments[1], line);
    }
  }

  void check_trap(KnownArguments words, std::size_t line) {
    if (!words.empty() && words.front() == "--") words = words.subspan(1);
    if (words.size() < 2 || !words.front() || *words.front() == "-") return;
    for (const auto& word : words.subspan(1))
      if (word == "ERR") report(line, "trap … ERR");
    check_text(*words.front(), "", line);
  }

  void check_sourced(const std::optional<std::string>& name, std::size_t line) {
    if (!name || name->find('/') == std::string::npos) return;
    std::string text;
    if (files_.read(absolute_path(*name), text) != 0) return;
    if (visited_.insert(absolute_path(*name)).second) check_text(text, "in " + *name + ", ", line);
  }

  void check_text(const std::string& text, const std::string& where, std::size_t line) {
    if (found_) return;
    const auto outer_line = outer_line_;
    const auto outer_where = where_;
    if (outer_line_ == 0) outer_line_ = line;
    if (!where.empty()) where_ = where;
    if (++depth_ > deepest) {
      report(line, "scripts in scripts, nested too deeply");
    } else {
      try {
        check(parse_script(text));
      } catch (const Error& error) {
        if (!found_) found_ = UnsupportedConstruct{outer_line_, where_ + error.message()};
      }
    }
    --depth_;
    outer_line_ = outer_line;
    where_ = outer_where;
  }

  // Programs ---------------------------------------------------------------------------------

  Program program_called(const std::string& name) const {
    if (name.find('/') != std::string::npos) return program_at(absolute_path(name), files_);
    Program program;
    for (const auto& path : paths_for(name, path_variable_, "/")) {
      program = program_at(path, files_);
      if (program.runs()) break;
    }
    return program;
  }

  void check_program(KnownArguments arguments, std::size_t line) {
    check_called(program_called(*arguments.front()), arguments, line);
  }

  /// A program that is called with these arguments.
  void check_called(const Program& program, KnownArguments arguments, std::size_t line) {
    using Kind = Program::Kind;
    if (program.kind == Kind::script) {
      check_script_program(program, line);
      return;
    }
    if (program.kind != Kind::busybox && program.kind != Kind::binary) return;
    const std::string command_name(last_part(*arguments.front()));
    if (program.kind == Kind::busybox && command_name == "busybox" && arguments.size() > 1 &&
        arguments[1] && find_process_command(*arguments[1]) != nullptr) {
      check_called(program, arguments.subspan(1), line);
      return;
    }
    if (const auto* command = find_process_command(command_name);
        command != nullptr && program.kind == Kind::busybox) {
      if (const auto what = command->unsupported(arguments))
        report(line, fmt::format("{}: {}", command_name, *what));
      check_process(command_name, arguments.subspan(1), line);
    } else if (const auto* known = find_command(command_name)) {
      if (const auto what = known->unsupported(arguments))
        report(line, fmt::format("{}: {}", command_name, *what));
    } else if (program.kind == Kind::binary) {
      report(line, "runs " + program.path);
    } else {
      report(line, command_name + " is no native command");
    }
  }

  /// What `sh` and `env` are to run.
  void check_process(const std::string& name, KnownArguments words, std::size_t line) {
    bool takes_text = false;
    while (!words.empty() && words.front() && words.front()->starts_with('-')) {
      const auto option = *words.front();
      words = words.subspan(1);
      if (option == "-u" && name == "env" && !words.empty()) words = words.subspan(1);
      takes_text = takes_text || (option != "--" && option.find('c') != std::string::npos);
    }
    if (name == "env") {
      while (!words.empty() && words.front() && words.front()->find('=') != std::string::npos)
        words = words.subspan(1);
      if (!words.empty() && words.front()) check_program(words, line);
      return;
    }
    if (words.empty() || !words.front()) return;
    const ScriptFacts* outer = std::exchange(facts_, nullptr);
    if (takes_text) {
      check_text(*words.front(), "", line);
    } else {
      check_sourced(absolute_path(*words.front()), line);
    }
    facts_ = outer;
  }

  void check_script_program(const Program& program, std::size_t line) {
    if (!visited_.insert(program.path).second) return;
    if (!program.interpreter.empty()) {
      const auto& interpreter = program.interpreter.front();
      if (files_.find(interpreter, ScriptRootfs::Follow::last) == nullptr) return;
      if (!shell_interpreter(program.interpreter) ||
          program_at(interpreter, files_).kind != Program::Kind::busybox) {
        report(line, program.path + " runs in " + interpreter);
        return;
      }
    }
    const ScriptFacts* outer = std::exchange(facts_, nullptr);
    check_text(program.text, "in " + program.path + ", ", line);
    facts_ = outer;
  }

  const ScriptRootfs& files_;
  std::string path_variable_;
  const ScriptFacts* facts_ = nullptr;
  std::optional<UnsupportedConstruct> found_;
  CommandList bodies_;                    ///< of functions that are called, not yet looked at
  std::set<const ShellCommand*> called_;  ///< looked up only, never gone through
  std::set<std::string> visited_;         ///< files
  std::size_t depth_ = 0;
  std::size_t outer_line_ = 0;  ///< of the script itself, while one that it runs is looked at
  std::string where_;
};

}  // namespace

std::optional<UnsupportedConstruct> check_script(const ScriptCall& call,
                                                 const ScriptRootfs& files) {
  const auto line = interpreter_line(call.text);
  if (line.empty() || files.find(line.front(), ScriptRootfs::Follow::last) == nullptr)
    return std::nullopt;
  const auto interpreter = shell_interpreter(line);
  if (!interpreter || program_at(line.front(), files).kind != Program::Kind::busybox)
    return UnsupportedConstruct{1, "it runs in " + line.front()};
  ShellOptions options;
  for (const auto& option : interpreter->options)
    if (!set_process_option(options, option)) return UnsupportedConstruct{1, "option " + option};
  ShellProgram program;
  try {
    program = parse_script(call.text);
  } catch (const Error& error) {
    // "line N: …"
    const auto& message = error.message();
    const auto colon = message.find(": ");
    if (colon == std::string::npos || colon <= 5) return UnsupportedConstruct{1, message};
    return UnsupportedConstruct{std::stoul(message.substr(5, colon - 5)),
                                "the syntax is not understood: " + message.substr(colon + 2)};
  }
  const auto path = call.environment.find("PATH");
  ScriptChecker checker(
      files, path == call.environment.end() ? "/sbin:/usr/sbin:/bin:/usr/bin" : path->second);
  checker.check(program);
  return checker.found();
}

}  // namespace tarn::builder
