#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "builder/scripts/shell_syntax.h"

namespace tarn::builder {

struct ShellToken {
  enum class Kind { word, operation, descriptor, newline, end };
  Kind kind = Kind::end;
  std::string text;  ///< an operator; a descriptor's number before < or >
  ShellWord word;
  std::size_t line = 1;

  bool is(std::string_view wanted) const { return kind == Kind::operation && text == wanted; }
  /// The word's text when nothing in it is quoted or expanded, as reserved words must be.
  std::string_view plain() const;
};

/// Whether `text` can name a variable or function: a letter or '_', then letters, digits and '_'.
bool is_shell_name(std::string_view text);

/// Takes a shell script's text apart: tokens, and words with their parts. What is nested in a word
/// (command substitutions) is parsed by a function that is handed in. All faults are Errors (usage)
/// "line N: …".
class ShellLexer {
 public:
  /// Parses commands up to and with the ")" that ends them.
  using SubstitutionParser = std::function<std::shared_ptr<const ShellProgram>(ShellLexer&)>;

  ShellLexer(std::string_view text, std::size_t line, std::size_t depth,
             SubstitutionParser parse_substitution)
      : text_(text),
        line_(line),
        depth_(depth),
        parse_substitution_(std::move(parse_substitution)) {}

  const ShellToken& peek();
  ShellToken next();
  /// The text of a here-document begins after the next newline.
  enum class Tabs { kept, stripped };
  void expect_document(const ShellWord& delimiter, Tabs tabs, std::shared_ptr<ShellWord> document);

  /// A word from all of the text, as in a here-document.
  ShellWord document_word();

  [[noreturn]] void fail(const std::string& what) const;

  /// One level deeper in the grammar for as long as it lives; Error when that is too deep.
  class Nesting {
   public:
    explicit Nesting(ShellLexer& lexer);
    ~Nesting() { --lexer_.depth_; }
    Nesting(const Nesting&) = delete;
    Nesting& operator=(const Nesting&) = delete;

   private:
    ShellLexer& lexer_;
  };
  std::size_t depth() const { return depth_; }

 private:
  /// How characters count where a word's part is read, and what ends it.
  struct Context {
    enum class Quoting { none, double_quotes, document, arithmetic };
    Quoting quoting = Quoting::none;
    /// What ends it besides the end of the text: "" what ends a word; else one of these, taken too.
    std::string_view ends;
    bool in_braces = false;
  };
  struct Document {
    std::string delimiter;
    bool quoted = false;
    Tabs tabs = Tabs::kept;
    std::shared_ptr<ShellWord> word;
  };
  class PartList;

  bool at_end() const { return at_ >= text_.size(); }
  char current() const { return at_end() ? '\0' : text_[at_]; }
  bool starts_with(std::string_view what) const { return text_.substr(at_).starts_with(what); }
  char take();
  void skip_continuations();
  void skip_blanks();
  ShellToken read_token();
  ShellToken read_operator();
  ShellToken read_word_token();
  void read_documents();
  void read_document(const Document& document);
  /// Reads up to an end of the context; gives the end that was met.
  char read_parts(const Context& context, PartList& parts);
  bool ends_here(const Context& context) const;
  void read_character(const Context& context, PartList& parts);
  void read_backslash(const Context& context, PartList& parts);
  void read_single_quotes(PartList& parts);
  void read_double_quotes(PartList& parts);
  void read_escaped_quotes(PartList& parts);
  void read_escape(std::string& text);
  void read_dollar(const Context& context, PartList& parts);
  void read_backquotes(const Context& context, PartList& parts);
  void read_arithmetic(const Context& context, PartList& parts);
  ShellWord read_arithmetic_word(std::string_view ends, char* end);
  void read_parameter_braces(const Context& context, PartList& parts);
  std::string read_parameter_name();
  void read_parameter_operator(const Context& context, WordPart& part);
  ShellWord read_operand(const Context& context, std::string_view ends, char* end);

  static constexpr std::size_t deepest = 60;
  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_;
  std::size_t depth_;
  SubstitutionParser parse_substitution_;
  bool has_peeked_ = false;
  ShellToken peeked_;
  std::vector<Document> documents_;
};

}  // namespace tarn::builder
