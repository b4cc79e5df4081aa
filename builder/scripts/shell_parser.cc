#include "builder/scripts/shell_parser.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "apk/support/error.h"
#include "builder/scripts/shell_lexer.h"

namespace tarn::builder {
namespace {

using Kind = ShellToken::Kind;

std::shared_ptr<const ShellProgram> parse_substitution(ShellLexer& lexer);

/// The descriptor a redirection is for when none is given.
int default_descriptor(std::string_view operation) {
  return operation.front() == '<' ? 0 : 1;
}

/// The name in "NAME=…" when the word begins so; empty otherwise.
std::string_view assigned_name(const ShellWord& word) {
  if (word.parts.empty()) return {};
  const auto& first = word.parts.front();
  if (first.kind != WordPart::Kind::text || first.quoted) return {};
  const auto name = std::string_view(first.text).substr(0, first.text.find('='));
  return name.size() < first.text.size() && is_shell_name(name) ? name : std::string_view{};
}

class ShellParser {
 public:
  explicit ShellParser(ShellLexer& lexer) : lexer_(lexer) {}

  CommandList parse_program() {
    auto commands = parse_list();
    if (lexer_.peek().kind != Kind::end) fail_at(lexer_.peek());
    return commands;
  }

  CommandList parse_substitution_body() {
    auto commands = parse_list();
    if (lexer_.peek().kind == Kind::end) lexer_.fail("unexpected end of file (expecting \")\")");
    expect_operator(")");
    return commands;
  }

 private:
  [[noreturn]] void fail_at(const ShellToken& token) const {
    std::string shown = "end of file";
    if (token.kind == Kind::newline) shown = "newline";
    if (token.kind == Kind::operation) shown = fmt::format("\"{}\"", token.text);
    if (token.kind == Kind::word) {
      const auto plain = token.plain();
      shown = plain.empty() ? "word" : fmt::format("\"{}\"", plain);
    }
    lexer_.fail(fmt::format("unexpected {}", shown));
  }

  void expect_operator(std::string_view operation) {
    if (!lexer_.peek().is(operation)) fail_at(lexer_.peek());
    (void)lexer_.next();
  }
  void expect_reserved(std::string_view word) {
    if (lexer_.peek().plain() != word) fail_at(lexer_.peek());
    (void)lexer_.next();
  }
  bool take_reserved(std::string_view word) {
    if (lexer_.peek().plain() != word) return false;
    (void)lexer_.next();
    return true;
  }
  bool take_operator(std::string_view operation) {
    if (!lexer_.peek().is(operation)) return false;
    (void)lexer_.next();
    return true;
  }
  void skip_newlines() {
    while (lexer_.peek().kind == Kind::newline) (void)lexer_.next();
  }

  /// Whether a list ends before this token.
  static bool ends_list(const ShellToken& token) {
    constexpr std::array<std::string_view, 8> words = {"then", "else", "elif", "fi",
                                                       "do",   "done", "esac", "}"};
    if (token.kind == Kind::end || token.is(")") || token.is(";;")) return true;
    const auto plain = token.plain();
    return !plain.empty() && std::find(words.begin(), words.end(), plain) != words.end();
  }

  CommandList parse_list() {
    CommandList commands;
    for (;;) {
      skip_newlines();
      if (ends_list(lexer_.peek())) return commands;
      auto command = parse_and_or();
      if (take_operator("&")) {
        const auto line = command->line;
        command = finish(line, BackgroundCommand{std::move(command)});
      } else if (!take_operator(";") && lexer_.peek().kind != Kind::newline &&
                 !ends_list(lexer_.peek())) {
        fail_at(lexer_.peek());
      }
      commands.push_back(std::move(command));
    }
  }

  CommandList parse_body() {
    auto commands = parse_list();
    if (commands.empty()) fail_at(lexer_.peek());
    return commands;
  }

  template <typename What>
  static CommandPointer finish(std::size_t line, What what) {
    auto command = std::make_shared<ShellCommand>();
    command->line = line;
    command->what = std::move(what);
    return command;
  }

  CommandPointer parse_and_or() {
    AndOrList list;
    const auto line = lexer_.peek().line;
    auto condition = AndOrList::Condition::always;
    for (;;) {
      list.members.push_back({condition, parse_pipeline()});
      if (take_operator("&&")) {
        condition = AndOrList::Condition::success;
      } else if (take_operator("||")) {
        condition = AndOrList::Condition::failure;
      } else {
        break;
      }
      skip_newlines();
    }
    if (list.members.size() == 1) return std::move(list.members.front().command);
    return finish(line, std::move(list));
  }

