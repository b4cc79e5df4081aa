#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "builder/scripts/command.h"
#include "builder/scripts/commands/awk_program.h"
#include "builder/scripts/commands/awk_tokens.h"

namespace tarn::builder {

/// Reads an awk program, its expressions from the loosest binding to the tightest.
class AwkParser {
 public:
  explicit AwkParser(std::string_view text) : tokens_(text) {}
  /// The whole program; throws NotNative as parse_awk_program does.
  AwkProgram parse();

  /// How deep statements and expressions may lie in each other.
  static constexpr std::size_t most_levels = 150;

 private:
  /// One level deeper for as long as it lives.
  class Level {
   public:
    explicit Level(std::size_t& depth) : depth_(depth) {
      if (++depth_ > most_levels) throw NotNative("awk: a program that deep");
    }
    ~Level() { --depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    std::size_t& depth_;
  };

  bool take_sign(std::string_view sign) {
    if (!tokens_.is_sign(sign)) return false;
    tokens_.take();
    return true;
  }
  void demand(std::string_view sign) {
    if (!take_sign(sign)) throw NotNative("awk: no '" + std::string(sign) + "' where one is due");
  }
  void skip_newlines() {
    while (tokens_.next().kind == AwkToken::Kind::newline) tokens_.take();
  }
  void skip_terminators() {
    while (tokens_.next().kind == AwkToken::Kind::newline || tokens_.is_sign(";")) tokens_.take();
  }
  AwkRule parse_rule();
  AwkStatement parse_block();
  AwkStatement parse_statement();
  AwkStatement parse_simple();
  AwkStatement parse_print();
  AwkStatement parse_remove();
  AwkStatement parse_keyword(const std::string& word);
  AwkStatement parse_for();
  void end_statement();
  bool at_statement_end() const {
    return tokens_.next().kind == AwkToken::Kind::newline ||
           tokens_.next().kind == AwkToken::Kind::end || tokens_.is_sign(";") ||
           tokens_.is_sign("}");
  }

  AwkExpression parse_expression();
  AwkExpression parse_either();
  AwkExpression parse_both();
  AwkExpression parse_membership();
  AwkExpression parse_match();
  AwkExpression parse_comparison();
  AwkExpression parse_concatenation();
  AwkExpression parse_sum();
  AwkExpression parse_product();
  AwkExpression parse_unary();
  AwkExpression parse_power();
  AwkExpression parse_postfix();
  AwkExpression parse_primary();
  AwkExpression parse_name();
  AwkExpression parse_brackets();
  AwkExpression parse_call();
  std::vector<AwkExpression> parse_list(std::string_view end);
  bool begins_operand() const;

  AwkTokens tokens_;
  std::size_t depth_ = 0;
  bool no_greater_ = false;  ///< a '>' is print's
};

}  // namespace tarn::builder
