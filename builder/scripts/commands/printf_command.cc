#include <algorithm>
#include <cctype>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "builder/scripts/commands/escape_sequence.h"
#include "builder/scripts/commands/print_commands.h"

namespace tarn::builder {

namespace {

constexpr long long widest = 4096;  // of one conversion; more is not for a script to ask for

/// A directive of the format: "%-5.2d". Size letters are left out of `flags_and_sizes`.
struct Directive {
  std::string text;  ///< from '%' to before the conversion's letter, numbers put in for '*'
  char conversion = 0;
};

/// One run of printf.
class Printer {
 public:
  Printer(const Invocation& invocation, std::string_view format,
          std::span<const std::string> arguments)
      : invocation_(invocation), format_(format), arguments_(arguments) {}

  int run() {
    bool go_on = true;
    while (go_on) {
      const std::size_t before = next_;
      invocation_.budget.spend_octets(format_.size());
      invocation_.budget.spend_steps();
      go_on = print_once() && next_ > before && next_ < arguments_.size();
    }
    flush();
    return failed_ ? 1 : 0;
  }

 private:
  /// Prints the format once; false when all is over.
  bool print_once();
  bool print_directive(std::size_t& position);
  std::optional<Directive> read_directive(std::size_t& position);
  void read_number_or_star(std::size_t& position, Directive& directive);
  void print(const Directive& directive);
  void print_integer(const Directive& directive, std::string_view argument);
  void print_double(const Directive& directive, const std::string& argument);
  void print_text(const Directive& directive, std::string_view argument);
  /// False when \c came.
  bool print_unescaped(std::string_view text);
  std::string next_argument() {
    return next_ < arguments_.size() ? arguments_[next_++] : std::string();
  }
  /// What was printed before comes before the complaint.
  void complain(const std::string& text) {
    flush();
    complain_as_shell(invocation_, text);
  }
  void complain_of_number(std::string_view text) {
    complain("invalid number '" + std::string(text) + "'");
  }
  void flush() {
    if (!out_.empty() && !invocation_.output.write(out_)) failed_ = true;
    out_.clear();
  }
  template <typename... Values>
  void append_formatted(const std::string& format, Values... values) {
    char buffer[static_cast<std::size_t>(2 * widest)];
    const int length = std::snprintf(buffer, sizeof buffer, format.c_str(), values...);
    invocation_.budget.spend_octets(static_cast<std::uint64_t>(std::max(length, 0)));
    if (length > 0) out_.append(buffer, static_cast<std::size_t>(length));
  }

