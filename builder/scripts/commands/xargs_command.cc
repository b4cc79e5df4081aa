#include <string>
#include <vector>

#include <fmt/core.h>

#include "builder/scripts/commands/options.h"
#include "builder/scripts/commands/running_commands.h"
#include "builder/scripts/commands/text_files.h"

namespace tarn::builder {

namespace {

constexpr OptionRules rules{"+trn:0I:xE:e::s:pP:a:o", "EespPao", {}};
constexpr std::size_t longest_line = 20'000;  // the rest would go to a second call

/// What stands for no input at all.
class EmptyStream : public ScriptStream {
 public:
  std::string read(std::size_t) override { return {}; }
  bool write(std::string_view) override { return false; }
};

/// An item that is not ended as it should be.
struct BadItems {
  std::string complaint;
};

/// Items between blanks and newlines; quotes and backslashes hold what would part them.
std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> items;
  std::string item;
  bool inside = false;
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != 0) {
      if (c == '\n')
        throw BadItems{fmt::format("unmatched {} quote", quote == '\'' ? "single" : "double")};
      if (c == quote) {
        quote = 0;
      } else {
        item += c;
      }
    } else if (c == '\'' || c == '"') {
      quote = c;
      inside = true;
    } else if (c == '\\') {
      if (i + 1 >= text.size()) throw NotNative("xargs: a backslash at the end");
      item += text[++i];
      inside = true;
    } else if (c == ' ' || c == '\t' || c == '\n') {
      if (inside) items.push_back(item);
      item.clear();
      inside = false;
    } else {
      item += c;
      inside = true;
    }
  }
  if (quote != 0)
    throw BadItems{fmt::format("unmatched {} quote", quote == '\'' ? "single" : "double")};
  if (inside) items.push_back(item);
  return items;
}

/// The lines that hold anything but blanks, without the blanks they begin with.
std::vector<std::string> split_input_lines(const Invocation& invocation, std::string_view text) {
  if (text.find_first_of("'\"\\") != std::string_view::npos) {
    throw NotNative("xargs -I: quotes");
  }
  std::vector<std::string> items;
  for (const TextLine& line : split_lines(invocation, text)) {
    const std::size_t start = line.text.find_first_not_of(" \t");
    if (start != std::string_view::npos) items.emplace_back(line.text.substr(start));
  }
  return items;
}

std::vector<std::string> split_at_nul(std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\0'), text.size());
    items.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return items;
}

std::string replace_all(std::string text, const std::string& what, const std::string& with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) {
    text.replace(at, what.size(), with);
    if (text.size() > longest_line) throw NotNative("xargs: a call that long");
  }
  return text;
}

/// The calls that are to be made.
std::vector<std::vector<std::string>> calls_of(const ParsedOptions<std::string>& options,
                                               const std::vector<std::string>& command,
                                               const std::vector<std::string>& items) {
  std::vector<std::vector<std::string>> calls;
  if (const std::string* mark = options.value('I')) {
    if (mark->empty()) throw NotNative("xargs: option -I with nothing to replace");
    for (const std::string& item : items) {
      std::vector<std::string> call;
      for (const std::string& word : command) call.push_back(replace_all(word, *mark, item));
      calls.push_back(std::move(call));
    }
    return calls;
  }
  std::size_t most = items.size();
  if (const std::string* value = options.value('n')) {
    const auto number = parse_decimal(*value, 1'000'000);
    if (!number || *number == 0) throw NotNative("xargs: option -n " + *value);
    most = *number;
  }
  if (items.empty() && !options.has('r')) calls.push_back(command);
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i % most == 0) calls.push_back(command);
    calls.back().push_back(items[i]);
  }
  return calls;
}

}  // namespace

std::optional<std::string> unsupported_xargs(KnownArguments arguments) {
  std::optional<std::string> fault;
  const auto options = parse_known_options(arguments, rules, fault);
  if (fault) return fault;
  if (options.operands.empty() || !options.operands.front()) return std::nullopt;
  const Command* command = find_command(*options.operands.front());
  if (command == nullptr) return "command " + *options.operands.front();
  std::vector<std::optional<std::string>> call = options.operands;
  const auto* mark = options.value('I');
  for (auto& word : call) {
    if (mark != nullptr && *mark && word && word->find(**mark) != std::string::npos) word.reset();
  }
  // Of what the input adds nothing is known.
  if (mark == nullptr) call.emplace_back();
  return command->unsupported(call);
}

int run_xargs(const Invocation& invocation) {
  const auto options = parse_options(invocation, rules);
  if (options.has('I') && (options.has('n') || options.has('0'))) {
    throw NotNative("xargs: option -I with -n or -0");
  }
  std::vector<std::string> command = options.operands;
  if (command.empty()) command.emplace_back("echo");
  const std::string text = invocation.input.read_all();
  std::vector<std::string> items;
  try {
    if (options.has('0')) {
      items = split_at_nul(text);
    } else if (text.find('\0') != std::string::npos) {
      throw NotNative("xargs: text with a NUL in it");
    } else {
      items = options.has('I') ? split_input_lines(invocation, text) : split_words(text);
    }
  } catch (const BadItems& bad) {
    // What was complete before it may already have run.
    throw NotNative("xargs: " + bad.complaint);
  }
  invocation.budget.spend_steps(items.size());
  int status = 0;
  for (const std::vector<std::string>& call : calls_of(options, command, items)) {
    std::string shown;
    for (const std::string& word : call) shown += (shown.empty() ? "" : " ") + word;
    if (shown.size() > longest_line) throw NotNative("xargs: a call that long");
    invocation.budget.spend_steps();
    invocation.budget.spend_octets(shown.size());
    if (options.has('t')) invocation.error.write(shown + "\n");
    EmptyStream nothing;
    const int result = invocation.run(call, nothing);
    if (result == 255) {
      invocation.complain(fmt::format("{}: exited with status 255; aborting", call.front()));
      return 124;
    }
    if (result == 126 || result == 127) throw NotNative("xargs: a command that cannot be run");
    if (result != 0) status = 123;
  }
  return status;
}

}  // namespace tarn::builder
