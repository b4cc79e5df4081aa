#include "builder/import/dockerfile.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <utility>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "apk/support/error.h"

namespace tarn::builder {
namespace {

constexpr std::array<std::string_view, 18> keywords = {
    "ADD",    "ARG",   "CMD",         "COPY",  "ENTRYPOINT", "ENV",
    "EXPOSE", "FROM",  "HEALTHCHECK", "LABEL", "MAINTAINER", "ONBUILD",
    "RUN",    "SHELL", "STOPSIGNAL",  "USER",  "VOLUME",     "WORKDIR"};

constexpr std::string_view blanks = " \t\r";

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
}

std::string capitals(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return result;
}

/// Takes the first word off the front.
std::string_view take_word(std::string_view& text) {
  const std::size_t end = std::min(text.find_first_of(blanks), text.size());
  const std::string_view word = text.substr(0, end);
  text = trim(text.substr(end));
  return word;
}

/// The name of a here-document that begins at `at` ("<<EOF", "<<-'EOF'"), and whether tabs in front
/// of its lines are dropped.
std::optional<std::pair<std::string, bool>> document_at(std::string_view text, std::size_t at) {
  if (!text.substr(at).starts_with("<<") || text.substr(at).starts_with("<<<")) return std::nullopt;
  at += 2;
  const bool drops_tabs = at < text.size() && text[at] == '-';
  if (drops_tabs) ++at;
  const char quote = at < text.size() && (text[at] == '"' || text[at] == '\'') ? text[at] : '\0';
  if (quote != '\0') ++at;
  const std::size_t begin = at;
  while (at < text.size() &&
         (std::isalnum(static_cast<unsigned char>(text[at])) != 0 || text[at] == '_'))
    ++at;
  if (at == begin || (quote != '\0' && (at == text.size() || text[at] != quote)))
    return std::nullopt;
  return std::pair(std::string(text.substr(begin, at - begin)), drops_tabs);
}

class DockerfileParser {
 public:
  explicit DockerfileParser(std::string_view text) : rest_(text) { read_directives(); }

  std::vector<DockerInstruction> run() {
    std::vector<DockerInstruction> instructions;
    while (auto logical = next_logical_line()) instructions.push_back(parse(std::move(*logical)));
    return instructions;
  }

 private:
  struct LogicalLine {
    std::size_t number;
    std::string text;
    std::string broken;  ///< with its breaks
  };

  [[noreturn]] static void fail(std::size_t line, const std::string& why) {
    throw Error(ErrorKind::usage, fmt::format("line {}: {}", line, why));
  }

  std::optional<std::string_view> next_line() {
    if (rest_.empty()) return std::nullopt;
    ++number_;
    const std::size_t end = std::min(rest_.find('\n'), rest_.size());
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    return line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
  }

  /// "# escape=`" counts only above everything else.
  void read_directives() {
    std::string_view ahead = rest_;
    while (trim(ahead.substr(0, ahead.find('\n'))).starts_with('#')) {
      std::string_view line = trim(ahead.substr(0, ahead.find('\n')));
      line = trim(line.substr(1));
      const std::size_t equals = line.find('=');
      if (equals == std::string_view::npos) return;
      if (capitals(trim(line.substr(0, equals))) == "ESCAPE") {
        const std::string_view value = trim(line.substr(equals + 1));
        if (value != "\\" && value != "`") fail(1, "escape can be \\ or ` only");
        escape_ = value.front();
      }
      const std::size_t end = ahead.find('\n');
      if (end == std::string_view::npos) return;
      ahead.remove_prefix(end + 1);
    }
  }

  std::optional<LogicalLine> next_logical_line() {
    std::optional<LogicalLine> logical;
    while (const auto line = next_line()) {
      const std::string_view trimmed = trim(*line);
      // Comments and empty lines count for nothing, also between continued lines.
      if (trimmed.empty() || trimmed.front() == '#') {
        if (logical) logical->broken += "\\\n";
        continue;
      }
      if (!logical) logical = LogicalLine{number_, {}, {}};
      const bool goes_on = trimmed.back() == escape_;
      const std::string_view part = goes_on ? line->substr(0, line->find_last_of(escape_)) : *line;
      logical->text.append(part);
      logical->broken.append(part).append(goes_on ? "\\\n" : "");
      if (!goes_on) return logical;
    }
    return logical;
  }

