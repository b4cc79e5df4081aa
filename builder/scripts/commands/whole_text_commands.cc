#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <string>
#include <vector>

#include <fmt/core.h>

#include "apk/support/bytes.h"
#include "apk/support/hash.h"
#include "builder/scripts/commands/options.h"
#include "builder/scripts/commands/text_commands.h"
#include "builder/scripts/commands/text_files.h"

namespace tarn::builder {

namespace {

constexpr OptionRules cat_rules{"nbvteA", "bvteA", {}};
constexpr OptionRules tee_rules{"ia", {}, {}};
constexpr OptionRules wc_rules{"lwcmL", "mL", {}};
constexpr OptionRules base64_rules{"dw:", {}, {}};

std::vector<std::string> operands_or_input(const ParsedOptions<std::string>& options) {
  return options.operands.empty() ? std::vector<std::string>{"-"} : options.operands;
}

struct Counts {
  std::size_t lines = 0;
  std::size_t words = 0;
  std::size_t octets = 0;
};

Counts count(std::string_view text) {
  Counts counts{0, 0, text.size()};
  bool inside = false;
  for (const char c : text) {
    if (c == '\n') ++counts.lines;
    const bool space = c == ' ' || (c >= '\t' && c <= '\r');
    const bool visible = static_cast<unsigned char>(c) > ' ' && c != 0x7f;
    // An octet that is neither goes with the word it is in, if any.
    if (space) {
      inside = false;
    } else if (visible && !inside) {
      inside = true;
      ++counts.words;
    }
  }
  return counts;
}

}  // namespace

std::optional<std::string> unsupported_cat(KnownArguments arguments) {
  return unsupported_option(arguments, cat_rules);
}

int run_cat(const Invocation& invocation) {
  const auto options = parse_options(invocation, cat_rules);
  int status = 0;
  std::size_t number = 0;
  for (const std::string& operand : operands_or_input(options)) {
    std::string text;
    const int problem = read_operand(invocation, operand, text);
    if (problem != 0 && options.has('n')) {
      if (problem == EISDIR) throw NotNative("cat -n of a directory");
      invocation.complain(fmt::format("{}: {}", operand, error_text(problem)));
      status = 1;
      continue;
    }
    if (problem != 0) {
      invocation.complain(problem == EISDIR
                              ? fmt::format("read error: {}", error_text(problem))
                              : fmt::format("can't open '{}': {}", operand, error_text(problem)));
      status = 1;
      continue;
    }
    if (options.has('n')) {
      std::string numbered;
      for (const TextLine& line : split_lines(invocation, text)) {
        numbered += fmt::format("{:6}\t{}\n", ++number, line.text);
      }
      text = std::move(numbered);
    }
    if (!text.empty() && !invocation.output.write(text)) status = 1;
  }
  return status;
}

int run_tac(const Invocation& invocation) {
  const auto options = parse_options(invocation, OptionRules{});
  int status = 0;
  std::string out;
  for (const std::string& operand : operands_or_input(options)) {
    std::string text;
    if (!read_or_complain(invocation, operand, text)) {
      status = 1;
      continue;
    }
    const auto lines = split_lines(invocation, text);
    for (std::size_t i = lines.size(); i-- > 0;) {
      out += lines[i].text;
      if (lines[i].ended) out += '\n';
    }
  }
  invocation.output.write(out);
  return status;
}

int run_rev(const Invocation& invocation) {
  const auto options = parse_options(invocation, OptionRules{});
  int status = 0;
  for (const std::string& operand : operands_or_input(options)) {
    std::string text;
    if (!read_or_complain(invocation, operand, text)) {
      status = 1;
      continue;
    }
    std::string out;
    for (const TextLine& line : split_lines(invocation, text)) {
      for (const char c : line.text) {
        if (static_cast<unsigned char>(c) >= 0x80) throw NotNative("rev: text beyond ASCII");
      }
      out.append(line.text.rbegin(), line.text.rend());
      if (line.ended) out += '\n';
    }
    invocation.output.write(out);
  }
  return status;
}

std::optional<std::string> unsupported_tee(KnownArguments arguments) {
  return unsupported_option(arguments, tee_rules);
}

int run_tee(const Invocation& invocation) {
  const auto options = parse_options(invocation, tee_rules);
  const std::string text = invocation.input.read_all();
  const auto how =
      options.has('a') ? ScriptRootfs::Writing::append : ScriptRootfs::Writing::truncate;
  int status = 0;
  for (const std::string& operand : options.operands) {
    if (operand == "-") throw NotNative("tee to the output twice");
    invocation.budget.spend_octets(text.size());
    const int problem =
        invocation.files.write(path_of(invocation, operand), text, how, 0666U & ~invocation.umask);
    if (problem == 0) continue;
    invocation.complain(fmt::format("{}: {}", operand, error_text(problem)));
    status = 1;
  }
  if (!text.empty() && !invocation.output.write(text)) status = 1;
  return status;
}

std::optional<std::string> unsupported_wc(KnownArguments arguments) {
  return unsupported_option(arguments, wc_rules);
}

int run_wc(const Invocation& invocation) {
  const auto options = parse_options(invocation, wc_rules);
  const bool all = options.options.empty();
  const std::size_t kinds = all ? 3U
                                : static_cast<std::size_t>(options.has('l')) +
                                      static_cast<std::size_t>(options.has('w')) +
                                      static_cast<std::size_t>(options.has('c'));
  const auto names = operands_or_input(options);
  // A single number stands without blanks before it.
  const int width = kinds == 1 && names.size() == 1 ? 0 : 9;
  std::string out;
  const auto show = [&](const Counts& counts, const std::string& name) {
    std::string line;
    const auto add = [&](char letter, std::size_t value) {
      if (!all && !options.has(letter)) return;
      if (!line.empty()) line += ' ';
      line += fmt::format("{:{}}", value, width);
    };
    add('l', counts.lines);
    add('w', counts.words);
    add('c', counts.octets);
    if (!name.empty()) line += " " + name;
    out += line + "\n";
  };
  Counts total;
  int status = 0;
  for (const std::string& name : names) {
    std::string text;
    const int problem = read_operand(invocation, name, text);
    if (problem != 0) {
      flush(invocation, out);
      invocation.complain(fmt::format("{}: {}", name, error_text(problem)));
      status = 1;
      if (problem != EISDIR) continue;
    }
    invocation.budget.spend_steps(text.size() / 1024 + 1);
    const Counts counts = count(text);
    show(counts, options.operands.empty() ? std::string() : name);
    total.lines += counts.lines;
    total.words += counts.words;
    total.octets += counts.octets;
  }
  if (names.size() > 1) show(total, "total");
  invocation.output.write(out);
  return status;
}

std::optional<std::string> unsupported_base64(KnownArguments arguments) {
  return unsupported_option(arguments, base64_rules);
}

int run_base64(const Invocation& invocation) {
  const auto options = parse_options(invocation, base64_rules);
  if (options.operands.size() > 1) throw NotNative("base64 of many files");
  std::string text;
  if (!read_or_complain(invocation, operands_or_input(options).front(), text)) return 1;
  if (options.has('d')) {
    std::erase(text, '\n');
    const auto octets = from_base64(text);
    if (!octets) throw NotNative("base64: text that is none");
    invocation.output.write(
        std::string_view(reinterpret_cast<const char*>(octets->data()), octets->size()));
    return 0;
  }
  std::optional<std::uint32_t> width = 76;
  if (const std::string* value = options.value('w')) width = parse_decimal(*value);
  if (!width) throw NotNative("base64: option -w");
  const std::string encoded = to_base64(as_bytes(text));
  std::string out;
  const std::size_t step = *width == 0 ? std::max<std::size_t>(encoded.size(), 1) : *width;
  for (std::size_t i = 0; i < encoded.size(); i += step) {
    out += encoded.substr(i, step);
    if (*width != 0) out += '\n';
  }
  invocation.output.write(out);
  return 0;
}

}  // namespace tarn::builder