  CommandPointer parse_pipeline() {
    Pipeline pipeline;
    const auto line = lexer_.peek().line;
    pipeline.negated = take_reserved("!");
    pipeline.stages.push_back(parse_command());
    while (take_operator("|")) {
      skip_newlines();
      pipeline.stages.push_back(parse_command());
    }
    if (!pipeline.negated && pipeline.stages.size() == 1) return std::move(pipeline.stages.front());
    return finish(line, std::move(pipeline));
  }

  CommandPointer parse_command() {
    const ShellLexer::Nesting nesting(lexer_);
    ShellCommand command;
    command.line = lexer_.peek().line;
    if (!parse_compound(command)) {
      if (ends_list(lexer_.peek()) || lexer_.peek().plain() == "!") fail_at(lexer_.peek());
      parse_simple(command);
      return std::make_shared<ShellCommand>(std::move(command));
    }
    if (std::holds_alternative<FunctionDefinition>(command.what))
      return std::make_shared<ShellCommand>(std::move(command));
    while (parse_redirection(command.redirections)) {
    }
    return std::make_shared<ShellCommand>(std::move(command));
  }

  /// False when no compound command begins here.
  bool parse_compound(ShellCommand& command) {
    if (take_operator("(")) {
      SubshellCommand subshell{parse_body()};
      expect_operator(")");
      command.what = std::move(subshell);
    } else if (take_reserved("{")) {
      GroupCommand group{parse_body()};
      expect_reserved("}");
      command.what = std::move(group);
    } else if (take_reserved("if")) {
      command.what = parse_if();
    } else if (take_reserved("for")) {
      command.what = parse_for();
    } else if (take_reserved("case")) {
      command.what = parse_case();
    } else if (take_reserved("function")) {
      command.what = parse_function_after_keyword();
    } else if (lexer_.peek().plain() == "while" || lexer_.peek().plain() == "until") {
      command.what = parse_loop();
    } else {
      return false;
    }
    return true;
  }

  IfCommand parse_if() {
    IfCommand result;
    do {
      IfCommand::Branch branch;
      branch.condition = parse_body();
      expect_reserved("then");
      branch.body = parse_body();
      result.branches.push_back(std::move(branch));
    } while (take_reserved("elif"));
    if (take_reserved("else")) result.otherwise = parse_body();
    expect_reserved("fi");
    return result;
  }

  CommandList parse_do_group() {
    expect_reserved("do");
    auto body = parse_body();
    expect_reserved("done");
    return body;
  }

  LoopCommand parse_loop() {
    LoopCommand loop;
    loop.until = lexer_.next().plain() == "until";
    loop.condition = parse_body();
    loop.body = parse_do_group();
    return loop;
  }

  ForCommand parse_for() {
    ForCommand result;
    const auto name = lexer_.next();
    if (!is_shell_name(name.plain())) lexer_.fail("bad for loop variable");
    result.name = name.plain();
    skip_newlines();
    if (take_reserved("in")) {
      while (lexer_.peek().kind == Kind::word) result.words.push_back(lexer_.next().word);
      if (!take_operator(";") && lexer_.peek().kind != Kind::newline) fail_at(lexer_.peek());
    } else {
      result.over_arguments = true;
      (void)take_operator(";");
    }
    skip_newlines();
    result.body = parse_do_group();
    return result;
  }

  CaseCommand parse_case() {
    CaseCommand result;
    if (lexer_.peek().kind != Kind::word) fail_at(lexer_.peek());
    result.word = lexer_.next().word;
    skip_newlines();
    expect_reserved("in");
    skip_newlines();
    while (!take_reserved("esac")) {
      CaseCommand::Item item;
      (void)take_operator("(");
      do {
        if (lexer_.peek().kind != Kind::word) fail_at(lexer_.peek());
        item.patterns.push_back(lexer_.next().word);
      } while (take_operator("|"));
      expect_operator(")");
      item.body = parse_list();
      result.items.push_back(std::move(item));
      if (!take_operator(";;") && lexer_.peek().plain() != "esac") fail_at(lexer_.peek());
      skip_newlines();
    }
    return result;
  }

  FunctionDefinition parse_function_after_keyword() {
    const auto name = lexer_.next();
    if (!is_shell_name(name.plain())) lexer_.fail("bad function name");
    if (take_operator("(")) expect_operator(")");
    return parse_function_body(std::string(name.plain()));
  }

  FunctionDefinition parse_function_body(std::string name) {
    skip_newlines();
    FunctionDefinition definition;
    definition.name = std::move(name);
    definition.body = parse_command();
    return definition;
  }

