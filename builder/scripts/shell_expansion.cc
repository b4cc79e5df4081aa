#include "builder/scripts/shell_expansion.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "builder/scripts/command.h"
#include "builder/scripts/shell_arithmetic.h"
#include "builder/scripts/shell_glob.h"
#include "builder/scripts/shell_lexer.h"
#include "builder/scripts/shell_parameter.h"
#include "builder/scripts/shell_pattern.h"

namespace tarn::builder {
namespace {

constexpr std::string_view default_separators = " \t\n";

std::string separators_of(ExpansionContext& context) {
  return context.parameter("IFS").value_or(std::string(default_separators));
}

/// The home of a user as the rootfs' etc/passwd has it.
std::optional<std::string> home_of(std::string_view user, const ScriptRootfs& files) {
  std::string passwd;
  if (files.read("/etc/passwd", passwd) != 0) return std::nullopt;
  std::string_view rest = passwd;
  while (!rest.empty()) {
    auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    std::vector<std::string_view> fields;
    for (std::size_t at = 0; at <= line.size();) {
      const auto end = std::min(line.find(':', at), line.size());
      fields.push_back(line.substr(at, end - at));
      at = end + 1;
    }
    if (fields.size() >= 6 && fields[0] == user) return std::string(fields[5]);
  }
  return std::nullopt;
}

/// Expands parts of words into texts, one for each field that is certain before splitting.
class Expander {
 public:
  /// How "$@" comes out: as fields, or joined.
  enum class Result { fields, text };

  Expander(ExpansionContext& context, Result result) : context_(context), result_(result) {
    texts_.emplace_back();
  }

  void expand(const ShellWord& word, Tilde tilde) {
    const ScriptBudget::Level level(context_.budget());
    for (std::size_t i = 0; i < word.parts.size(); ++i) {
      context_.budget().spend_steps();
      const auto& part = word.parts[i];
      switch (part.kind) {
        case WordPart::Kind::text:
          add_written(part, i == 0, i + 1 == word.parts.size(), tilde);
          break;
        case WordPart::Kind::parameter:
          expand_parameter(part);
          break;
        case WordPart::Kind::command:
          add_value(context_.substitute(*part.program), part.quoted);
          break;
        case WordPart::Kind::arithmetic:
          add_value(std::to_string(arithmetic(part.operands.front())), part.quoted);
          break;
      }
    }
  }

  std::vector<MarkedText>& texts() { return texts_; }
  MarkedText& only() { return texts_.front(); }

 private:
  using Operator = ParameterOperator;

  void add(std::string_view text, char mark) {
    context_.budget().spend_octets(text.size());
    if (text.empty() && mark == MarkedText::quoted) {
      texts_.back().text += '\0';
      texts_.back().marks += static_cast<char>(MarkedText::empty);
      return;
    }
    texts_.back().text += text;
    texts_.back().marks.append(text.size(), mark);
  }

  void add_value(std::string_view value, bool quoted) {
    add(value, quoted ? MarkedText::quoted : MarkedText::splittable);
  }

  /// Text as it is written. In the operand of an unquoted ${x-word} it is split as a value is.
  void add_written(const WordPart& part, bool first, bool last, Tilde tilde) {
    const char mark = part.quoted       ? MarkedText::quoted
                      : in_operand_ > 0 ? MarkedText::splittable
                                        : MarkedText::plain;
    if (part.quoted || tilde == Tilde::none) {
      add(part.text, mark);
      return;
    }
    std::string_view rest = part.text;
    bool here = first;
    while (!rest.empty()) {
      if (here && rest.front() == '~') rest = add_home(rest, last, tilde, mark);
      const auto colon = tilde == Tilde::assignment ? rest.find(':') : std::string_view::npos;
      const auto size = colon == std::string_view::npos ? rest.size() : colon + 1;
      add(rest.substr(0, size), mark);
      rest.remove_prefix(size);
      here = true;
    }
  }

  /// Adds the home that `text` begins with, or its '~'; gives what follows it.
  std::string_view add_home(std::string_view text, bool last, Tilde tilde, char mark) {
    const auto ends = tilde == Tilde::assignment ? "/:" : "/";
    const auto end = text.find_first_of(ends);
    const auto user = text.substr(1, end == std::string_view::npos ? end : end - 1);
    std::optional<std::string> home;
    if (end != std::string_view::npos || last)
      home = user.empty() ? context_.parameter("HOME") : home_of(user, context_.files());
    if (home) {
      add(*home, MarkedText::quoted);
    } else {
      add(text.substr(0, 1 + user.size()), mark);
    }
    return text.substr(1 + user.size());
  }

