#include "builder/scripts/shell_process.h"

#include <array>
#include <cerrno>

#include "builder/scripts/shell.h"

namespace tarn::builder {
namespace {

using Arguments = std::span<const std::string>;

/// What `sh` was asked for.
struct ShellCall {
  ShellOptions options;
  bool takes_text = false;   ///< -c
  bool reads_input = false;  ///< -s
  std::size_t operands = 0;
  std::string not_understood;
};

ShellCall parse_shell_call(KnownArguments arguments) {
  ShellCall call;
  std::size_t at = 1;
  for (; at < arguments.size(); ++at) {
    const auto word = arguments[at].value_or("operand");
    if (word.size() < 2 || word.front() != '-') break;
    if (word == "--") {
      ++at;
      break;
    }
    for (const char letter : word.substr(1)) {
      if (letter == 'c') {
        call.takes_text = true;
      } else if (letter == 's') {
        call.reads_input = true;
      } else if (!set_process_option(call.options, std::string{'-', letter}) && letter != 'l') {
        call.not_understood = word;
      }
    }
    if (word.find('l') != std::string::npos) call.not_understood = word;
  }
  call.operands = at;
  return call;
}

int run_shell(Shell& shell, Arguments arguments, const Environment& environment) {
  const std::vector<std::optional<std::string>> words(arguments.begin(), arguments.end());
  const auto call = parse_shell_call(words);
  if (!call.not_understood.empty()) throw NotNative("sh " + call.not_understood);
  auto operands = arguments.subspan(call.operands);
  Shell::Process process;
  process.options = call.options;
  process.name = arguments.front();
  std::string text;
  if (call.takes_text) {
    if (operands.empty()) {
      shell.write_error(arguments.front() + ": -c requires an argument\n");
      return 2;
    }
    text = operands.front();
    operands = operands.subspan(1);
    process.first_line = 0;
    if (!operands.empty()) {
      process.name = operands.front();
      process.speaker = process.name;
      operands = operands.subspan(1);
    }
  } else if (operands.empty() || call.reads_input) {
    text = shell.stream(0).read_all();
  } else {
    const auto& name = operands.front();
    const auto path = name.starts_with('/') ? name : shell.state().directory + "/" + name;
    const auto problem = shell.files().read(path, text);
    if (problem != 0 && problem != ENOENT) throw NotNative("sh " + name);
    if (problem != 0) {
      shell.write_error(arguments.front() + ": can't open '" + name +
                        "': No such file or directory\n");
      return 2;
    }
    process.name = name;
    process.speaker = name;
    operands = operands.subspan(1);
  }
  process.arguments.assign(operands.begin(), operands.end());
  return shell.run_process(std::move(process), text, environment);
}

std::optional<std::string> shell_unsupported(KnownArguments arguments) {
  const auto call = parse_shell_call(arguments);
  if (call.not_understood.empty()) return std::nullopt;
  return "option " + call.not_understood;
}

// env ----------------------------------------------------------------------------------------

int run_env(Shell& shell, Arguments arguments, const Environment& environment) {
  auto changed = environment;
  auto words = arguments.subspan(1);
  while (!words.empty() && words.front().starts_with('-')) {
    const auto option = words.front();
    words = words.subspan(1);
    if (option == "--") break;
    if (option == "-i" || option == "-") {
      changed.clear();
    } else if (option == "-u" && !words.empty()) {
      changed.erase(words.front());
      words = words.subspan(1);
    } else {
      throw NotNative("env " + option);
    }
  }
  while (!words.empty() && words.front().find('=') != std::string::npos) {
    const auto equals = words.front().find('=');
    changed[words.front().substr(0, equals)] = words.front().substr(equals + 1);
    words = words.subspan(1);
  }
  // Variables are listed in the order of a hash table.
  if (words.empty()) throw NotNative("env without a command");
  if (changed.find("PATH") == changed.end() || changed["PATH"] != shell.parameter("PATH"))
    throw NotNative("env that changes PATH");
  if (const auto program = shell.find_program(words.front()); !program.runs()) {
    const bool missing = program.kind == Program::Kind::missing;
    shell.write_error("env: can't execute '" + words.front() +
                      "': " + (missing ? "No such file or directory" : "Permission denied") + "\n");
    return missing ? 127 : 126;
  }
  return shell.run_program(words, changed);
}

std::optional<std::string> env_unsupported(KnownArguments arguments) {
  for (const auto& word : arguments.subspan(1)) {
    if (!word) return std::nullopt;
    const bool option = word->starts_with('-');
    if (option && *word != "-i" && *word != "-" && *word != "-u" && *word != "--")
      return "option " + *word;
    if (!option && word->find('=') == std::string::npos) return std::nullopt;
  }
  return "without a command";
}

constexpr std::array<ProcessCommand, 3> table = {{{"sh", run_shell, shell_unsupported},
                                                  {"ash", run_shell, shell_unsupported},
                                                  {"env", run_env, env_unsupported}}};

}  // namespace

const ProcessCommand* find_process_command(std::string_view name) {
  for (const auto& command : table)
    if (command.name == name) return &command;
  return nullptr;
}

}  // namespace tarn::builder
