#include "builder/scripts/commands/awk_parser.h"

#include <utility>

namespace tarn::builder {

namespace {

using Kind = AwkExpression::Kind;
using Token = AwkToken::Kind;

}  // namespace

AwkProgram AwkParser::parse() {
  AwkProgram program;
  skip_terminators();
  while (tokens_.next().kind != Token::end) {
    program.push_back(parse_rule());
    skip_terminators();
  }
  return program;
}

AwkRule AwkParser::parse_rule() {
  AwkRule rule;
  if (tokens_.is_keyword("BEGIN") || tokens_.is_keyword("END")) {
    rule.when = tokens_.is_keyword("BEGIN") ? AwkRule::When::begin : AwkRule::When::end;
    tokens_.take();
    if (!tokens_.is_sign("{")) throw NotNative("awk: BEGIN or END without an action");
  } else if (!tokens_.is_sign("{")) {
    rule.patterns.push_back(parse_expression());
    if (take_sign(",")) {
      skip_newlines();
      rule.patterns.push_back(parse_expression());
    }
  }
  if (tokens_.is_sign("{")) {
    rule.action = parse_block();
  } else if (!at_statement_end() || tokens_.is_sign("}")) {
    throw NotNative("awk: something behind a pattern");
  }
  return rule;
}

AwkStatement AwkParser::parse_block() {
  demand("{");
  AwkStatement block;
  skip_terminators();
  while (!take_sign("}")) {
    block.statements.push_back(parse_statement());
    skip_terminators();
  }
  return block;
}

void AwkParser::end_statement() {
  if (!at_statement_end()) throw NotNative("awk: something behind a statement");
  if (!tokens_.is_sign("}") && tokens_.next().kind != Token::end) tokens_.take();
}

AwkStatement AwkParser::parse_statement() {
  const Level level(depth_);
  if (tokens_.is_sign("{")) return parse_block();
  if (take_sign(";")) return {};
  if (tokens_.next().kind == Token::keyword) {
    const std::string word = tokens_.next().text;
    if (word != "print" && word != "printf" && word != "delete") {
      tokens_.take();
      return parse_keyword(word);
    }
  }
  AwkStatement statement = parse_simple();
  end_statement();
  return statement;
}

AwkStatement AwkParser::parse_keyword(const std::string& word) {
  AwkStatement statement;
  if (word == "if" || word == "while") {
    statement.kind = word == "if" ? AwkStatement::Kind::condition : AwkStatement::Kind::loop;
    demand("(");
    statement.expressions.push_back(parse_expression());
    demand(")");
    skip_newlines();
    statement.statements.push_back(parse_statement());
    if (word == "while") return statement;
    skip_terminators();
    if (!tokens_.is_keyword("else")) return statement;
    tokens_.take();
    skip_newlines();
    statement.statements.push_back(parse_statement());
    return statement;
  }
  if (word == "for") return parse_for();
  if (word == "do") {
    statement.kind = AwkStatement::Kind::late_loop;
    skip_newlines();
    statement.statements.push_back(parse_statement());
    skip_terminators();
    if (!tokens_.is_keyword("while")) throw NotNative("awk: do without while");
    tokens_.take();
    demand("(");
    statement.expressions.push_back(parse_expression());
    demand(")");
  } else if (word == "exit") {
    statement.kind = AwkStatement::Kind::exit;
    if (!at_statement_end()) statement.expressions.push_back(parse_expression());
  } else if (word == "next") {
    statement.kind = AwkStatement::Kind::next;
  } else if (word == "break") {
    statement.kind = AwkStatement::Kind::leave_loop;
  } else if (word == "continue") {
    statement.kind = AwkStatement::Kind::next_round;
  } else {
    throw NotNative("awk: " + word);
  }
  end_statement();
  return statement;
}

AwkStatement AwkParser::parse_for() {
  AwkStatement statement;
  statement.kind = AwkStatement::Kind::count_loop;
  demand("(");
  AwkStatement first;
  if (!tokens_.is_sign(";")) first = parse_simple();
  // "for (key in array)": in which order the keys come is not defined.
  if (tokens_.is_sign(")")) throw NotNative("awk: for (... in ...)");
  demand(";");
  if (!tokens_.is_sign(";")) statement.expressions.push_back(parse_expression());
  demand(";");
  AwkStatement last;
  if (!tokens_.is_sign(")")) last = parse_simple();
  demand(")");
  skip_newlines();
  statement.statements.push_back(std::move(first));
  statement.statements.push_back(std::move(last));
  statement.statements.push_back(parse_statement());
  return statement;
}

AwkStatement AwkParser::parse_simple() {
  if (tokens_.is_keyword("print") || tokens_.is_keyword("printf")) return parse_print();
  if (tokens_.is_keyword("delete")) return parse_remove();
  AwkStatement statement;
  statement.kind = AwkStatement::Kind::expression;
  statement.expressions.push_back(parse_expression());
  return statement;
}

AwkStatement AwkParser::parse_remove() {
  tokens_.take();
  AwkStatement statement;
  statement.kind = AwkStatement::Kind::remove;
  statement.expressions.push_back(parse_name());
  return statement;
}

AwkStatement AwkParser::parse_print() {
  AwkStatement statement;
  const bool formatted = tokens_.is_keyword("printf");
  statement.kind = formatted ? AwkStatement::Kind::formatted_print : AwkStatement::Kind::print;
  tokens_.take();
  const bool before = std::exchange(no_greater_, true);
  if (!at_statement_end() && !tokens_.is_sign(">") && !tokens_.is_sign(">>")) {
    AwkExpression first = parse_expression();
    if (first.kind == Kind::group) {
      statement.expressions = std::move(first.parts);
    } else {
      statement.expressions.push_back(std::move(first));
      while (take_sign(",")) {
        skip_newlines();
        statement.expressions.push_back(parse_expression());
      }
    }
  }
  if (tokens_.is_sign(">") || tokens_.is_sign(">>")) {
    statement.redirection = tokens_.next().text;
    tokens_.take();
    statement.destination = parse_primary();
  }
  no_greater_ = before;
  if (formatted && statement.expressions.empty()) throw NotNative("awk: printf without a format");
  return statement;
}

AwkProgram parse_awk_program(std::string_view text) {
  return AwkParser(text).parse();
}

}  // namespace tarn::builder
