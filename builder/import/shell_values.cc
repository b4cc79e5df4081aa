#include "builder/import/shell_values.h"

#include <utility>
#include <variant>

#include <fmt/core.h>

namespace tarn::builder {
namespace {

/// A value in pieces, of which only some are split at blanks.
struct Piece {
  std::string text;
  bool is_split = false;
};

std::optional<Piece> piece_of(const WordPart& part, const Variables& variables) {
  if (part.kind == WordPart::Kind::text) return Piece{part.text, false};
  if (part.kind != WordPart::Kind::parameter) return std::nullopt;
  const auto found = variables.find(part.text);
  const bool has_value =
      found != variables.end() && (!part.empty_counts_as_unset || !found->second.empty());
  switch (part.operation) {
    case ParameterOperator::none:
      break;
    case ParameterOperator::use_default:
      if (!has_value) {
        auto value = word_value(part.operands.front(), variables);
        if (!value) return std::nullopt;
        return Piece{*std::move(value), !part.quoted};
      }
      break;
    case ParameterOperator::use_alternative: {
      if (!has_value) return Piece{};
      auto value = word_value(part.operands.front(), variables);
      if (!value) return std::nullopt;
      return Piece{*std::move(value), !part.quoted};
    }
    default:
      return std::nullopt;
  }
  if (found == variables.end()) return std::nullopt;
  return Piece{found->second, !part.quoted};
}

std::string show_word(const ShellWord& word) {
  std::string text;
  for (const WordPart& part : word.parts) {
    switch (part.kind) {
      case WordPart::Kind::text:
        text += part.text;
        break;
      case WordPart::Kind::parameter:
        text += "$" + part.text;
        break;
      case WordPart::Kind::command:
        text += "$(…)";
        break;
      case WordPart::Kind::arithmetic:
        text += "$((…))";
        break;
    }
  }
  return text;
}

std::string show_simple(const SimpleCommand& command) {
  std::string text;
  for (const Assignment& assignment : command.assignments)
    text.append(assignment.name).append("=").append(show_word(assignment.value)).append(" ");
  for (const ShellWord& word : command.words) text.append(show_word(word)).append(" ");
  if (!text.empty()) text.pop_back();
  return text;
}

struct Shower {
  std::string operator()(const SimpleCommand& command) const { return show_simple(command); }
  std::string operator()(const Pipeline& pipeline) const {
    std::string text = pipeline.negated ? "! " : "";
    for (std::size_t i = 0; i < pipeline.stages.size(); ++i)
      text.append(i == 0 ? "" : " | ").append(show_command(*pipeline.stages[i]));
    return text;
  }
  std::string operator()(const AndOrList& list) const {
    std::string text;
    for (const AndOrList::Member& member : list.members) {
      if (member.condition == AndOrList::Condition::success) text += " && ";
      if (member.condition == AndOrList::Condition::failure) text += " || ";
      text += show_command(*member.command);
    }
    return text;
  }
  std::string operator()(const BackgroundCommand& command) const {
    return show_command(*command.command) + " &";
  }
  std::string operator()(const GroupCommand&) const { return "{ … }"; }
  std::string operator()(const SubshellCommand&) const { return "( … )"; }
  std::string operator()(const IfCommand& command) const {
    return fmt::format("if {}; then …", command.branches.front().condition.empty()
                                            ? "…"
                                            : show_command(*command.branches.front().condition[0]));
  }
  std::string operator()(const ForCommand& command) const {
    return fmt::format("for {} in …", command.name);
  }
  std::string operator()(const LoopCommand& command) const {
    return command.until ? "until …" : "while …";
  }
  std::string operator()(const CaseCommand& command) const {
    return fmt::format("case {} in …", show_word(command.word));
  }
  std::string operator()(const FunctionDefinition& function) const { return function.name + "()"; }
};

}  // namespace

std::optional<std::vector<std::string>> word_values(const ShellWord& word,
                                                    const Variables& variables) {
  std::vector<std::string> values;
  std::string current;
  bool has_current = false;
  for (const WordPart& part : word.parts) {
    const auto piece = piece_of(part, variables);
    if (!piece) return std::nullopt;
    has_current = has_current || part.quoted || !piece->text.empty();
    if (!piece->is_split) {
      current += piece->text;
      continue;
    }
    for (const char c : piece->text) {
      if (c != ' ' && c != '\t' && c != '\n') {
        current += c;
      } else if (!current.empty()) {
        values.push_back(std::exchange(current, {}));
        has_current = false;
      }
    }
    has_current = has_current && !current.empty();
  }
  if (has_current || !current.empty()) values.push_back(std::move(current));
  return values;
}

std::optional<std::string> word_value(const ShellWord& word, const Variables& variables) {
  std::string value;
  for (const WordPart& part : word.parts) {
    const auto piece = piece_of(part, variables);
    if (!piece) return std::nullopt;
    value += piece->text;
  }
  return value;
}

std::string show_command(const ShellCommand& command) {
  constexpr std::size_t longest = 160;
  std::string text = std::visit(Shower(), command.what);
  for (char& c : text)
    if (c == '\n' || c == '\t') c = ' ';
  if (text.size() > longest) {
    std::size_t end = longest;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;
    text = text.substr(0, end) + "…";
  }
  return text;
}

}  // namespace tarn::builder
