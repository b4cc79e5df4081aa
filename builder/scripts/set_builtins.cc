#include <array>

#include "builder/scripts/shell.h"
#include "builder/scripts/shell_builtins.h"

namespace tarn::builder {
namespace {

using Arguments = std::span<const std::string>;

struct Option {
  char letter;
  std::string_view name;
  bool ShellOptions::*member;
};
constexpr std::array<Option, 6> options = {{{'e', "errexit", &ShellOptions::exit_on_error},
                                            {'f', "noglob", &ShellOptions::no_globs},
                                            {'u', "nounset", &ShellOptions::unset_is_error},
                                            {'C', "noclobber", &ShellOptions::no_clobber},
                                            {'a', "allexport", &ShellOptions::export_all},
                                            {'\0', "pipefail", &ShellOptions::pipe_fail}}};

/// Where the words of `set` end their options: what is set, and the place of the first operand.
struct Settings {
  ShellOptions options;
  std::size_t operands = 0;
  bool replaces = false;       ///< the positional parameters
  std::string not_understood;  ///< an option that is none, or has effects beyond these
};

bool set_by_letter(ShellOptions& settings, char letter, bool on) {
  // What is never switched on can be switched off.
  if (!on && (letter == 'x' || letter == 'v')) return true;
  for (const auto& option : options) {
    if (option.letter != letter || letter == '\0') continue;
    settings.*option.member = on;
    return true;
  }
  return false;
}

bool set_by_name(ShellOptions& settings, std::string_view name, bool on) {
  for (const auto& option : options) {
    if (option.name != name) continue;
    settings.*option.member = on;
    return true;
  }
  return false;
}

Settings read_settings(ShellOptions now, std::span<const std::optional<std::string>> words) {
  Settings settings{now, 0, false, {}};
  std::size_t at = 0;
  for (; at < words.size(); ++at) {
    const auto word = words[at].value_or("operand");
    if (word == "--" || word == "-") {
      settings.replaces = word == "--" || at + 1 < words.size();
      ++at;
      break;
    }
    if (word.size() < 2 || (word.front() != '-' && word.front() != '+')) break;
    const bool on = word.front() == '-';
    for (std::size_t i = 1; i < word.size(); ++i) {
      bool known = false;
      if (word[i] == 'o' && at + 1 < words.size()) {
        const auto name = words[++at].value_or("");
        known = set_by_name(settings.options, name, on);
      } else {
        known = set_by_letter(settings.options, word[i], on);
      }
      if (!known) settings.not_understood = word;
    }
  }
  settings.operands = at;
  settings.replaces = settings.replaces || at < words.size();
  return settings;
}

int run_set(Shell& shell, Arguments arguments) {
  if (arguments.size() == 1) throw NotNative("set without arguments");
  const std::vector<std::optional<std::string>> words(arguments.begin() + 1, arguments.end());
  const auto settings = read_settings(shell.state().options, words);
  if (!settings.not_understood.empty()) throw NotNative("set " + settings.not_understood);
  shell.state().options = settings.options;
  if (settings.replaces) {
    const auto first = arguments.begin() + 1 + static_cast<std::ptrdiff_t>(settings.operands);
    shell.state().arguments.assign(first, arguments.end());
    shell.state().option_offset = 0;
  }
  return 0;
}

std::optional<std::string> set_unsupported(KnownArguments arguments) {
  if (arguments.size() == 1) return "without arguments";
  const auto settings = read_settings({}, arguments.subspan(1));
  if (settings.not_understood.empty()) return std::nullopt;
  return "option " + settings.not_understood;
}

constexpr std::array<ShellBuiltin, 1> table = {
    {{"set", ShellBuiltin::Kind::special, run_set, set_unsupported}}};

}  // namespace

std::span<const ShellBuiltin> set_builtins() {
  return table;
}

bool set_process_option(ShellOptions& settings, std::string_view option) {
  if (option.size() < 2 || option.front() != '-') return false;
  for (const char letter : option.substr(1))
    if (!set_by_letter(settings, letter, true)) return false;
  return true;
}

}  // namespace tarn::builder
