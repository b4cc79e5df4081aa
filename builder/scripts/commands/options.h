#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "builder/scripts/command.h"

namespace tarn::builder {

/// The long name of an option.
struct LongOption {
  std::string_view name;
  char letter = 0;  ///< of OptionRules::letters
};

/// The options of an applet, as its getopt takes them.
struct OptionRules {
  /// As for getopt: "fn:t::" are -f, -n VALUE (also glued: -nVALUE), -t with a value only when it
  /// is glued. A '+' first: options end at the first operand; else operands may stand between them.
  std::string_view letters;
  /// Letters among them that the applet has but that are not built: a call with one cannot be run
  /// exactly. An option that is in neither is as little (its usage text is not built either).
  std::string_view inexact = {};
  std::span<const LongOption> long_options = {};
};

/// An option as it was given.
template <typename Text>
struct GivenOption {
  char letter = 0;
  std::optional<Text> value;
};

/// The arguments of a call, taken apart. `Text` is std::string where a script runs,
/// std::optional<std::string> where some of them are not known yet.
template <typename Text>
struct ParsedOptions {
  std::vector<GivenOption<Text>> options;  ///< in their order
  std::vector<Text> operands;

  bool has(char letter) const {
    for (const auto& option : options)
      if (option.letter == letter) return true;
    return false;
  }
  /// The value of the last option of that letter; null without one.
  const Text* value(char letter) const {
    const Text* last = nullptr;
    for (const auto& option : options)
      if (option.letter == letter && option.value) last = &*option.value;
    return last;
  }
  /// Which of these letters was given last; 0 when none was.
  char last_of(std::string_view letters) const {
    char last = 0;
    for (const auto& option : options)
      if (letters.find(option.letter) != std::string_view::npos) last = option.letter;
    return last;
  }
};

/// The options of a running command. Throws NotNative, naming applet and option, for what is not
/// built: the applet's usage text among it.
ParsedOptions<std::string> parse_options(const Invocation& invocation, const OptionRules& rules);

/// The same of arguments (the first is the name) that are none of an invocation.
ParsedOptions<std::string> parse_options(std::span<const std::string> arguments,
                                         const OptionRules& rules);

/// What is known of the options before the script runs. An unknown argument is an option's value
/// where one is due, else taken for an operand. `fault` gets why the call cannot be run exactly:
/// "option -Z".
ParsedOptions<std::optional<std::string>> parse_known_options(KnownArguments arguments,
                                                              const OptionRules& rules,
                                                              std::optional<std::string>& fault);

/// A command's whole static check when nothing but its options matters.
std::optional<std::string> unsupported_option(KnownArguments arguments, const OptionRules& rules);

/// For commands that take any arguments.
std::optional<std::string> nothing_unsupported(KnownArguments arguments);

}  // namespace tarn::builder
