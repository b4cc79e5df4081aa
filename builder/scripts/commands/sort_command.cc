#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <vector>

#include <fmt/core.h>

#include "builder/scripts/commands/options.h"
#include "builder/scripts/commands/text_commands.h"
#include "builder/scripts/commands/text_files.h"

namespace tarn::builder {

namespace {

constexpr OptionRules rules{"ngMucszbrdfihVo:k:t:S:T:m", "gMszdihVSTm", {}};

bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

/// A part of a line that is compared: from a field (and character in it) to another.
struct SortKey {
  std::size_t first_field = 1;
  std::size_t first_character = 0;
  std::size_t last_field = 0;  ///< 0: to the end of the line
  std::size_t last_character = 0;
  bool numeric = false;
  bool reversed = false;
  bool folded = false;
  bool skips_blanks = false;
  bool has_flags() const { return numeric || reversed || folded || skips_blanks; }
};

struct Order {
  std::vector<SortKey> keys;
  char separator = 0;
  bool reversed = false;
  bool whole_line_breaks_ties = true;
};

[[noreturn]] void refuse_key(std::string_view text) {
  throw NotNative(fmt::format("sort: key {}", text));
}

SortKey parse_key(const std::string& text, const SortKey& general) {
  SortKey key;
  std::size_t at = 0;
  const auto number = [&]() {
    const std::size_t end = std::min(text.find_first_not_of("0123456789", at), text.size());
    const auto value = parse_decimal(std::string_view(text).substr(at, end - at), 100'000);
    if (!value) refuse_key(text);
    at = end;
    return *value;
  };
  const auto character = [&]() -> std::size_t {
    if (at >= text.size() || text[at] != '.') return 0;
    ++at;
    return number();
  };
  const auto flags = [&](bool last) {
    for (; at < text.size() && text[at] != ','; ++at) {
      switch (text[at]) {
        case 'n':
          key.numeric = true;
          break;
        case 'r':
          key.reversed = true;
          break;
        case 'f':
          key.folded = true;
          break;
        case 'b':
          if (last) refuse_key(text);
          key.skips_blanks = true;
          break;
        default:
          refuse_key(text);
      }
    }
  };
  key.first_field = number();
  key.first_character = character();
  flags(false);
  if (at < text.size()) {
    ++at;
    key.last_field = number();
    key.last_character = character();
    flags(true);
  }
  if (at < text.size() || key.first_field == 0 || key.last_character != 0) refuse_key(text);
  if (!key.has_flags()) {
    key.numeric = general.numeric;
    key.reversed = general.reversed;
    key.folded = general.folded;
    key.skips_blanks = general.skips_blanks;
  }
  return key;
}

/// Where the field ends that is `count` fields from the line's beginning.
std::size_t skip_fields(std::string_view line, std::size_t count, char separator, bool& delimited) {
  std::size_t at = 0;
  delimited = false;
  for (; count > 0; --count) {
    if (separator != 0) {
      const std::size_t end = line.find(separator, at);
      delimited = end != std::string_view::npos;
      if (!delimited) return line.size();
      at = end + 1;
    } else {
      while (at < line.size() && is_space(line[at])) ++at;
      while (at < line.size() && !is_space(line[at])) ++at;
    }
  }
  return at;
}

std::string key_text(std::string_view line, const SortKey& key, char separator) {
  bool delimited = false;
  std::size_t start = skip_fields(line, key.first_field - 1, separator, delimited);
  std::size_t end = line.size();
  if (key.last_field != 0) {
    end = skip_fields(line, key.last_field, separator, delimited);
    if (delimited) --end;
  }
  if (key.skips_blanks) {
    while (start < line.size() && is_space(line[start])) ++start;
  }
  if (key.first_character != 0) start = std::min(start + key.first_character - 1, line.size());
  std::string text(line.substr(start, std::max(start, end) - start));
  if (key.folded) {
    for (char& c : text) {
      if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
  }
  return text;
}

int sign(auto difference) {
  return difference < 0 ? -1 : difference > 0 ? 1 : 0;
}

int compare(const std::string& a, const std::string& b, const Order& order) {
  for (const SortKey& key : order.keys) {
    const std::string x = key_text(a, key, order.separator);
    const std::string y = key_text(b, key, order.separator);
    const int result = key.numeric
                           ? sign(std::strtod(x.c_str(), nullptr) - std::strtod(y.c_str(), nullptr))
                           : sign(x.compare(y));
    if (result != 0) return key.reversed ? -result : result;
  }
  if (!order.whole_line_breaks_ties) return 0;
  const int result = sign(a.compare(b));
  return order.reversed ? -result : result;
}

Order order_of(const ParsedOptions<std::string>& options) {
  SortKey general;
  general.numeric = options.has('n');
  general.reversed = options.has('r');
  general.folded = options.has('f');
  general.skips_blanks = options.has('b');
  Order order;
  order.reversed = general.reversed;
  for (const auto& option : options.options) {
    if (option.letter == 'k') order.keys.push_back(parse_key(*option.value, general));
  }
  if (order.keys.empty()) order.keys.push_back(general);
  if (const std::string* separator = options.value('t')) {
    if (separator->size() != 1) throw NotNative("sort: a separator of many characters");
    order.separator = separator->front();
  }
  return order;
}

/// Infinities and what is no number order in ways of their own.
void check_numbers(const std::vector<std::string>& lines, const Order& order) {
  for (const SortKey& key : order.keys) {
    if (!key.numeric) continue;
    for (const std::string& line : lines) {
      const double value = std::strtod(key_text(line, key, order.separator).c_str(), nullptr);
      if (!(value < 1e300 && value > -1e300)) throw NotNative("sort: a number without bounds");
    }
  }
}

}  // namespace

std::optional<std::string> unsupported_sort(KnownArguments arguments) {
  return unsupported_option(arguments, rules);
}

int run_sort(const Invocation& invocation) {
  const auto options = parse_options(invocation, rules);
  Order order = order_of(options);
  std::vector<std::string> names = options.operands;
  if (names.empty()) names.emplace_back("-");
  std::vector<std::string> lines;
  for (const std::string& name : names) {
    std::string text;
    const int problem = read_operand(invocation, name, text);
    if (problem != 0 && problem != EISDIR) {
      invocation.complain(fmt::format("{}: {}", name, error_text(problem)));
      return 2;
    }
    for (const TextLine& line : split_lines(invocation, text)) lines.emplace_back(line.text);
  }
  // A line is compared about as often as the number of lines has bits.
  const auto rounds = static_cast<std::size_t>(std::bit_width(lines.size()));
  invocation.budget.spend_steps(lines.size() * order.keys.size() * rounds / 8);
  check_numbers(lines, order);
  if (options.has('c')) {
    order.whole_line_breaks_ties = true;
    for (std::size_t i = 1; i < lines.size(); ++i) {
      if (compare(lines[i - 1], lines[i], order) <= (options.has('u') ? -1 : 0)) continue;
      invocation.error.write(fmt::format("Check line {}\n", i));
      return 1;
    }
    return 0;
  }
  std::stable_sort(lines.begin(), lines.end(), [&](const std::string& a, const std::string& b) {
    return compare(a, b, order) < 0;
  });
  if (options.has('u')) {
    order.whole_line_breaks_ties = false;
    const auto same = [&](const std::string& a, const std::string& b) {
      return compare(a, b, order) == 0;
    };
    lines.erase(std::unique(lines.begin(), lines.end(), same), lines.end());
  }
  std::string out;
  for (const std::string& line : lines) out += line + "\n";
  if (const std::string* file = options.value('o')) {
    const int problem = write_file(invocation, path_of(invocation, *file), out);
    if (problem != 0) throw NotNative("sort: a file that cannot be written");
    return 0;
  }
  return invocation.output.write(out) ? 0 : 2;
}

}  // namespace tarn::builder
