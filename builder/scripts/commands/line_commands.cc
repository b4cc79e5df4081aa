#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "builder/scripts/commands/escape_sequence.h"
#include "builder/scripts/commands/options.h"
#include "builder/scripts/commands/text_commands.h"
#include "builder/scripts/commands/text_files.h"

namespace tarn::builder {

namespace {

constexpr OptionRules uniq_rules{"cduf:s:w:iz", "z", {}};
constexpr OptionRules cut_rules{"b:c:f:d:snO:DF:", "ODF", {}};
constexpr OptionRules seq_rules{"+ws:", {}, {}};
constexpr OptionRules tr_rules{"+Ccds", {}, {}};

std::size_t number_option(const ParsedOptions<std::string>& options, char letter,
                          std::size_t otherwise) {
  const std::string* value = options.value(letter);
  if (value == nullptr) return otherwise;
  const auto number = parse_decimal(*value, 1'000'000'000);
  if (!number) throw NotNative(fmt::format("option -{} {}", letter, *value));
  return *number;
}

/// Positions from `first` to `last`, the first of all being 1.
struct Range {
  std::size_t first = 1;
  std::size_t last = static_cast<std::size_t>(-1);
};

/// A list such as "1,3-5,7-", in ascending order.
std::vector<Range> parse_list(std::string_view text) {
  std::vector<Range> ranges;
  while (true) {
    const std::size_t end = text.find(',');
    const std::string_view part = text.substr(0, end);
    const std::size_t dash = part.find('-');
    Range range;
    const auto number = [](std::string_view digits) -> std::size_t {
      const auto value = parse_decimal(digits, 1'000'000'000);
      if (!value || *value == 0) throw NotNative("cut: a list that is none");
      return *value;
    };
    if (dash == std::string_view::npos) {
      range.first = range.last = number(part);
    } else {
      if (dash > 0) range.first = number(part.substr(0, dash));
      if (dash + 1 < part.size()) range.last = number(part.substr(dash + 1));
      if (part.size() == 1 || range.last < range.first) throw NotNative("cut: a list that is none");
    }
    ranges.push_back(range);
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  std::sort(ranges.begin(), ranges.end(),
            [](const Range& a, const Range& b) { return a.first < b.first; });
  return ranges;
}

bool contains(const std::vector<Range>& ranges, std::size_t position) {
  return std::any_of(ranges.begin(), ranges.end(), [&](const Range& range) {
    return position >= range.first && position <= range.last;
  });
}

std::optional<std::string> cut_fields(std::string_view line, const std::vector<Range>& ranges,
                                      char delimiter, bool only_delimited) {
  if (line.find(delimiter) == std::string_view::npos) {
    // An empty line is printed all the same.
    if (only_delimited && !line.empty()) return std::nullopt;
    return std::string(line);
  }
  const auto fields = static_cast<std::size_t>(std::count(line.begin(), line.end(), delimiter)) + 1;
  // How many delimiters are printed for fields that are not there depends on the list.
  if (ranges.size() > 1 && ranges.back().first > fields) throw NotNative("cut: fields missing");
  std::string out;
  bool first = true;
  for (std::size_t field = 1, at = 0; at <= line.size(); ++field) {
    const std::size_t end = std::min(line.find(delimiter, at), line.size());
    if (contains(ranges, field)) {
      if (!std::exchange(first, false)) out += delimiter;
      out += line.substr(at, end - at);
    }
    at = end + 1;
  }
  return out;
}

/// Reads the character sets of tr.
class SetReader {
 public:
  explicit SetReader(std::string_view text) : text_(text) {}
  std::string read() {
    while (at_ < text_.size()) {
      read_item();
      if (set_.size() > 65'536) throw NotNative("tr: a set that large");
    }
    return set_;
  }

 private:
  char take() {
    const char c = text_[at_++];
    return c == '\\' ? read_escape_sequence(text_, at_) : c;
  }
  void read_item();
  bool read_class();

  std::string_view text_;
  std::size_t at_ = 0;
  std::string set_;
};

void SetReader::read_item() {
  if (text_.substr(at_).starts_with("[:") || text_.substr(at_).starts_with("[=")) {
    if (read_class()) return;
    throw NotNative("tr: a class that is none");
  }
  const char first = take();
  if (at_ + 1 >= text_.size() || text_[at_] != '-') {
    set_ += first;
    return;
  }
  ++at_;
  const char last = take();
  for (unsigned c = static_cast<unsigned char>(first); c <= static_cast<unsigned char>(last); ++c) {
    set_ += static_cast<char>(c);
  }
}

bool SetReader::read_class() {
  const std::string_view rest = text_.substr(at_ + 2);
  if (text_[at_ + 1] == '=') {
    if (rest.size() < 3 || rest.substr(1, 2) != "=]" || rest[0] == '\\') return false;
    set_ += rest[0];
    at_ += 5;
    return true;
  }
  const std::size_t end = rest.find(":]");
  if (end == std::string_view::npos) return false;
  const std::string_view name = rest.substr(0, end);
  at_ += end + 4;
  const std::size_t before = set_.size();
  for (int c = 0; c < 128; ++c) {
    const bool lower = c >= 'a' && c <= 'z';
    const bool upper = c >= 'A' && c <= 'Z';
    const bool digit = c >= '0' && c <= '9';
    const bool letter = lower || upper;
    const bool is =
        (name == "alpha" && letter) || (name == "alnum" && (letter || digit)) ||
        (name == "digit" && digit) || (name == "lower" && lower) || (name == "upper" && upper) ||
        (name == "blank" && (c == ' ' || c == '\t')) ||
        (name == "space" && (c == ' ' || (c >= '\t' && c <= '\r'))) ||
        (name == "punct" && c > ' ' && c < 127 && !letter && !digit) ||
        (name == "cntrl" && (c < ' ' || c == 127)) ||
        (name == "xdigit" && (digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')));
    if (is) set_ += static_cast<char>(c);
  }
  return set_.size() > before;
}

std::string complement(const std::string& set) {
  std::string others;
  for (unsigned c = 0; c < 256; ++c) {
    if (set.find(static_cast<char>(c)) == std::string::npos) others += static_cast<char>(c);
  }
  return others;
}

}  // namespace

std::optional<std::string> unsupported_uniq(KnownArguments arguments) {
  return unsupported_option(arguments, uniq_rules);
}

int run_uniq(const Invocation& invocation) {
  const auto options = parse_options(invocation, uniq_rules);
  if (options.operands.size() > 2) throw NotNative("uniq with too many operands");
  const std::size_t fields = number_option(options, 'f', 0);
  const std::size_t characters = number_option(options, 's', 0);
  const std::size_t width = number_option(options, 'w', 1'000'000'000);
  const std::string name = options.operands.empty() ? "-" : options.operands[0];
  std::string text;
  const int problem = read_operand(invocation, name, text);
  if (problem == EISDIR) throw NotNative("uniq of a directory");
  if (problem != 0) {
    invocation.complain(fmt::format("can't open '{}': {}", name, error_text(problem)));
    return 1;
  }
  const auto key = [&](std::string_view line) {
    for (std::size_t i = 0; i < fields; ++i) {
      const std::size_t word = line.find_first_not_of(" \t\n\v\f\r");
      line.remove_prefix(std::min(word, line.size()));
      line.remove_prefix(std::min(line.find_first_of(" \t\n\v\f\r"), line.size()));
    }
    line.remove_prefix(std::min(characters, line.size()));
    std::string folded(line.substr(0, width));
    if (!options.has('i')) return folded;
    for (char& c : folded) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    return folded;
  };
  const auto lines = split_lines(invocation, text);
  std::string out;
  for (std::size_t i = 0; i < lines.size();) {
    std::size_t end = i + 1;
    const std::string first = key(lines[i].text);
    while (end < lines.size() && key(lines[end].text) == first) ++end;
    const bool repeated = end - i > 1;
    if (!(options.has('d') && !repeated) && !(options.has('u') && repeated)) {
      if (options.has('c')) out += fmt::format("{:7} ", end - i);
      out += lines[i].text;
      out += '\n';
    }
    i = end;
  }
  if (options.operands.size() == 2 && options.operands[1] != "-") {
    const int written = write_file(invocation, path_of(invocation, options.operands[1]), out);
    if (written != 0) throw NotNative("uniq: a file that cannot be written");
    return 0;
  }
  return invocation.output.write(out) ? 0 : 1;
}

std::optional<std::string> unsupported_cut(KnownArguments arguments) {
  return unsupported_option(arguments, cut_rules);
}

int run_cut(const Invocation& invocation) {
  const auto options = parse_options(invocation, cut_rules);
  const char kind = options.last_of("bcf");
  std::size_t kinds = 0;
  for (const char letter : {'b', 'c', 'f'}) kinds += options.has(letter) ? 1 : 0;
  if (kinds != 1) throw NotNative("cut without one list");
  const std::string* delimiter = options.value('d');
  if (delimiter != nullptr && (delimiter->size() != 1 || kind != 'f')) {
    throw NotNative("cut: option -d");
  }
  if (options.has('s') && kind != 'f') throw NotNative("cut: option -s without -f");
  const std::vector<Range> ranges = parse_list(*options.value(kind));
  std::vector<std::string> names = options.operands;
  if (names.empty()) names.emplace_back("-");
  int status = 0;
  std::string out;
  for (const std::string& name : names) {
    std::string text;
    const int problem = read_operand(invocation, name, text);
    if (problem == EISDIR) throw NotNative("cut of a directory");
    if (problem != 0) {
      flush(invocation, out);
      invocation.complain(fmt::format("{}: {}", name, error_text(problem)));
      status = 1;
      continue;
    }
    invocation.budget.spend_steps(text.size() / 256 * ranges.size());
    for (const TextLine& line : split_lines(invocation, text)) {
      if (kind == 'f') {
        const auto fields = cut_fields(
            line.text, ranges, delimiter == nullptr ? '\t' : (*delimiter)[0], options.has('s'));
        if (!fields) continue;
        out += *fields;
      } else {
        for (std::size_t i = 0; i < line.text.size(); ++i) {
          const char c = line.text[i];
          if (kind == 'c' && static_cast<unsigned char>(c) >= 0x80) {
            throw NotNative("cut: characters beyond ASCII");
          }
          if (contains(ranges, i + 1)) out += c;
        }
      }
      out += '\n';
    }
  }
  if (!out.empty() && !invocation.output.write(out)) status = 1;
  return status;
}

std::optional<std::string> unsupported_tr(KnownArguments arguments) {
  return unsupported_option(arguments, tr_rules);
}

int run_tr(const Invocation& invocation) {
  const auto options = parse_options(invocation, tr_rules);
  const bool deletes = options.has('d');
  const bool squeezes = options.has('s');
  if (options.operands.empty() || options.operands.size() > 2)
    throw NotNative("tr without its sets");
  std::string from = SetReader(options.operands[0]).read();
  if (options.has('c') || options.has('C')) from = complement(from);
  std::string to;
  std::array<char, 256> map{};
  for (std::size_t c = 0; c < 256; ++c) map[c] = static_cast<char>(c);
  if (options.operands.size() == 2) {
    to = SetReader(options.operands[1]).read();
    if (to.empty()) throw NotNative("tr: an empty second set");
    for (std::size_t i = 0; i < from.size(); ++i) {
      map[static_cast<unsigned char>(from[i])] = to[std::min(i, to.size() - 1)];
    }
  }
  std::array<bool, 256> in_from{};
  std::array<bool, 256> in_to{};
  for (const char c : from) in_from[static_cast<unsigned char>(c)] = true;
  for (const char c : to) in_to[static_cast<unsigned char>(c)] = true;
  const std::string text = invocation.input.read_all();
  invocation.budget.spend_steps(text.size() / 1024 + 1);
  std::string out;
  int last = -1;
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (deletes && in_from[octet]) continue;
    const auto coded = static_cast<unsigned char>(map[octet]);
    if (squeezes && last == coded && (in_from[octet] || in_to[coded])) continue;
    last = coded;
    out += static_cast<char>(coded);
  }
  return out.empty() || invocation.output.write(out) ? 0 : 1;
}

std::optional<std::string> unsupported_seq(KnownArguments arguments) {
  return unsupported_option(arguments, seq_rules);
}

int run_seq(const Invocation& invocation) {
  const auto options = parse_options(invocation, seq_rules);
  const std::size_t given = options.operands.size();
  if (given == 0 || given > 3) throw NotNative("seq without one to three numbers");
  std::vector<long long> numbers;
  std::size_t width = 0;
  for (const std::string& operand : options.operands) {
    const bool negative = operand.starts_with('-');
    const auto value = parse_decimal(std::string_view(operand).substr(negative ? 1 : 0));
    if (!value) throw NotNative("seq of what is no whole number");
    numbers.push_back(negative ? -static_cast<long long>(*value) : *value);
  }
  const long long first = given > 1 ? numbers.front() : 1;
  const long long step = given > 2 ? numbers[1] : 1;
  const long long last = numbers.back();
  if (step == 0) throw NotNative("seq that never ends");
  if (options.has('w')) {
    if (first < 0 || last < 0) throw NotNative("seq -w with negative numbers");
    width = std::max(options.operands.front().size(), options.operands.back().size());
    if (given == 1) width = options.operands.front().size();
  }
  const std::string* separator = options.value('s');
  std::string out;
  for (long long n = first; step > 0 ? n <= last : n >= last; n += step) {
    invocation.budget.spend_steps();
    if (!out.empty()) out += separator == nullptr ? "\n" : *separator;
    out += fmt::format("{:0{}}", n, width);
  }
  if (!out.empty()) out += '\n';
  return out.empty() || invocation.output.write(out) ? 0 : 1;
}

}  // namespace tarn::builder
