#include "builder/scripts/script_reading.h"

#include <algorithm>
#include <variant>

#include "builder/scripts/shell_lexer.h"

namespace tarn::builder {

std::optional<std::string> known_text(const ShellWord& word) {
  std::string text;
  for (const auto& part : word.parts) {
    if (part.kind != WordPart::Kind::text) return std::nullopt;
    if (!part.quoted && part.text.find_first_of("*?[~") != std::string::npos && part.text != "[")
      return std::nullopt;
    text += part.text;
  }
  return text;
}

/// Goes through a whole script.
class ScriptFacts::Gatherer {
 public:
  explicit Gatherer(ScriptFacts& facts) : facts_(facts) {}

  void visit(const CommandList& commands) {
    for (const auto& command : commands) visit(*command);
  }

 private:
  void visit(const ShellCommand& command) {
    for (const auto& redirection : command.redirections) {
      visit(redirection.target);
      if (redirection.document) visit(*redirection.document);
    }
    std::visit([&](const auto& what) { visit(what); }, command.what);
  }

  void visit(const ShellWord& word) {
    for (const auto& part : word.parts) {
      if (part.operation == ParameterOperator::assign_default) forget(part.text);
      if (part.program) visit(part.program->commands);
      for (const auto& operand : part.operands) visit(operand);
    }
  }

  void visit(const SimpleCommand& simple) {
    for (const auto& assignment : simple.assignments) {
      learn(assignment.name, known_text(assignment.value));
      visit(assignment.value);
    }
    bool assigns = false;
    for (const auto& word : simple.words) {
      visit(word);
      const auto text = known_text(word);
      const auto begins = word.parts.empty() ? std::string() : word.parts.front().text;
      const auto name = begins.substr(0, begins.find('='));
      if (&word == &simple.words.front()) {
        assigns = text && sets_variables(*text);
      } else if (assigns && is_shell_name(name)) {
        const bool known = text && text->size() > name.size();
        learn(name, known ? std::optional(text->substr(name.size() + 1)) : std::nullopt);
      }
    }
  }

  static bool sets_variables(std::string_view command) {
    return command == "export" || command == "readonly" || command == "local" ||
           command == "read" || command == "getopts" || command == "unset" || command == "let" ||
           command == "command" || command == "eval";
  }

  void visit(const Pipeline& pipeline) { visit(pipeline.stages); }
  void visit(const AndOrList& list) {
    for (const auto& member : list.members) visit(*member.command);
  }
  void visit(const BackgroundCommand& background) { visit(*background.command); }
  void visit(const GroupCommand& group) { visit(group.body); }
  void visit(const SubshellCommand& subshell) { visit(subshell.body); }
  void visit(const IfCommand& conditional) {
    for (const auto& branch : conditional.branches) {
      visit(branch.condition);
      visit(branch.body);
    }
    visit(conditional.otherwise);
  }
  void visit(const ForCommand& loop) {
    for (const auto& word : loop.words) {
      visit(word);
      learn(loop.name, known_text(word));
    }
    if (loop.over_arguments) forget(loop.name);
    visit(loop.body);
  }
  void visit(const LoopCommand& loop) {
    visit(loop.condition);
    visit(loop.body);
  }
  void visit(const CaseCommand& choice) {
    visit(choice.word);
    for (const auto& item : choice.items) {
      for (const auto& pattern : item.patterns) visit(pattern);
      visit(item.body);
    }
  }
  void visit(const FunctionDefinition& definition) {
    facts_.functions_[definition.name].push_back(definition.body);
    visit(*definition.body);
  }

  void learn(const std::string& name, const std::optional<std::string>& value) {
    auto& variable = facts_.variables_[name];
    if (value) {
      variable.values.push_back(*value);
    } else {
      variable.all_known = false;
    }
  }
  void forget(const std::string& name) { facts_.variables_[name].all_known = false; }

  ScriptFacts& facts_;
};

void ScriptFacts::gather(const ShellProgram& program) {
  Gatherer(*this).visit(program.commands);
}

void ScriptFacts::add(const ScriptFacts& other) {
  for (const auto& [name, bodies] : other.functions_) {
    auto& mine = functions_[name];
    mine.insert(mine.end(), bodies.begin(), bodies.end());
  }
  for (const auto& [name, variable] : other.variables_) {
    auto& mine = variables_[name];
    mine.values.insert(mine.values.end(), variable.values.begin(), variable.values.end());
    mine.all_known = mine.all_known && variable.all_known;
  }
}

CommandList ScriptFacts::function(std::string_view name) const {
  const auto found = functions_.find(name);
  return found == functions_.end() ? CommandList() : found->second;
}

std::optional<std::vector<std::vector<std::string>>> ScriptFacts::values_of(
    const ShellWord& word) const {
  if (word.parts.size() != 1) return std::nullopt;
  const auto& part = word.parts.front();
  if (part.kind != WordPart::Kind::parameter || part.operation != ParameterOperator::none)
    return std::nullopt;
  const auto found = variables_.find(part.text);
  if (found == variables_.end() || !found->second.all_known) return std::nullopt;
  std::vector<std::vector<std::string>> values;
  for (const auto& value : found->second.values) {
    std::vector<std::string> fields;
    if (part.quoted) {
      fields.push_back(value);
    } else {
      for (std::size_t at = 0; at < value.size();) {
        const auto start = value.find_first_not_of(" \t\n", at);
        if (start == std::string::npos) break;
        at = std::min(value.find_first_of(" \t\n", start), value.size());
        fields.push_back(value.substr(start, at - start));
      }
    }
    values.push_back(std::move(fields));
  }
  return values;
}

}  // namespace tarn::builder
