#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "builder/scripts/command.h"
#include "builder/scripts/commands/sed_program.h"
#include "builder/scripts/commands/text_files.h"

namespace tarn::builder {

/// A run of a sed program. What must outlive one file (the hold space, which ranges are open, the
/// files of w) is kept from one call of process to the next, as sed -i keeps it.
class SedRun {
 public:
  SedRun(const Invocation& invocation, const SedProgram& program, bool quiet);

  /// A text to work on, or what is wrong with the file it should come from.
  struct Source {
    std::string text;
    std::string complaint;
  };
  /// Works on the texts one after the other as one input; `out` gets what is printed. Line numbers
  /// begin anew. A complaint is made when the file would be opened: with the line before it read,
  /// and after all that was printed so far, which goes to the output then. False when there was
  /// one.
  bool process(const std::vector<Source>& sources, std::string& out);

  /// Writes the files of the w commands; they are there even if nothing was written to them.
  void write_files();

 private:
  /// What one command remembers of its range.
  struct Range {
    bool open = false;
    bool begin_is_dead = false;  ///< a numeric beginning counts once
    bool has_end = false;        ///< `end` was computed from "+N"
    std::size_t end = 0;
  };
  struct Output {
    std::string* text = nullptr;
    char last = 0;  ///< 0 before anything; '\n', 'x' for anything else
  };
  enum class Next { command, restart, end_of_script, delete_line };

  bool selects(std::size_t index);
  bool begins(const SedCommand& command, const Range& range);
  bool ends(const SedCommand& command, Range& range, bool was_open);
  Next execute(std::size_t& index);
  Next execute_hold(const SedCommand& command);
  bool read_next_line();
  void complain_of_files();
  Next append_next();
  Next print_and_read_next();
  bool substitute(const SedCommand& command);
  void report_substitution(const SedCommand& command);
  void replace_characters(const std::string& pairs);
  void put_to_file(const std::string& name);
  void expand(std::string& out, const std::string& replacement, std::string_view line,
              const RegularExpression::Match& match);
  void put(Output& output, std::string_view text, bool newline);
  void put_line(std::string_view text, bool newline) { put(output_, text, newline); }
  void flush_appended();
  void append_file(const std::string& name);
  bool is_last() const { return next_ >= lines_.size(); }
  void grow(std::size_t size, std::size_t added);

  const Invocation& invocation_;
  const SedProgram& program_;
  bool quiet_;
  std::vector<Range> ranges_;
  std::vector<TextLine> lines_;
  std::vector<std::pair<std::size_t, std::string>> complaints_;  ///< behind how many lines
  std::size_t complained_ = 0;                                   ///< how many were made
  std::size_t next_ = 0;    ///< of lines_: the one that is read next
  std::size_t number_ = 0;  ///< of the line in the pattern space
  std::string pattern_;
  bool ended_ = true;  ///< the last line read had a newline
  std::string hold_;
  bool substituted_ = false;
  bool quit_ = false;
  const RegularExpression* last_expression_ = nullptr;
  std::vector<std::string> appended_;
  Output output_;
  std::map<std::string, std::string, std::less<>> files_;
  std::map<std::string, char, std::less<>> files_last_;
};

}  // namespace tarn::builder
