#include <algorithm>
#include <array>

#include "builder/scripts/shell.h"
#include "builder/scripts/shell_builtins.h"
#include "builder/scripts/shell_process.h"

namespace tarn::builder {
namespace {

using Arguments = std::span<const std::string>;

bool is_keyword(std::string_view name) {
  constexpr std::array<std::string_view, 17> keywords = {
      "!",        "case", "do", "done", "elif",  "else",  "esac", "fi", "for",
      "function", "if",   "in", "then", "until", "while", "{",    "}"};
  return std::find(keywords.begin(), keywords.end(), name) != keywords.end();
}

enum class Answer { brief, full };

/// What `command -v`, `command -V` and `type` say of a name; the status.
int describe(Shell& shell, const std::string& name, Answer answer) {
  const auto say = [&](const std::string& brief, const std::string& full) {
    shell.write((answer == Answer::brief ? brief : name + full) + "\n");
    return 0;
  };
  if (is_keyword(name)) return say(name, " is a shell keyword");
  if (shell.state().functions.contains(name)) return say(name, " is a function");
  if (is_unsupported_builtin(name)) return say(name, " is a shell builtin");
  if (const auto* builtin = find_builtin(name)) {
    const bool special = builtin->kind == ShellBuiltin::Kind::special;
    return say(name, special ? " is a special shell builtin" : " is a shell builtin");
  }
  const bool is_path = name.find('/') != std::string::npos;
  auto path = shell.find_in_path(name);
  if (is_path) {
    const auto absolute = name.starts_with('/') ? name : shell.state().directory + "/" + name;
    path.reset();
    if (program_at(absolute, shell.files()).kind != Program::Kind::missing &&
        program_at(absolute, shell.files()).kind != Program::Kind::not_executable)
      path = name;
  }
  if (path) return say(*path, " is " + *path);
  if (answer == Answer::full) shell.write(name + ": not found\n");
  return 127;
}

/// `command` with -v or -V; other uses are taken care of where commands are called.
int run_command(Shell& shell, Arguments arguments) {
  auto words = arguments.subspan(1);
  auto answer = Answer::brief;
  bool asks = false;
  while (!words.empty() && words.front().size() > 1 && words.front().starts_with('-')) {
    const auto option = words.front();
    words = words.subspan(1);
    if (option == "--") break;
    if (option == "-v" || option == "-V") {
      asks = true;
      answer = option == "-v" ? Answer::brief : Answer::full;
    } else {
      throw NotNative("command " + option);
    }
  }
  if (!asks) throw NotNative("command with options");
  return words.empty() ? 0 : describe(shell, words.front(), answer);
}

std::optional<std::string> command_unsupported(KnownArguments arguments) {
  for (const auto& word : arguments.subspan(1)) {
    if (!word || !word->starts_with('-') || word->size() < 2 || *word == "--") break;
    if (*word != "-v" && *word != "-V") return "option " + *word;
  }
  return std::nullopt;
}

int run_type(Shell& shell, Arguments arguments) {
  int status = 0;
  for (const auto& name : arguments.subspan(1))
    if (const auto problem = describe(shell, name, Answer::full); problem != 0) status = problem;
  return status;
}

int run_hash(Shell& shell, Arguments arguments) {
  int status = 0;
  if (arguments.size() == 1) throw NotNative("hash without arguments");
  for (const auto& name : arguments.subspan(1)) {
    if (name == "-r" || shell.state().functions.contains(name) || find_builtin(name) != nullptr ||
        shell.find_in_path(name))
      continue;
    shell.complain(name + ": not found");
    status = 1;
  }
  return status;
}

/// The commands of the table that ash has in itself, too. They complain in its name.
int run_own_applet(Shell& shell, Arguments arguments) {
  const auto* command = find_command(arguments.front());
  if (command == nullptr) throw NotNative(arguments.front() + " is no native command");
  return shell.run_command(*command, arguments, shell.state().variables.environment(), "sh");
}

std::optional<std::string> own_applet_unsupported(KnownArguments arguments) {
  const auto* command = find_command(*arguments.front());
  if (command == nullptr) return "is no native command";
  return command->unsupported(arguments);
}

constexpr auto regular = ShellBuiltin::Kind::regular;
constexpr std::array<ShellBuiltin, 7> table = {
    {{"command", regular, run_command, command_unsupported},
     {"type", regular, run_type},
     {"hash", regular, run_hash},
     {"echo", regular, run_own_applet, own_applet_unsupported},
     {"printf", regular, run_own_applet, own_applet_unsupported},
     {"test", regular, run_own_applet, own_applet_unsupported},
     {"[", regular, run_own_applet, own_applet_unsupported}}};

}  // namespace

std::span<const ShellBuiltin> lookup_builtins() {
  return table;
}

}  // namespace tarn::builder
