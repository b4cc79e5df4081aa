#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "builder/scripts/commands/regular_expression.h"

namespace tarn::builder {

/// An expression of an awk program.
struct AwkExpression {
  enum class Kind {
    number,
    text,
    expression,   ///< a regular expression; as a value: whether $0 matches
    variable,     ///< `text`
    element,      ///< of the array `text`, subscripts in `parts`
    field,        ///< $ of the one part
    assignment,   ///< `text` is "=" or "+=" …; parts: where to, what
    conditional,  ///< ?:
    either,
    both,
    membership,  ///< parts in the array `text`
    match,       ///< `text` is "~" or "!~"
    comparison,
    concatenation,
    arithmetic,
    unary,          ///< - + !
    change_before,  ///< ++ and -- before
    change_after,
    call,   ///< of the function `text`
    group,  ///< several in brackets, behind print
  };
  Kind kind = Kind::number;
  double number = 0;
  std::string text;
  std::optional<RegularExpression> expression;
  std::vector<AwkExpression> parts;
  std::size_t depth = 1;
};

struct AwkStatement {
  enum class Kind {
    block,
    expression,
    print,
    formatted_print,
    condition,   ///< if: one expression, one or two statements
    loop,        ///< while
    late_loop,   ///< do … while
    count_loop,  ///< for: statements first and last, the body third; a condition or none
    next,
    exit,
    leave_loop,
    next_round,
    remove,
  };
  Kind kind = Kind::block;
  std::vector<AwkExpression> expressions;
  std::vector<AwkStatement> statements;
  std::string redirection;                   ///< ">" or ">>"
  std::optional<AwkExpression> destination;  ///< of print
};

struct AwkRule {
  enum class When { begin, line, end };
  When when = When::line;
  std::vector<AwkExpression> patterns;  ///< none, one, or both ends of a range
  std::optional<AwkStatement> action;   ///< without one the line is printed
};

using AwkProgram = std::vector<AwkRule>;

/// Reads a program. Throws NotNative for what is not built or is no program: functions of its own,
/// getline, pipes, close, system, for (… in …), and what busybox reads in ways of its own.
AwkProgram parse_awk_program(std::string_view text);

}  // namespace tarn::builder