  void parse_simple(ShellCommand& command) {
    SimpleCommand simple;
    for (;;) {
      if (parse_redirection(command.redirections)) continue;
      if (lexer_.peek().kind != Kind::word) break;
      auto token = lexer_.next();
      const std::string plain(token.plain());
      const std::string name(assigned_name(token.word));
      if (simple.words.empty() && !name.empty()) {
        simple.assignments.push_back(take_assignment(name, std::move(token.word)));
        continue;
      }
      simple.words.push_back(std::move(token.word));
      if (simple.words.size() == 1 && lexer_.peek().is("(")) {
        if (!simple.assignments.empty() || !command.redirections.empty()) fail_at(lexer_.peek());
        (void)lexer_.next();
        expect_operator(")");
        if (!is_shell_name(plain)) lexer_.fail("bad function name");
        command.what = parse_function_body(plain);
        return;
      }
    }
    if (simple.words.empty() && simple.assignments.empty() && command.redirections.empty())
      fail_at(lexer_.peek());
    command.what = std::move(simple);
  }

  static Assignment take_assignment(const std::string& name, ShellWord word) {
    word.parts.front().text.erase(0, name.size() + 1);
    if (word.parts.front().text.empty()) word.parts.erase(word.parts.begin());
    return {name, std::move(word)};
  }

  /// False when no redirection begins here.
  bool parse_redirection(std::vector<Redirection>& redirections) {
    std::optional<int> descriptor;
    if (lexer_.peek().kind == Kind::descriptor) descriptor = std::stoi(lexer_.next().text);
    constexpr std::array<std::string_view, 11> operators = {"<",  ">",  ">>",  ">|", "<>", "<&",
                                                            ">&", "<<", "<<-", "&>", "&>>"};
    const auto& token = lexer_.peek();
    if (token.kind != Kind::operation ||
        std::find(operators.begin(), operators.end(), token.text) == operators.end())
      return false;
    const auto operation = lexer_.next().text;
    if (lexer_.peek().kind != Kind::word) fail_at(lexer_.peek());
    add_redirection(redirections, operation, descriptor, lexer_.next().word);
    return true;
  }

  void add_redirection(std::vector<Redirection>& redirections, std::string_view operation,
                       std::optional<int> descriptor, ShellWord word) {
    Redirection redirection;
    redirection.descriptor = descriptor.value_or(default_descriptor(operation));
    redirection.target = std::move(word);
    redirection.kind = kind_of(operation);
    bool both = operation == "&>" || operation == "&>>";
    if (operation == ">&" && !descriptor && names_file(redirection.target)) {
      redirection.kind = Redirection::Kind::output;
      both = true;
    }
    if (redirection.kind == Redirection::Kind::document) {
      redirection.document = std::make_shared<ShellWord>();
      lexer_.expect_document(
          redirection.target,
          operation == "<<-" ? ShellLexer::Tabs::stripped : ShellLexer::Tabs::kept,
          redirection.document);
    }
    redirections.push_back(std::move(redirection));
    if (!both) return;
    Redirection error;
    error.kind = Redirection::Kind::duplicate;
    error.descriptor = 2;
    WordPart one;
    one.text = "1";
    error.target.parts.push_back(std::move(one));
    redirections.push_back(std::move(error));
  }

  static Redirection::Kind kind_of(std::string_view operation) {
    if (operation == "<") return Redirection::Kind::input;
    if (operation == ">" || operation == "&>") return Redirection::Kind::output;
    if (operation == ">|") return Redirection::Kind::clobber;
    if (operation == ">>" || operation == "&>>") return Redirection::Kind::append;
    if (operation == "<>") return Redirection::Kind::read_write;
    if (operation == "<&" || operation == ">&") return Redirection::Kind::duplicate;
    return Redirection::Kind::document;
  }

  /// Whether what follows >& is the name of a file, not a descriptor.
  static bool names_file(const ShellWord& word) {
    std::string text;
    for (const auto& part : word.parts) {
      if (part.kind != WordPart::Kind::text) return false;
      text += part.text;
    }
    return text != "-" &&
           !std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  }

  ShellLexer& lexer_;
};

std::shared_ptr<const ShellProgram> parse_substitution(ShellLexer& lexer) {
  auto program = std::make_shared<ShellProgram>();
  program->commands = ShellParser(lexer).parse_substitution_body();
  return program;
}

}  // namespace

ShellProgram parse_script(std::string_view text, std::size_t first_line) {
  if (text.size() > largest_script)
    throw Error(ErrorKind::usage, "line 1: a script of more than 2 MiB");
  if (text.find('\0') != std::string_view::npos)
    throw Error(ErrorKind::usage, "line 1: a NUL character in a script");
  ShellLexer lexer(text, first_line, 0, parse_substitution);
  return {ShellParser(lexer).parse_program()};
}

ShellWord parse_document_text(std::string_view text) {
  ShellLexer lexer(text, 1, 0, parse_substitution);
  return lexer.document_word();
}

}  // namespace tarn::builder
