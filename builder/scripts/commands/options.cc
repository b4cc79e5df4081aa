#include "builder/scripts/commands/options.h"

#include <algorithm>

#include <fmt/core.h>

namespace tarn::builder {
namespace {

using Known = std::optional<std::string>;

/// Takes arguments apart as getopt_long does.
class OptionReader {
 public:
  OptionReader(KnownArguments arguments, const OptionRules& rules)
      : arguments_(arguments), rules_(rules) {
    stops_at_operand_ = rules.letters.starts_with('+');
  }

  ParsedOptions<Known> read() {
    while (at_ < arguments_.size() && fault_.empty()) {
      const Known& argument = arguments_[at_++];
      if (!argument || argument->size() < 2 || argument->front() != '-') {
        parsed_.operands.push_back(argument);
        if (stops_at_operand_) break;
      } else if (*argument == "--") {
        break;
      } else if (argument->starts_with("--")) {
        read_long(std::string_view(*argument).substr(2));
      } else {
        read_cluster(*argument);
      }
    }
    const auto rest = arguments_.subspan(std::min(at_, arguments_.size()));
    parsed_.operands.insert(parsed_.operands.end(), rest.begin(), rest.end());
    return std::move(parsed_);
  }

  const std::string& fault() const { return fault_; }

 private:
  enum class Value { none, required, optional };

  /// What the rules say of a letter; nothing for one they do not have.
  std::optional<Value> value_of(char letter) const {
    const auto place = rules_.letters.find(letter);
    if (letter == ':' || letter == '+' || place == std::string_view::npos) return std::nullopt;
    const auto rest = rules_.letters.substr(place + 1);
    if (rest.starts_with("::")) return Value::optional;
    return rest.starts_with(':') ? Value::required : Value::none;
  }

  void take(char letter, const std::string& shown, Known value, bool has_value) {
    if (rules_.inexact.find(letter) != std::string_view::npos) fault_ = "option " + shown;
    GivenOption<Known> given{letter, std::nullopt};
    if (has_value) given.value.emplace(std::move(value));
    parsed_.options.push_back(std::move(given));
  }

  /// The value is the next argument.
  void take_next(char letter, const std::string& shown) {
    if (at_ == arguments_.size()) {
      fault_ = fmt::format("option {} without its value", shown);
      return;
    }
    take(letter, shown, arguments_[at_++], true);
  }

  void read_cluster(std::string_view argument) {
    for (std::size_t at = 1; at < argument.size() && fault_.empty(); ++at) {
      const char letter = argument[at];
      const auto value = value_of(letter);
      const auto rest = argument.substr(at + 1);
      const std::string shown = fmt::format("-{}", letter);
      if (!value) {
        fault_ = "option " + shown;
      } else if (*value == Value::none || (*value == Value::optional && rest.empty())) {
        take(letter, shown, Known(), false);
      } else if (rest.empty()) {
        take_next(letter, shown);
        return;
      } else {
        take(letter, shown, std::string(rest), true);
        return;
      }
    }
  }

  /// The option of that long name or the only one that begins so.
  const LongOption* find_long(std::string_view name) const {
    const LongOption* found = nullptr;
    for (const auto& option : rules_.long_options) {
      if (option.name == name) return &option;
      if (!option.name.starts_with(name)) continue;
      if (found != nullptr) return nullptr;
      found = &option;
    }
    return found;
  }

  void read_long(std::string_view text) {
    const auto equals = text.find('=');
    const LongOption* const option = find_long(text.substr(0, equals));
    const auto value = value_of(option == nullptr ? ':' : option->letter);  // ':' is none's letter
    const std::string shown = fmt::format("--{}", text.substr(0, equals));
    if (!value || (*value == Value::none && equals != std::string_view::npos)) {
      fault_ = "option " + shown;
    } else if (equals != std::string_view::npos) {
      take(option->letter, shown, std::string(text.substr(equals + 1)), true);
    } else if (*value == Value::required) {
      take_next(option->letter, shown);
    } else {
      take(option->letter, shown, Known(), false);
    }
  }

  KnownArguments arguments_;
  const OptionRules& rules_;
  bool stops_at_operand_ = false;
  std::size_t at_ = 1;
  ParsedOptions<Known> parsed_;
  std::string fault_;
};

}  // namespace

ParsedOptions<std::string> parse_options(std::span<const std::string> arguments,
                                         const OptionRules& rules) {
  const std::vector<Known> known(arguments.begin(), arguments.end());
  OptionReader reader(known, rules);
  auto parsed = reader.read();
  if (!reader.fault().empty())
    throw NotNative(
        fmt::format("{}: {}", arguments.empty() ? "" : arguments.front(), reader.fault()));
  ParsedOptions<std::string> result;
  for (auto& option : parsed.options)
    result.options.push_back(
        {option.letter, option.value ? std::optional(std::move(**option.value)) : std::nullopt});
  for (auto& operand : parsed.operands) result.operands.push_back(std::move(*operand));
  return result;
}

ParsedOptions<std::string> parse_options(const Invocation& invocation, const OptionRules& rules) {
  return parse_options(invocation.arguments, rules);
}

ParsedOptions<Known> parse_known_options(KnownArguments arguments, const OptionRules& rules,
                                         std::optional<std::string>& fault) {
  OptionReader reader(arguments, rules);
  auto parsed = reader.read();
  fault.reset();
  if (!reader.fault().empty()) fault = reader.fault();
  return parsed;
}

std::optional<std::string> unsupported_option(KnownArguments arguments, const OptionRules& rules) {
  std::optional<std::string> fault;
  parse_known_options(arguments, rules, fault);
  return fault;
}

std::optional<std::string> nothing_unsupported(KnownArguments) {
  return std::nullopt;
}

}  // namespace tarn::builder
