#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

#include <fmt/core.h>

#include "builder/scripts/commands/options.h"
#include "builder/scripts/commands/text_commands.h"
#include "builder/scripts/commands/text_files.h"

namespace tarn::builder {

namespace {

constexpr OptionRules head_rules{"n:c:qv", {}, {}};
constexpr OptionRules tail_rules{"fc:n:qs:vF", "fsF", {}};

bool is_number(std::string_view text) {
  return !text.empty() && text[0] >= '0' && text[0] <= '9';
}

/// The arguments with an old "-5" or "+5" in the first place as "-n5" or "-n+5".
template <typename Text>
std::vector<Text> modernize(std::span<const Text> arguments,
                            const std::optional<std::string>& first, bool with_plus) {
  std::vector<Text> result(arguments.begin(), arguments.end());
  if (!first ||
      !is_number(std::string_view(*first).substr(std::min<std::size_t>(1, first->size())))) {
    return result;
  }
  if (first->starts_with('-')) result[1] = "-n" + first->substr(1);
  if (first->starts_with('+') && with_plus) result[1] = "-n" + *first;
  return result;
}

std::optional<std::string> unsupported_part(KnownArguments arguments, const OptionRules& rules,
                                            bool with_plus) {
  const auto first = arguments.size() > 1 ? arguments[1] : std::nullopt;
  const auto known = modernize(arguments, first, with_plus);
  return unsupported_option(known, rules);
}

ParsedOptions<std::string> parse_part(const Invocation& invocation, const OptionRules& rules,
                                      bool with_plus) {
  const auto first =
      invocation.arguments.size() > 1 ? std::optional(invocation.arguments[1]) : std::nullopt;
  return parse_options(modernize(invocation.arguments, first, with_plus), rules);
}

/// What part of a text is asked for.
struct Part {
  std::size_t count = 10;
  bool octets = false;
  char sign = 0;  ///< '-' or '+' before the number
};

Part part_of(const Invocation& invocation, const ParsedOptions<std::string>& options) {
  Part part;
  const char last = options.last_of("nc");
  if (last == 0) return part;
  const auto counts =
      std::count_if(options.options.begin(), options.options.end(),
                    [](auto& option) { return option.letter == 'n' || option.letter == 'c'; });
  if (counts > 1) throw NotNative(invocation.arguments[0] + ": several counts");
  part.octets = last == 'c';
  std::string_view text = *options.value(last);
  if (text.starts_with('-') || text.starts_with('+')) {
    part.sign = text[0];
    text.remove_prefix(1);
  }
  std::size_t factor = 1;
  if (text.ends_with('b')) factor = 512;
  if (text.ends_with('k')) factor = 1024;
  if (text.ends_with('m')) factor = std::size_t{1024} * 1024;
  if (factor != 1) text.remove_suffix(1);
  const auto count = parse_decimal(text, 1'000'000'000);
  if (!count) throw NotNative(invocation.arguments[0] + ": a count that is none");
  part.count = *count * factor;
  return part;
}

/// Where the octet behind the first `count` lines is.
std::size_t behind_lines(std::string_view text, std::size_t count) {
  std::size_t at = 0;
  while (count > 0 && at < text.size()) {
    const std::size_t end = text.find('\n', at);
    at = end == std::string_view::npos ? text.size() : end + 1;
    --count;
  }
  return at;
}

std::size_t line_count(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += c == '\n' ? 1 : 0;
  return count + (!text.empty() && !text.ends_with('\n') ? 1 : 0);
}

std::string_view first_part(std::string_view text, const Part& part) {
  if (part.octets) {
    if (part.sign != '-') return text.substr(0, part.count);
    return text.substr(0, text.size() > part.count ? text.size() - part.count : 0);
  }
  if (part.sign != '-') return text.substr(0, behind_lines(text, part.count));
  const std::size_t lines = line_count(text);
  return text.substr(0, behind_lines(text, lines > part.count ? lines - part.count : 0));
}

std::string_view last_part_of(std::string_view text, const Part& part) {
  const std::size_t before = part.count > 0 ? part.count - 1 : 0;
  if (part.octets) {
    if (part.sign == '+') return text.substr(std::min(before, text.size()));
    return text.substr(text.size() > part.count ? text.size() - part.count : 0);
  }
  if (part.sign == '+') return text.substr(behind_lines(text, before));
  const std::size_t lines = line_count(text);
  return text.substr(behind_lines(text, lines > part.count ? lines - part.count : 0));
}

/// Whether a name stands above each text.
bool has_headers(const ParsedOptions<std::string>& options, std::size_t texts) {
  const char last = options.last_of("qv");
  if (options.has('q') && options.has('v')) throw NotNative("options -q and -v together");
  return last == 'v' || (last == 0 && texts > 1);
}

}  // namespace

std::optional<std::string> unsupported_head(KnownArguments arguments) {
  return unsupported_part(arguments, head_rules, false);
}

int run_head(const Invocation& invocation) {
  const auto options = parse_part(invocation, head_rules, false);
  const Part part = part_of(invocation, options);
  if (part.sign == '+') throw NotNative("head: a count with '+'");
  std::vector<std::string> names = options.operands;
  if (names.empty()) names.emplace_back("-");
  const bool headers = has_headers(options, names.size());
  if (headers && options.operands.empty()) throw NotNative("head: the name of the input");
  int status = 0;
  std::string out;
  for (const std::string& name : names) {
    const char* gap = &name == &names.front() ? "" : "\n";
    std::string text;
    const int problem = read_operand(invocation, name, text);
    if (problem == EISDIR) throw NotNative("head of a directory");
    if (problem != 0) {
      flush(invocation, out);
      invocation.complain(fmt::format("{}: {}", name, error_text(problem)));
      status = 1;
      continue;
    }
    invocation.budget.spend_steps();
    if (headers) {
      out += fmt::format("{}==> {} <==\n", gap, name == "-" ? "standard input" : name);
    }
    out += first_part(text, part);
  }
  if (!out.empty() && !invocation.output.write(out)) status = 1;
  return status;
}

std::optional<std::string> unsupported_tail(KnownArguments arguments) {
  return unsupported_part(arguments, tail_rules, true);
}

int run_tail(const Invocation& invocation) {
  const auto options = parse_part(invocation, tail_rules, true);
  const Part part = part_of(invocation, options);
  std::vector<std::string> names = options.operands;
  if (names.empty()) names.emplace_back("-");
  int status = 0;
  std::vector<std::pair<std::string, std::string>> texts;
  for (const std::string& name : names) {
    std::string text;
    const int problem = read_operand(invocation, name, text);
    if (problem == EISDIR) throw NotNative("tail of a directory");
    if (problem != 0) {
      invocation.complain(fmt::format("can't open '{}': {}", name, error_text(problem)));
      status = 1;
    } else {
      texts.emplace_back(name, std::move(text));
    }
  }
  if (texts.empty()) {
    invocation.complain("no files");
    return 1;
  }
  const bool headers = has_headers(options, texts.size());
  if (headers && options.operands.empty()) throw NotNative("tail: the name of the input");
  std::string out;
  for (const auto& [name, text] : texts) {
    invocation.budget.spend_steps();
    if (headers) {
      out += fmt::format("{}==> {} <==\n", &name == &texts.front().first ? "" : "\n", name);
    }
    out += last_part_of(text, part);
  }
  if (!out.empty() && !invocation.output.write(out)) status = 1;
  return status;
}

}  // namespace tarn::builder
