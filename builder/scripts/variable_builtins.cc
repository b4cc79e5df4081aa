#include <algorithm>
#include <array>

#include "builder/scripts/shell.h"
#include "builder/scripts/shell_arithmetic.h"
#include "builder/scripts/shell_builtin_arguments.h"
#include "builder/scripts/shell_builtins.h"
#include "builder/scripts/shell_lexer.h"

namespace tarn::builder {
namespace {

using Arguments = std::span<const std::string>;
using Mark = ShellVariables::Mark;

void list_variables(Shell& shell, std::string_view command) {
  for (const auto& [name, variable] : shell.state().variables.all()) {
    const bool wanted = command == "export" ? variable.exported : variable.read_only;
    if (!wanted) continue;
    shell.write(std::string(command) + " " + name +
                (variable.value ? "=" + single_quoted(*variable.value) : "") + "\n");
  }
}

std::string checked_name(Shell& shell, const std::string& word) {
  auto name = word.substr(0, word.find('='));
  if (!is_shell_name(name)) shell.fail(name + ": bad variable name");
  return name;
}

/// export and readonly.
int run_mark(Shell& shell, Arguments arguments) {
  const auto& command = arguments.front();
  auto mark = command == "export" ? Mark::exported : Mark::read_only;
  auto words = arguments.subspan(1);
  bool lists = words.empty();
  while (!words.empty() && words.front().size() > 1 && words.front().starts_with('-')) {
    const auto& option = words.front();
    const bool end = option == "--";
    if (option == "-p") {
      lists = true;
    } else if (option == "-n" && command == "export") {
      mark = Mark::not_exported;
    } else if (!end) {
      shell.fail("illegal option " + option.substr(0, 2));
    }
    words = words.subspan(1);
    if (end) break;
  }
  if (lists || words.empty()) {
    list_variables(shell, command);
    return 0;
  }
  for (const auto& word : words) {
    const auto name = checked_name(shell, word);
    if (name.size() < word.size()) shell.set_variable(name, word.substr(name.size() + 1));
    shell.state().variables.mark(name, mark);
  }
  return 0;
}

int run_local(Shell& shell, Arguments arguments) {
  if (shell.state().functions_in == 0) shell.fail("not in a function");
  for (const auto& word : arguments.subspan(1)) {
    if (word == "-") throw NotNative("local -");
    const auto name = checked_name(shell, word);
    auto& variables = shell.state().variables;
    if (variables.is_read_only(name)) shell.fail(name + ": is read only");
    const auto found = variables.all().find(name);
    const bool exported = found != variables.all().end() && found->second.exported;
    variables.keep_for_scope(name);
    if (name.size() < word.size()) {
      shell.set_variable(name, word.substr(name.size() + 1));
    } else if (variables.unset(name) && exported) {
      variables.mark(name, Mark::exported);
    }
  }
  return 0;
}

int run_unset(Shell& shell, Arguments arguments) {
  auto words = arguments.subspan(1);
  bool functions = false;
  while (!words.empty() && words.front().size() > 1 && words.front().starts_with('-')) {
    const auto& option = words.front();
    const bool end = option == "--";
    if (!end && option != "-v" && option != "-f")
      shell.fail("illegal option " + option.substr(0, 2));
    if (!end) functions = option == "-f";
    words = words.subspan(1);
    if (end) break;
  }
  for (const auto& name : words) {
    if (functions) {
      shell.state().functions.erase(name);
      continue;
    }
    if (!is_shell_name(name)) shell.fail(name + ": bad variable name");
    if (!shell.state().variables.unset(name)) shell.fail(name + ": is read only");
  }
  return 0;
}

int run_shift(Shell& shell, Arguments arguments) {
  auto& parameters = shell.state().arguments;
  const auto count =
      arguments.size() > 1 ? static_cast<std::size_t>(read_number(shell, arguments[1])) : 1;
  if (count > parameters.size()) return 1;
  parameters.erase(parameters.begin(), parameters.begin() + static_cast<std::ptrdiff_t>(count));
  return 0;
}

int run_let(Shell& shell, Arguments arguments) {
  if (arguments.size() < 2) shell.fail("expression expected");
  const ArithmeticVariables variables = {
      [&shell](const std::string& name) { return shell.parameter(name); },
      [&shell](const std::string& name, const std::string& value) {
        shell.set_variable(name, value);
      }};
  std::int64_t value = 0;
  try {
    for (const auto& expression : arguments.subspan(1))
      value = evaluate_arithmetic(expression, variables, shell.budget());
  } catch (const ArithmeticFault& fault) {
    shell.fail(fault.what());
  }
  return value == 0 ? 1 : 0;
}

// getopts ------------------------------------------------------------------------------------

class OptionReader {
 public:
  OptionReader(Shell& shell, const std::string& letters, const std::string& variable,
               const std::vector<std::string>& words)
      : shell_(shell),
        silent_(letters.starts_with(':')),
        letters_(letters),
        variable_(variable),
        words_(words) {}