  std::string text_of(const ShellWord& word, Tilde tilde = Tilde::none) {
    return expand_text(word, tilde, context_);
  }

  std::int64_t arithmetic(const ShellWord& word) {
    const auto expression = text_of(word);
    const ArithmeticVariables variables = {
        [this](const std::string& name) { return context_.parameter(name); },
        [this](const std::string& name, const std::string& value) {
          context_.assign(name, value);
        }};
    try {
      return evaluate_arithmetic(expression, variables, context_.budget());
    } catch (const ArithmeticFault& fault) {
      context_.fail(fault.what());
    }
  }

  void expand_parameter(const WordPart& part) {
    if (part.text == "@" || part.text == "*") {
      expand_arguments(part);
      return;
    }
    const auto value = context_.parameter(part.text);
    if (!use_other_value(part,
                         value.has_value() && !(part.empty_counts_as_unset && value->empty())))
      return;
    if (!value && context_.unset_is_error()) context_.fail(part.text + ": parameter not set");
    add_value(changed_value(part, value.value_or("")), part.quoted);
  }

  /// Does what ${x-w}, ${x=w}, ${x?w} and ${x+w} say. False when nothing is left to do, true when
  /// the value itself is wanted.
  bool use_other_value(const WordPart& part, bool has_value) {
    switch (part.operation) {
      case Operator::use_default:
        if (has_value) return true;
        expand_operand(part);
        return false;
      case Operator::use_alternative:
        if (has_value) {
          expand_operand(part);
        } else if (part.quoted) {
          add("", MarkedText::quoted);
        }
        return false;
      case Operator::assign_default: {
        if (has_value) return true;
        if (!is_shell_name(part.text)) context_.fail(part.text + ": bad variable name");
        const auto value = text_of(part.operands.front(), Tilde::word);
        context_.assign(part.text, value);
        add_value(value, part.quoted);
        return false;
      }
      case Operator::fail: {
        if (has_value) return true;
        auto message = text_of(part.operands.front(), Tilde::word);
        if (message.empty())
          message = part.empty_counts_as_unset ? "parameter not set or null" : "parameter not set";
        context_.fail(part.text + ": " + message);
      }
      default:
        return true;
    }
  }

  void expand_operand(const WordPart& part) {
    const auto before = texts_.back().text.size() + texts_.size();
    if (!part.quoted) ++in_operand_;
    expand(part.operands.front(), part.quoted ? Tilde::none : Tilde::word);
    if (!part.quoted) --in_operand_;
    if (part.quoted && texts_.back().text.size() + texts_.size() == before)
      add("", MarkedText::quoted);
  }

  void expand_arguments(const WordPart& part) {
    const auto& arguments = context_.arguments();
    // Without arguments they count as set, but as empty.
    const bool is_null = arguments.empty() || (arguments.size() == 1 && arguments.front().empty());
    const bool has_value = !(part.empty_counts_as_unset && is_null);
    if (!use_other_value(part, has_value)) return;
    if (part.operation >= Operator::length)
      throw NotNative(fmt::format("an operator on ${}", part.text));
    if (part.text == "*" && (part.quoted || result_ == Result::text)) {
      add_value(join(arguments, first_separator()), part.quoted);
    } else if (result_ == Result::text) {
      add_value(join(arguments, " "), part.quoted);
    } else {
      for (std::size_t i = 0; i < arguments.size(); ++i) {
        if (i > 0) texts_.emplace_back();
        add_value(arguments[i], part.quoted);
      }
    }
  }

  std::string first_separator() {
    const auto separators = separators_of(context_);
    return separators.substr(0, 1);
  }

  static std::string join(const std::vector<std::string>& texts, std::string_view separator) {
    return fmt::format("{}", fmt::join(texts, separator));
  }

