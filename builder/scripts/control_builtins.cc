#include <algorithm>
#include <array>
#include <cerrno>

#include "builder/scripts/shell.h"
#include "builder/scripts/shell_builtin_arguments.h"
#include "builder/scripts/shell_builtins.h"
#include "builder/scripts/shell_scopes.h"

namespace tarn::builder {
namespace {

using Arguments = std::span<const std::string>;

int run_nothing(Shell&, Arguments) {
  return 0;
}
int run_false(Shell&, Arguments) {
  return 1;
}

int run_break(Shell& shell, Arguments arguments) {
  std::size_t loops = 1;
  if (arguments.size() > 1) {
    const auto number = read_number(shell, arguments[1]);
    if (number == 0) shell.fail("Illegal number: " + arguments[1]);
    loops = static_cast<std::size_t>(number);
  }
  loops = std::min(loops, shell.state().loops);
  const auto jump = arguments[0] == "break" ? Shell::Jump::leave_loop : Shell::Jump::next_round;
  if (loops > 0) shell.jump(jump, loops);
  return 0;
}

int run_return(Shell& shell, Arguments arguments) {
  const auto status =
      arguments.size() > 1 ? read_number(shell, arguments[1]) & 0xFF : shell.state().status;
  shell.jump(Shell::Jump::leave_function, 0);
  return status;
}

int run_exit(Shell& shell, Arguments arguments) {
  const auto status =
      arguments.size() > 1 ? read_number(shell, arguments[1]) & 0xFF : shell.state().status;
  shell.exit(status);
}

int run_eval(Shell& shell, Arguments arguments) {
  std::string text;
  for (const auto& argument : arguments.subspan(1)) {
    shell.budget().spend_octets(argument.size());
    if (!text.empty() || &argument != &arguments[1]) text += ' ';
    text += argument;
  }
  const auto testing = shell.testing();
  shell.run_text(text, testing, shell.state().line);
  return shell.state().status;
}

/// A file for `.`: a name without '/' is looked for in PATH.
std::string sourced_path(Shell& shell, const std::string& name) {
  if (name.find('/') == std::string::npos) {
    if (const auto found = shell.find_in_path(name)) return *found;
    shell.fail(name + ": not found");
  }
  return name.starts_with('/') ? name : shell.state().directory + "/" + name;
}

int run_dot(Shell& shell, Arguments arguments) {
  if (arguments.size() < 2) return 2;
  const auto& name = arguments[1];
  const auto path = sourced_path(shell, name);
  std::string text;
  const auto problem = shell.files().read(path, text);
  if (problem == ENOENT || problem == ENOTDIR)
    shell.fail("can't open '" + name +
               "': " + (problem == ENOENT ? "No such file or directory" : "Not a directory"));
  if (problem != 0) throw NotNative("sourcing " + name);
  auto& state = shell.state();
  std::vector<std::string> before;
  const bool has_arguments = arguments.size() > 2;
  if (has_arguments) {
    before = state.arguments;
    state.arguments.assign(arguments.begin() + 2, arguments.end());
  }
  {
    const SpeakerChange speaker(state, name.find('/') == std::string::npos ? path : name);
    const auto line = state.line;
    state.status = 0;
    shell.run_text(text, Shell::Testing::no, 1);
    state.line = line;
  }
  if (has_arguments) state.arguments = before;
  shell.end_return();
  return state.status;
}

int run_exec(Shell&, Arguments) {
  return 0;
}

// Traps --------------------------------------------------------------------------------------

/// Signals in the order of their numbers; those between are never named by scripts.
struct Signal {
  std::string_view name;
  int number;
};
constexpr std::array<Signal, 32> signals = {
    {{"EXIT", 0},  {"HUP", 1},   {"INT", 2},     {"QUIT", 3},  {"ILL", 4},     {"TRAP", 5},
     {"ABRT", 6},  {"BUS", 7},   {"FPE", 8},     {"KILL", 9},  {"USR1", 10},   {"SEGV", 11},
     {"USR2", 12}, {"PIPE", 13}, {"ALRM", 14},   {"TERM", 15}, {"STKFLT", 16}, {"CHLD", 17},
     {"CONT", 18}, {"STOP", 19}, {"TSTP", 20},   {"TTIN", 21}, {"TTOU", 22},   {"URG", 23},
     {"XCPU", 24}, {"XFSZ", 25}, {"VTALRM", 26}, {"PROF", 27}, {"WINCH", 28},  {"POLL", 29},
     {"PWR", 30},  {"SYS", 31}}};

const Signal* find_signal(std::string_view word) {
  std::string name(word);
  std::transform(name.begin(), name.end(), name.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  if (name.starts_with("SIG") && name != "SIG") name.erase(0, 3);
  for (const auto& signal : signals)
    if (name == signal.name || word == std::to_string(signal.number)) return &signal;
  return nullptr;
}

void list_traps(Shell& shell) {
  if (shell.state().subshells_in > 0) throw NotNative("a list of traps in a subshell");
  for (const auto& signal : signals) {
    const auto& traps = shell.state().traps;
    const auto found = traps.find(signal.name);
    if (found != traps.end())
      shell.write("trap -- " + single_quoted(found->second) + " " + std::string(signal.name) +
                  "\n");
  }
}

int run_trap(Shell& shell, Arguments arguments) {
  auto words = arguments.subspan(1);
  if (!words.empty() && words.front() == "--") words = words.subspan(1);
  if (words.empty()) {
    list_traps(shell);
    return 0;
  }
  if (words.front().size() > 1 && words.front().starts_with('-'))
    shell.fail("illegal option " + words.front().substr(0, 2));
  // A single word names a signal that gets its default back.
  const bool resets = words.size() == 1 || words.front() == "-";
  const auto action = words.front();
  if (words.size() > 1) words = words.subspan(1);
  int status = 0;
  for (const auto& word : words) {
    const auto* signal = find_signal(word);
    if (signal == nullptr) {
      if (word == "ERR") throw NotNative("trap … ERR");
      shell.complain(word + ": invalid signal specification");
      status = 1;
    } else if (resets) {
      shell.state().traps.erase(std::string(signal->name));
    } else {
      shell.budget().spend_octets(action.size());
      shell.state().traps[std::string(signal->name)] = action;
    }
  }
  return status;
}

constexpr auto special = ShellBuiltin::Kind::special;
constexpr auto regular = ShellBuiltin::Kind::regular;
constexpr std::array<ShellBuiltin, 13> table = {{{":", special, run_nothing},
                                                 {"true", regular, run_nothing},
                                                 {"false", regular, run_false},
                                                 {"break", special, run_break},
                                                 {"continue", special, run_break},
                                                 {"return", special, run_return},
                                                 {"exit", special, run_exit},
                                                 {"eval", special, run_eval},
                                                 {".", special, run_dot},
                                                 {"source", special, run_dot},
                                                 {"exec", special, run_exec},
                                                 {"trap", special, run_trap},
                                                 {"wait", regular, run_nothing}}};

}  // namespace

std::span<const ShellBuiltin> control_builtins() {
  return table;
}

}  // namespace tarn::builder
