#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "builder/scripts/script_budget.h"
#include "builder/scripts/script_rootfs.h"
#include "builder/scripts/shell_syntax.h"

namespace tarn::builder {

/// A fault that ends a shell unless a builtin that is not special met it. It was complained about.
struct ShellFault {
  int status = 2;
};

/// What the expansion of words needs of a shell.
class ExpansionContext {
 public:
  virtual ~ExpansionContext() = default;
  ExpansionContext() = default;
  ExpansionContext(const ExpansionContext&) = delete;
  ExpansionContext& operator=(const ExpansionContext&) = delete;

  /// The value of a variable or a special parameter other than '@' and '*'; nothing when unset.
  virtual std::optional<std::string> parameter(std::string_view name) = 0;
  virtual const std::vector<std::string>& arguments() const = 0;
  virtual void assign(const std::string& name, const std::string& value) = 0;
  /// The output of a command substitution, without the newlines at its end.
  virtual std::string substitute(const ShellProgram& program) = 0;
  /// Says something as the shell does.
  virtual void complain(std::string_view text) = 0;
  /// Complains and ends the shell, as for "x: parameter not set".
  [[noreturn]] void fail(std::string_view complaint) {
    complain(complaint);
    throw ShellFault{};
  }
  virtual bool unset_is_error() const = 0;
  virtual bool globs() const = 0;
  virtual std::string_view directory() const = 0;
  virtual ScriptRootfs& files() = 0;
  virtual ScriptBudget& budget() = 0;
};

/// Where a '~' counts: at the beginning of a word; in an assignment after each ':' too.
enum class Tilde { none, word, assignment };

/// The fields that words expand to: after splitting and path name expansion.
std::vector<std::string> expand_fields(std::span<const ShellWord> words, ExpansionContext& context);
/// What a word expands to where it stays one: in assignments, redirections, here-documents.
std::string expand_text(const ShellWord& word, Tilde tilde, ExpansionContext& context);
/// The same as a pattern: what is quoted in the word is escaped.
std::string expand_pattern(const ShellWord& word, ExpansionContext& context);

/// A text whose characters know whether they were quoted, and may be split.
struct MarkedText {
  enum Mark : char {
    plain = 'p',  ///< written without quotes
    quoted = 'q',
    splittable = 's',  ///< from an expansion without quotes
    empty = 'n',       ///< stands for an empty quoted string, and for no character
  };
  std::string text;
  std::string marks;  ///< one for each octet of the text
};

/// Splits at what of `separators` (the value of IFS) is splittable.
std::vector<MarkedText> split_fields(const MarkedText& text, std::string_view separators);

}  // namespace tarn::builder