  const Invocation& invocation_;
  std::string_view format_;
  std::span<const std::string> arguments_;
  std::size_t next_ = 0;
  std::string out_;
  bool failed_ = false;
};

struct Number {
  long long value = 0;
  bool valid = false;
};

/// Whether what follows the digits lets the number count.
bool ends_well(const char* end) {
  return *end == '\0' && errno == 0;
}

Number signed_number(const char* text, int base) {
  const char first = text[0] == '-' ? text[1] : text[0];
  if (!std::isalnum(static_cast<unsigned char>(first))) return {};
  errno = 0;
  char* end = nullptr;
  const long long value = std::strtoll(text, &end, base);
  if (end == text || !ends_well(end)) return {};
  return {value, true};
}

/// As printf reads a whole number: of any base C knows, after a '+' too; a quote gives the code of
/// the octet after it.
Number whole_number(std::string_view argument, char conversion) {
  if (argument.starts_with('"') || argument.starts_with('\'')) {
    return {argument.size() > 1 ? static_cast<unsigned char>(argument[1]) : 0, true};
  }
  const std::string owned(argument);
  const char* text = owned.c_str();
  if (text[0] == '+') ++text;
  if (conversion != 'd' && conversion != 'i' && std::isalnum(static_cast<unsigned char>(text[0]))) {
    errno = 0;
    char* end = nullptr;
    const unsigned long long value = std::strtoull(text, &end, 0);
    if (end != text && ends_well(end)) return {static_cast<long long>(value), true};
  }
  return signed_number(text, 0);
}

bool Printer::print_once() {
  for (std::size_t i = 0; i < format_.size();) {
    const char c = format_[i++];
    if (c == '\\') {
      if (i < format_.size() && format_[i] == 'c') return false;
      out_ += read_escape_sequence(format_, i);
    } else if (c == '%') {
      if (!print_directive(i)) return false;
    } else {
      out_ += c;
    }
  }
  return true;
}

bool Printer::print_directive(std::size_t& position) {
  const std::size_t start = position - 1;
  if (position < format_.size() && format_[position] == '%') {
    ++position;
    out_ += '%';
    return true;
  }
  if (position < format_.size() && format_[position] == 'b') {
    ++position;
    return next_ >= arguments_.size() || print_unescaped(arguments_[next_++]);
  }
  const auto directive = read_directive(position);
  if (!directive) {
    std::string rest(format_.substr(start));
    // The size letters are gone from the format by then.
    std::erase_if(rest, [&, at = std::size_t{0}](char) mutable {
      const std::size_t here = start + at++;
      return here >= position && here < format_.find_first_not_of("lLhz", position);
    });
    complain(rest + ": invalid format");
    failed_ = true;
    return false;
  }
  print(*directive);
  return true;
}

void Printer::read_number_or_star(std::size_t& position, Directive& directive) {
  long long value = 0;
  if (position < format_.size() && format_[position] == '*') {
    ++position;
    if (next_ < arguments_.size()) {
      const std::string argument = next_argument();
      const Number number = signed_number(argument.c_str(), 10);
      if (!number.valid) complain_of_number(argument);
      value = number.value;
    }
    directive.text += std::to_string(value);
  } else {
    while (position < format_.size() &&
           std::isdigit(static_cast<unsigned char>(format_[position]))) {
      directive.text += format_[position];
      if (value <= widest) value = value * 10 + (format_[position] - '0');
      ++position;
    }
  }
  if (value > widest || value < -widest) throw NotNative("printf: a width of " + directive.text);
}

/// Nothing when it is no directive; `position` is then at what does not fit.
std::optional<Directive> Printer::read_directive(std::size_t& position) {
  Directive directive{"%", 0};
  const auto at = [&](std::string_view letters) {
    return position < format_.size() && letters.find(format_[position]) != std::string_view::npos;
  };
  while (at("-+ #")) directive.text += format_[position++];
  read_number_or_star(position, directive);
  if (at(".")) {
    directive.text += format_[position++];
    const std::size_t precision = directive.text.size();
    read_number_or_star(position, directive);
    // A negative precision counts as none.
    if (directive.text.substr(precision).starts_with('-')) directive.text.resize(precision - 1);
  }
  std::size_t letter = position;
  while (letter < format_.size() &&
         std::string_view("lLhz").find(format_[letter]) != std::string_view::npos) {
    ++letter;
  }
  if (letter >= format_.size() ||
      std::string_view("diouxXfeEgGcs").find(format_[letter]) == std::string_view::npos) {
    return std::nullopt;
  }
  directive.conversion = format_[letter];
  position = letter + 1;
  return directive;
}

void Printer::print(const Directive& directive) {
  const std::string argument = next_argument();
  switch (directive.conversion) {
    case 'c':
      append_formatted(directive.text + 'c', argument.empty() ? '\0' : argument[0]);
      break;
    case 's':
      print_text(directive, argument);
      break;
    case 'd':
    case 'i':
    case 'o':
    case 'u':
    case 'x':
    case 'X':
      print_integer(directive, argument);
      break;
    default:
      print_double(directive, argument);
  }
}

void Printer::print_integer(const Directive& directive, std::string_view argument) {
  const std::size_t start = argument.find_first_not_of(" \t\n\v\f\r");
  argument.remove_prefix(start == std::string_view::npos ? argument.size() : start);
  const Number number = whole_number(argument, directive.conversion);
  if (!number.valid) {
    complain_of_number(argument);
    failed_ = true;
  }
  append_formatted(directive.text + "ll" + directive.conversion, number.value);
}

void Printer::print_double(const Directive& directive, const std::string& argument) {
  double value = 0;
  if (argument.starts_with('"') || argument.starts_with('\'')) {
    value = argument.size() > 1 ? static_cast<unsigned char>(argument[1]) : 0;
  } else {
    errno = 0;
    char* end = nullptr;
    value = std::strtod(argument.c_str(), &end);
    if (*end != '\0' || errno != 0 || end == argument.c_str()) {
      complain_of_number(argument);
      failed_ = true;
      value = 0;
    }
  }
  append_formatted(directive.text + directive.conversion, value);
}

/// Text may be longer than any buffer, so its width and precision are applied here.
void Printer::print_text(const Directive& directive, std::string_view argument) {
  const std::string_view text = directive.text;
  const std::size_t dot = text.find('.');
  if (dot != std::string_view::npos) {
    argument = argument.substr(0, static_cast<std::size_t>(std::atoi(text.data() + dot + 1)));
  }
  const std::size_t digits = text.substr(0, dot).find_first_of("0123456789");
  std::size_t width = 0;
  bool left = text.substr(0, dot).find('-') != std::string_view::npos;
  if (digits != std::string_view::npos && digits < dot) {
    width = static_cast<std::size_t>(std::atoi(text.data() + digits));
  }
  invocation_.budget.spend_octets(width + argument.size());
  const std::string padding(width > argument.size() ? width - argument.size() : 0, ' ');
  if (!left) out_ += padding;
  out_ += argument;
  if (left) out_ += padding;
}

bool Printer::print_unescaped(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i++];
    if (c != '\\') {
      out_ += c;
      continue;
    }
    if (i < text.size() && text[i] == 'c') return false;
    out_ += read_long_escape_sequence(text, i);
  }
  return true;
}

}  // namespace

int run_printf(const Invocation& invocation) {
  std::span<const std::string> arguments = invocation.arguments.subspan(1);
  if (!arguments.empty() && arguments[0] == "--") arguments = arguments.subspan(1);
  if (arguments.empty()) {
    complain_as_shell(invocation, "usage: printf FORMAT [ARGUMENT...]");
    return 2;
  }
  return Printer(invocation, arguments[0], arguments.subspan(1)).run();
}

}  // namespace tarn::builder