  DockerInstruction parse(LogicalLine logical) {
    DockerInstruction instruction;
    instruction.line = logical.number;
    std::string_view rest = trim(logical.text);
    instruction.keyword = capitals(take_word(rest));
    if (std::ranges::find(keywords, instruction.keyword) == keywords.end())
      fail(logical.number, fmt::format("'{}' is no instruction of a Dockerfile",
                                       instruction.keyword.substr(0, 40)));
    while (rest.starts_with("--") && takes_flags(instruction.keyword))
      instruction.flags.emplace_back(take_word(rest));
    instruction.arguments = rest;
    instruction.script = without_words(logical.broken, 1 + instruction.flags.size());
    if (rest.empty()) fail(logical.number, instruction.keyword + " has no arguments");
    read_exec_form(instruction);
    if (instruction.keyword == "RUN" || instruction.keyword == "COPY" ||
        instruction.keyword == "ADD")
      read_documents(instruction);
    return instruction;
  }

  /// The text without its first words; line breaks among them stay.
  static std::string without_words(std::string_view text, std::size_t words) {
    std::string breaks;
    for (; words != 0; --words) {
      while (!text.empty() &&
             (blanks.find(text.front()) != std::string_view::npos || text.starts_with("\\\n"))) {
        const std::size_t size = text.front() == '\\' ? 2 : 1;
        if (size == 2) breaks += "\\\n";
        text.remove_prefix(size);
      }
      while (!text.empty() && blanks.find(text.front()) == std::string_view::npos &&
             !text.starts_with("\\\n"))
        text.remove_prefix(1);
    }
    return breaks.append(text);
  }

  static bool takes_flags(std::string_view keyword) {
    return keyword == "ADD" || keyword == "COPY" || keyword == "FROM" || keyword == "RUN" ||
           keyword == "HEALTHCHECK";
  }

  static void read_exec_form(DockerInstruction& instruction) {
    std::string_view text = instruction.arguments;
    if (instruction.keyword == "HEALTHCHECK" && capitals(text.substr(0, 3)) == "CMD")
      text = trim(text.substr(3));
    if (!text.starts_with('[')) return;
    const auto json = nlohmann::json::parse(text, nullptr, false);
    if (!json.is_array() ||
        !std::ranges::all_of(json, [](const auto& item) { return item.is_string(); }))
      return;  // then it is the shell's
    instruction.is_exec_form = true;
    for (const auto& item : json) instruction.words.push_back(item.get<std::string>());
  }

  void read_documents(DockerInstruction& instruction) {
    const std::string_view text = instruction.arguments;
    for (std::size_t at = text.find("<<"); at != std::string_view::npos;
         at = text.find("<<", at + 2)) {
      const auto found = document_at(text, at);
      if (!found) continue;
      const auto& [name, drops_tabs] = *found;
      DockerDocument document{name, {}};
      for (;;) {
        auto line = next_line();
        if (!line) fail(instruction.line, fmt::format("the here-document {} has no end", name));
        while (drops_tabs && line->starts_with('\t')) line->remove_prefix(1);
        if (*line == name) break;
        document.text.append(*line).push_back('\n');
      }
      instruction.documents.push_back(std::move(document));
    }
  }

  std::string_view rest_;
  std::size_t number_ = 0;
  char escape_ = '\\';
};

}  // namespace

std::string DockerInstruction::str() const {
  std::string text = keyword;
  for (const std::string& flag : flags) text.append(" ").append(flag);
  text += ' ';
  bool was_blank = false;
  for (const char c : arguments) {
    const bool is_blank = blanks.find(c) != std::string_view::npos;
    if (!is_blank || !was_blank) text += is_blank ? ' ' : c;
    was_blank = is_blank;
  }
  return text;
}

std::vector<DockerInstruction> parse_dockerfile(std::string_view text) {
  if (text.size() > largest_dockerfile)
    throw Error(ErrorKind::usage,
                fmt::format("a Dockerfile of {} octets is too large", text.size()));
  if (text.find('\0') != std::string_view::npos)
    throw Error(ErrorKind::usage, "this is no Dockerfile: it holds octets that are no text");
  return DockerfileParser(text).run();
}

}  // namespace tarn::builder