  std::string changed_value(const WordPart& part, const std::string& value) {
    auto& budget = context_.budget();
    switch (part.operation) {
      case Operator::length:
        return std::to_string(count_characters(value));
      case Operator::remove_prefix:
      case Operator::remove_longest_prefix:
      case Operator::remove_suffix:
      case Operator::remove_longest_suffix:
        return remove_match(value, expand_pattern(part.operands.front(), context_), part.operation,
                            budget);
      case Operator::substring: {
        const auto offset = arithmetic(part.operands.front());
        std::optional<std::int64_t> length;
        if (part.operands.size() > 1) length = arithmetic(part.operands[1]);
        return substring(value, offset, length);
      }
      case Operator::replace_first:
      case Operator::replace_all: {
        const auto pattern = expand_pattern(part.operands.front(), context_);
        const auto replacement =
            part.operands.size() > 1 ? text_of(part.operands[1], Tilde::none) : std::string();
        return replace_matches(value, pattern, replacement, part.operation, budget);
      }
      default:
        return value;
    }
  }

  ExpansionContext& context_;
  Result result_;
  int in_operand_ = 0;
  std::vector<MarkedText> texts_;
};

/// The field's text, and as a pattern with what was quoted escaped.
std::string plain_text(const MarkedText& field) {
  std::string text;
  for (std::size_t i = 0; i < field.text.size(); ++i)
    if (field.marks[i] != MarkedText::empty) text += field.text[i];
  return text;
}

std::string pattern_text(const MarkedText& field) {
  std::string pattern;
  for (std::size_t i = 0; i < field.text.size(); ++i) {
    if (field.marks[i] == MarkedText::empty) continue;
    if (field.marks[i] == MarkedText::quoted) {
      pattern += escape_pattern(std::string_view(field.text).substr(i, 1));
    } else {
      pattern += field.text[i];
    }
  }
  return pattern;
}

bool has_active_wildcards(const MarkedText& field) {
  for (std::size_t i = 0; i < field.text.size(); ++i) {
    const char c = field.text[i];
    const bool active =
        field.marks[i] == MarkedText::plain || field.marks[i] == MarkedText::splittable;
    if (active && (c == '*' || c == '?' || c == '[')) return true;
  }
  return false;
}

void add_field(const MarkedText& field, ExpansionContext& context,
               std::vector<std::string>& fields) {
  context.budget().spend_steps();
  if (context.globs() && has_active_wildcards(field)) {
    auto paths =
        matching_paths(pattern_text(field), context.directory(), context.files(), context.budget());
    if (!paths.empty()) {
      std::move(paths.begin(), paths.end(), std::back_inserter(fields));
      return;
    }
  }
  fields.push_back(plain_text(field));
}

}  // namespace

std::vector<MarkedText> split_fields(const MarkedText& text, std::string_view separators) {
  const auto is_separator = [&](std::size_t at) {
    return at < text.text.size() && text.marks[at] == MarkedText::splittable &&
           separators.find(text.text[at]) != std::string_view::npos;
  };
  const auto is_blank = [&](std::size_t at) {
    return is_separator(at) && default_separators.find(text.text[at]) != std::string_view::npos;
  };
  std::vector<MarkedText> fields;
  std::size_t at = 0;
  while (is_blank(at)) ++at;
  while (at < text.text.size()) {
    const auto start = at;
    while (at < text.text.size() && !is_separator(at)) ++at;
    fields.push_back({text.text.substr(start, at - start), text.marks.substr(start, at - start)});
    while (is_blank(at)) ++at;
    if (is_separator(at) && !is_blank(at)) {
      // Blanks about another separator belong to it; after the first they were skipped above.
      ++at;
      while (is_blank(at)) ++at;
    }
  }
  return fields;
}

std::vector<std::string> expand_fields(std::span<const ShellWord> words,
                                       ExpansionContext& context) {
  std::vector<std::string> fields;
  for (const auto& word : words) {
    Expander expander(context, Expander::Result::fields);
    expander.expand(word, Tilde::word);
    const auto separators = separators_of(context);
    for (const auto& text : expander.texts())
      for (const auto& field : split_fields(text, separators)) add_field(field, context, fields);
  }
  return fields;
}

std::string expand_text(const ShellWord& word, Tilde tilde, ExpansionContext& context) {
  Expander expander(context, Expander::Result::text);
  expander.expand(word, tilde);
  return plain_text(expander.only());
}

std::string expand_pattern(const ShellWord& word, ExpansionContext& context) {
  Expander expander(context, Expander::Result::text);
  expander.expand(word, Tilde::word);
  return pattern_text(expander.only());
}

}  // namespace tarn::builder