  int next() {
    const auto* index = shell_.state().variables.value("OPTIND");
    place_ = index != nullptr && index->size() < 9 &&
                     index->find_first_not_of("0123456789") == std::string::npos && !index->empty()
                 ? static_cast<std::size_t>(std::stoul(*index))
                 : 1;
    if (place_ == 0) place_ = 1;
    offset_ = shell_.state().option_offset;
    if (offset_ == 0 && !begin_word()) {
      finish("?", 0);
      return 1;
    }
    if (place_ < 2 || place_ > words_.size() + 1 || offset_ >= words_[place_ - 2].size())
      throw NotNative("getopts with arguments that changed");
    take_letter();
    return 0;
  }

 private:
  /// Goes on to the next word, if it has options.
  bool begin_word() {
    if (place_ > words_.size()) return false;
    const auto& word = words_[place_ - 1];
    if (word.size() < 2 || word.front() != '-') return false;
    ++place_;
    if (word == "--") return false;
    offset_ = 1;
    return true;
  }

  void take_letter() {
    const auto& word = words_[place_ - 2];
    const char letter = word[offset_++];
    const bool last = offset_ >= word.size();
    const auto found = letter == ':' ? std::string::npos : letters_.find(letter);
    const bool known = found != std::string::npos;
    const bool with_value = known && found + 1 < letters_.size() && letters_[found + 1] == ':';
    std::string name(1, letter);
    if (!known) {
      name = refuse(letter, "Illegal option -", "", "?");
    } else if (!with_value) {
      shell_.set_variable("OPTARG", "");
    } else if (!last) {
      shell_.set_variable("OPTARG", word.substr(offset_));
    } else if (place_ <= words_.size()) {
      shell_.set_variable("OPTARG", words_[place_++ - 1]);
    } else {
      name = refuse(letter, "No arg for -", " option", ":");
    }
    finish(name, last || with_value ? 0 : offset_);
  }

  /// Says what is wrong, aloud or in OPTARG; gives the option's name.
  std::string refuse(char letter, const std::string& before, const std::string& after,
                     const std::string& silent_name) {
    if (silent_) {
      shell_.set_variable("OPTARG", std::string(1, letter));
      return silent_name;
    }
    shell_.write_error(before + letter + after + "\n");
    (void)shell_.state().variables.unset("OPTARG");
    return "?";
  }

  void finish(const std::string& name, std::size_t offset) {
    shell_.set_variable("OPTIND", std::to_string(place_));
    shell_.set_variable(variable_, name);
    shell_.state().option_offset = offset;
  }

  Shell& shell_;
  bool silent_;
  const std::string& letters_;
  const std::string& variable_;
  const std::vector<std::string>& words_;
  std::size_t place_ = 1;
  std::size_t offset_ = 0;
};

int run_getopts(Shell& shell, Arguments arguments) {
  if (arguments.size() < 3) shell.fail("usage: getopts optstring var [arg]");
  if (!is_shell_name(arguments[2])) throw NotNative("getopts with a bad name");
  const std::vector<std::string> words =
      arguments.size() > 3 ? std::vector<std::string>(arguments.begin() + 3, arguments.end())
                           : shell.state().arguments;
  return OptionReader(shell, arguments[1], arguments[2], words).next();
}

constexpr auto special = ShellBuiltin::Kind::special;
constexpr auto regular = ShellBuiltin::Kind::regular;
constexpr std::array<ShellBuiltin, 7> table = {{{"export", special, run_mark},
                                                {"readonly", special, run_mark},
                                                {"unset", special, run_unset},
                                                {"shift", special, run_shift},
                                                {"local", special, run_local},
                                                {"let", regular, run_let},
                                                {"getopts", regular, run_getopts}}};

}  // namespace

std::span<const ShellBuiltin> variable_builtins() {
  return table;
}

}  // namespace tarn::builder
