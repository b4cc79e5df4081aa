#pragma once

#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "builder/scripts/commands/regular_expression.h"

namespace tarn::builder {

/// Which lines a sed command is for.
struct SedAddress {
  enum class Kind {
    none,
    line,        ///< the line `number`
    last,        ///< $
    expression,  ///< lines that match
    following,   ///< of an end: `number` lines behind the beginning ("+N")
  };
  Kind kind = Kind::none;
  std::size_t number = 0;
  std::optional<RegularExpression> expression;
};

/// A command of a sed program.
struct SedCommand {
  SedAddress begin;
  SedAddress end;
  bool inverted = false;  ///< "!"
  char name = 0;
  /// Of a, i, c: the text. Of r, w: the file. Of ':', b, t, T: the label. Of s: the replacement,
  /// with its backslashes. Of y: pairs of octets.
  std::string text;
  /// Of s: what to look for; nothing for the expression that was used last.
  std::optional<RegularExpression> expression;
  std::size_t occurrence = 1;  ///< of s: which match to replace; 0: all
  bool prints = false;         ///< of s: flag p
  std::string file;            ///< of s: that of flag w; empty without one
  std::size_t target = 0;      ///< of b, t, T: where to go on; of '{': its '}'
};

/// A program that is none, or that asks for what busybox' sed does not have.
struct BadSedProgram : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A sed program, read as busybox reads it.
struct SedProgram {
  std::vector<SedCommand> commands;
  bool quiet = false;  ///< it holds the comment "#n"
};

/// Reads the parts of a program (what -e and -f give, in their order). Throws BadSedProgram for
/// what is none, NotNative for what is not built.
SedProgram parse_sed_program(const std::vector<std::string>& parts,
                             RegularExpression::Syntax syntax);

}  // namespace tarn::builder
