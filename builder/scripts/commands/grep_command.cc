#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

#include <fmt/core.h>

#include "builder/scripts/commands/match_commands.h"
#include "builder/scripts/commands/options.h"
#include "builder/scripts/commands/regular_expression.h"
#include "builder/scripts/commands/text_files.h"

namespace tarn::builder {

namespace {

using Range = RegularExpression::Range;
using Beginning = RegularExpression::Beginning;

constexpr OptionRules rules{"lnqvscFiHhe:f:LorRm:wEA:B:C:xz", "Rz", {}};
constexpr std::size_t most_lines = 1'000'000'000;

std::size_t count_option(const ParsedOptions<std::string>& options, char letter,
                         std::size_t otherwise) {
  const std::string* value = options.value(letter);
  if (value == nullptr) return otherwise;
  const auto count = parse_decimal(*value, most_lines);
  if (!count) throw NotNative(fmt::format("grep: -{} {}", letter, *value));
  return *count;
}

std::size_t context_count(const std::string& value) {
  const auto count = parse_decimal(value, most_lines);
  if (!count) throw NotNative("grep: a context of " + value);
  return *count;
}

/// What busybox' isalnum and '_' say of an octet beside a match.
bool is_word_octet(char c) {
  return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

struct Settings {
  explicit Settings(const ParsedOptions<std::string>& options)
      : quiet(options.has('q')),
        names_only(options.has('l')),
        names_without(options.has('L')),
        count_only(options.has('c')),
        numbers(options.has('n')),
        inverted(options.has('v')),
        parts_only(options.has('o')),
        silent(options.has('s')),
        fixed(options.has('F')),
        extended(options.has('E')),
        either_case(options.has('i')),
        whole_words(options.has('w')),
        whole_lines(options.has('x')),
        most(count_option(options, 'm', most_lines + 1)) {
    // The last of -A, -B and -C counts, as of -h and -H.
    for (const auto& option : options.options) {
      const std::string value = option.value.value_or("");
      if (option.letter == 'A' || option.letter == 'C') after = context_count(value);
      if (option.letter == 'B' || option.letter == 'C') before = context_count(value);
    }
  }
  bool quiet;
  bool names_only;
  bool names_without;
  bool count_only;
  bool numbers;
  bool inverted;
  bool parts_only;
  bool silent;
  bool fixed;
  bool extended;
  bool either_case;
  bool whole_words;
  bool whole_lines;
  bool with_names = false;
  std::size_t most;
  std::size_t before = 0;
  std::size_t after = 0;
};

/// One pattern, and where it was found.
class Pattern {
 public:
  Pattern(const std::string& text, const Settings& settings) : text_(text) {
    if (settings.fixed) return;
    expression_.emplace(
        text,
        settings.extended ? RegularExpression::Syntax::extended : RegularExpression::Syntax::basic,
        settings.either_case ? RegularExpression::Letters::either_case
                             : RegularExpression::Letters::as_they_are);
  }
  /// Where it matches the line first, in the way the settings ask for.
  std::optional<Range> find(std::string_view line, const Settings& settings,
                            ScriptBudget& budget) const {
    if (expression_) return find_expression(line, settings, budget);
    budget.spend_steps(line.size() * text_.size() / 65'536);
    return find_text(line, settings);
  }
  /// The next match at or behind `from`.
  std::optional<Range> find_next(std::string_view line, std::size_t from,
                                 ScriptBudget& budget) const {
    return expression_->find_whole(line, from, Beginning::not_of_line, budget);
  }
  bool is_fixed() const { return !expression_; }
  const std::string& text() const { return text_; }

 private:
  std::optional<Range> find_expression(std::string_view line, const Settings& settings,
                                       ScriptBudget& budget) const;
  std::optional<Range> find_text(std::string_view line, const Settings& settings) const;
  std::size_t find_octets(std::string_view line, std::size_t from, bool either_case) const;

  std::string text_;
  std::optional<RegularExpression> expression_;
};

bool is_bounded(std::string_view line, Range range) {
  const bool before = range.begin == 0 || !is_word_octet(line[range.begin - 1]);
  return before && (range.end >= line.size() || !is_word_octet(line[range.end]));
}

std::optional<Range> Pattern::find_expression(std::string_view line, const Settings& settings,
                                              ScriptBudget& budget) const {
  std::size_t from = 0;
  while (true) {
    const auto match = expression_->find_whole(
        line, from, from == 0 ? Beginning::of_line : Beginning::not_of_line, budget);
    if (!match) return std::nullopt;
    const Range range = *match;
    if (settings.whole_lines) {
      if (range == Range{0, line.size()}) return range;
      return std::nullopt;
    }
    if (!settings.whole_words || is_bounded(line, range)) return range;
    if (range.end >= line.size() || range.begin == range.end) return std::nullopt;
    from = range.end;
  }
}

std::size_t Pattern::find_octets(std::string_view line, std::size_t from, bool either_case) const {
  if (!either_case) return line.find(text_, from);
  for (; from + text_.size() <= line.size(); ++from) {
    std::size_t i = 0;
    while (i < text_.size() && lower(line[from + i]) == lower(text_[i])) ++i;
    if (i == text_.size()) return from;
  }
  return std::string_view::npos;
}

std::optional<Range> Pattern::find_text(std::string_view line, const Settings& settings) const {
  for (std::size_t from = 0; from <= line.size(); ++from) {
    from = find_octets(line, from, settings.either_case);
    if (from == std::string_view::npos) return std::nullopt;
    const Range range{from, from + text_.size()};
    if (settings.whole_lines) {
      if (range == Range{0, line.size()}) return range;
      return std::nullopt;
    }
    if (!settings.whole_words || is_bounded(line, range)) return range;
  }
  return std::nullopt;
}

/// A run over files.
class Grep {
 public:
  Grep(const Invocation& invocation, const ParsedOptions<std::string>& options)
      : invocation_(invocation), settings_(options), options_(options) {
    const std::string& name = invocation.arguments[0];
    if (name.ends_with("egrep")) settings_.extended = true;
    if (name.ends_with("fgrep")) settings_.fixed = true;
  }
  int run();

 private:
  bool take_patterns(std::vector<std::string>& operands);
  void add_patterns(std::string_view lines);
  /// Whether something in the text was selected.
  bool search(const std::string& name, std::string_view text);
  void collect(const std::string& folder, std::vector<std::string>& names) const;
  const Pattern* selecting(std::string_view line, std::optional<Range>& range) const;
  void print(const std::string& name, std::size_t number, std::string_view text, char mark);
  void print_parts(const std::string& name, std::size_t number, std::string_view line,
                   const Pattern& pattern, Range range);
  void print_with_context(const std::string& name, const std::vector<TextLine>& lines,
                          std::size_t index);

  /// What was found comes before a complaint.
  void flush() {
    if (!out_.empty()) invocation_.output.write(out_);
    out_.clear();
  }

  const Invocation& invocation_;
  Settings settings_;
  const ParsedOptions<std::string>& options_;
  std::vector<Pattern> patterns_;
  std::string out_;
  std::size_t printed_ = 0;  ///< lines of this file that were printed or passed as context
  std::size_t context_ = 0;  ///< lines still to print behind the last match
  bool separate_ = false;    ///< something was printed before, in whatever file
};

void Grep::add_patterns(std::string_view lines) {
  while (true) {
    const std::size_t end = lines.find('\n');
    patterns_.emplace_back(std::string(lines.substr(0, end)), settings_);
    if (end == std::string_view::npos) return;
    lines.remove_prefix(end + 1);
  }
}

bool Grep::take_patterns(std::vector<std::string>& operands) {
  bool given = false;
  for (const auto& option : options_.options) {
    if (option.letter == 'e') {
      given = true;
      add_patterns(*option.value);
    }
  }
  for (const auto& option : options_.options) {
    if (option.letter != 'f') continue;
    given = true;
    std::string text;
    if (!read_or_complain(invocation_, *option.value, text)) return false;
    for (const TextLine& line : split_lines(invocation_, text)) {
      patterns_.emplace_back(std::string(line.text), settings_);
    }
  }
  if (!given) {
    if (operands.empty()) throw NotNative("grep without a pattern");
    add_patterns(operands.front());
    operands.erase(operands.begin());
  }
  return true;
}

const Pattern* Grep::selecting(std::string_view line, std::optional<Range>& range) const {
  for (const Pattern& pattern : patterns_) {
    range = pattern.find(line, settings_, invocation_.budget);
    if (range) return &pattern;
  }
  return nullptr;
}

void Grep::print(const std::string& name, std::size_t number, std::string_view text, char mark) {
  if (settings_.with_names) out_ += name + mark;
  if (settings_.numbers) out_ += std::to_string(number) + mark;
  out_ += text;
  out_ += '\n';
}

void Grep::print_parts(const std::string& name, std::size_t number, std::string_view line,
                       const Pattern& pattern, Range range) {
  if (pattern.is_fixed()) {
    print(name, number, pattern.text(), ':');
    return;
  }
  while (true) {
    const bool empty = range.begin == range.end;
    if (!empty) print(name, number, line.substr(range.begin, range.end - range.begin), ':');
    if (range.end >= line.size()) return;
    const auto next = pattern.find_next(line, range.end + (empty ? 1 : 0), invocation_.budget);
    if (!next) return;
    range = *next;
  }
}

void Grep::print_with_context(const std::string& name, const std::vector<TextLine>& lines,
                              std::size_t index) {
  const std::size_t first =
      std::max(printed_, index > settings_.before ? index - settings_.before : 0);
  const bool context = settings_.before > 0 || settings_.after > 0;
  if (context && separate_ && (first > printed_ || printed_ == 0)) out_ += "--\n";
  for (std::size_t i = first; i < index; ++i) print(name, i + 1, lines[i].text, '-');
  print(name, index + 1, lines[index].text, ':');
  separate_ = true;
  printed_ = index + 1;
  context_ = settings_.after;
}

bool Grep::search(const std::string& name, std::string_view text) {
  const std::vector<TextLine> lines = split_lines(invocation_, text);
  printed_ = 0;
  context_ = 0;
  std::size_t selected = 0;
  for (std::size_t i = 0; i < lines.size() && selected < settings_.most; ++i) {
    std::optional<Range> range;
    invocation_.budget.spend_steps(patterns_.size() / 8);
    const Pattern* pattern = selecting(lines[i].text, range);
    if ((pattern != nullptr) == settings_.inverted) {
      if (context_ > 0) {
        --context_;
        print(name, i + 1, lines[i].text, '-');
        printed_ = i + 1;
      }
      continue;
    }
    ++selected;
    if (settings_.quiet || settings_.names_only || settings_.names_without) {
      if (settings_.names_only && !settings_.quiet) out_ += name + "\n";
      return !settings_.names_without;
    }
    if (settings_.count_only) continue;
    if (settings_.parts_only) {
      if (pattern != nullptr) print_parts(name, i + 1, lines[i].text, *pattern, *range);
    } else {
      print_with_context(name, lines, i);
    }
  }
  if (settings_.count_only) {
    if (settings_.with_names) out_ += name + ":";
    out_ += std::to_string(selected) + "\n";
  }
  if (settings_.names_without) out_ += name + "\n";
  // With -L a file counts when it is named.
  return settings_.names_without || selected > 0;
}

void Grep::collect(const std::string& folder, std::vector<std::string>& names) const {
  const Entry* entry =
      invocation_.files.find(invocation_.absolute(folder), ScriptRootfs::Follow::not_last);
  if (entry == nullptr) return;
  if (entry->node->type == NodeType::file) names.push_back(folder);
  invocation_.budget.spend_steps();
  for (const auto& [name, child] : entry->node->children) collect(folder + "/" + name, names);
}

int Grep::run() {
  std::vector<std::string> operands = options_.operands;
  if (!take_patterns(operands)) return 2;
  if (operands.empty()) operands.emplace_back(options_.has('r') ? "." : "-");
  const char with_names = options_.last_of("hH");
  settings_.with_names = with_names == 'H' || (with_names == 0 && operands.size() > 1);
  if (settings_.parts_only && patterns_.size() > 1) throw NotNative("grep: -o with many patterns");
  if (options_.has('r')) {
    std::vector<std::string> names;
    for (const std::string& operand : operands) collect(operand, names);
    operands = names;
  }
  bool failed = false;
  bool any = false;
  for (const std::string& operand : operands) {
    std::string text;
    const int problem = read_operand(invocation_, operand, text);
    if (problem != 0 && problem != EISDIR) {
      failed = true;
      if (!settings_.silent) {
        flush();
        invocation_.complain(fmt::format("{}: {}", operand, error_text(problem)));
      }
      continue;
    }
    if (search(operand == "-" ? "(standard input)" : operand, text)) {
      if (settings_.quiet) return 0;
      any = true;
    }
  }
  flush();
  return failed ? 2 : any ? 0 : 1;
}

std::optional<std::string> fault_of(const ParsedOptions<std::string>& options) {
  // In which order the entries of a folder come is the file system's affair.
  if (options.has('r') && !options.has('q')) return "option -r without -q";
  if (options.has('o') &&
      (options.has('w') || options.has('A') || options.has('B') || options.has('C'))) {
    return "option -o with -w or context";
  }
  if (options.has('L') && (options.has('l') || options.has('q') || options.has('c'))) {
    return "option -L with -l, -q or -c";
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> unsupported_grep(KnownArguments arguments) {
  std::optional<std::string> fault;
  const auto known = parse_known_options(arguments, rules, fault);
  if (fault) return fault;
  ParsedOptions<std::string> options;
  for (const auto& option : known.options) {
    options.options.push_back({option.letter, std::nullopt});
  }
  return fault_of(options);
}

int run_grep(const Invocation& invocation) {
  const auto options = parse_options(invocation, rules);
  if (const auto fault = fault_of(options)) throw NotNative("grep: " + *fault);
  try {
    return Grep(invocation, options).run();
  } catch (const RegularExpression::BadPattern& bad) {
    throw NotNative("grep: a pattern that is none: " + bad.complaint);
  }
}

}  // namespace tarn::builder
