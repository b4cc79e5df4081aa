#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "builder/scripts/commands/character_set.h"
#include "builder/scripts/commands/regular_expression.h"

namespace tarn::builder {

/// A step of the machine that matches.
struct RegularInstruction {
  enum class Code : std::uint8_t {
    character,  ///< one of set `argument`
    split,      ///< goes on at `next`, or else at `other`
    jump,       ///< goes on at `next`
    save,       ///< remembers the position in slot `argument`
    line_begin,
    line_end,
    word_begin,
    word_end,
    word_edge,
    no_word_edge,
    accept,
  };
  Code code = Code::accept;
  std::uint32_t argument = 0;
  std::uint32_t next = 0;
  std::uint32_t other = 0;
};

/// A compiled regular expression. All but split and jump go on at the next instruction.
struct RegularProgram {
  std::vector<RegularInstruction> instructions;
  std::vector<CharacterSet> sets;
  std::size_t groups = 0;
  bool newlines_end_lines = false;
  /// It has a choice, or repeats more than one character: the way its groups take a match is then
  /// not that of "each as long as it can be, from left to right" in every C library.
  bool has_choices = false;
};

/// Throws RegularExpression::BadPattern, or NotNative for what is not built.
RegularProgram compile_regular_expression(std::string_view pattern,
                                          RegularExpression::Syntax syntax,
                                          RegularExpression::Letters letters,
                                          RegularExpression::Newlines newlines);

}  // namespace tarn::builder
