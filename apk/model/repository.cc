#include "apk/model/repository.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "apk/support/error.h"

namespace tarn::apk {
namespace {

using Words = std::span<const std::string_view>;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_variable_name(std::string_view name) {
  return !name.empty() && is_letter(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '_'; });
}

Error wrong_line(const std::string& what) {
  return {ErrorKind::usage, "repository line: " + what};
}

std::string quoted(std::string_view text) {
  return "'" + redact_urls(text) + "'";
}

bool looks_like_index_file(std::string_view url) {
  return url.ends_with(".adb") || url.ends_with(".tar.gz");
}

/// Whether a word can only be a URL, an absolute path or a path that begins with "./" or "../".
bool is_surely_place(std::string_view word) {
  return word.find("://") != std::string_view::npos || word.starts_with('/') ||
         word.starts_with("./") || word.starts_with("../");
}

std::string_view without_trailing_slashes(std::string_view text) {
  while (text.size() > 1 && text.ends_with('/')) text.remove_suffix(1);
  return text;
}

std::optional<RepositoryFormat> format_of_keyword(std::string_view word) {
  if (word == "v2") return RepositoryFormat::v2;
  if (word == "v3") return RepositoryFormat::v3;
  if (word == "ndx") return RepositoryFormat::index;
  return std::nullopt;
}

void apply_set(Words words, Variables& variables) {
  const bool is_default = !words.empty() && words.front() == "-default";
  if (is_default) words = words.subspan(1);
  if (words.size() != 1)
    throw wrong_line("'set' takes one key=value").hint("write: set [-default] key=value");
  const auto equals = words.front().find('=');
  if (equals == std::string_view::npos)
    throw wrong_line("'set' without a value: " + quoted(words.front()))
        .hint("write: set [-default] key=value");
  const auto name = words.front().substr(0, equals);
  if (!is_variable_name(name))
    throw wrong_line("not a variable name: " + quoted(name))
        .hint("a name is a letter followed by letters, digits and '_'");
  if (name.starts_with("APK_"))
    throw wrong_line("variables that begin with APK_ are predefined: " + quoted(name));
  auto value = expand_variables(words.front().substr(equals + 1), variables);
  if (is_default)
    variables.try_emplace(std::string(name), std::move(value));
  else
    variables.insert_or_assign(std::string(name), std::move(value));
}

Url parse_place(std::string_view word, const Variables& variables) {
  const std::string text = expand_variables(word, variables);
  const auto url = Url::parse(without_trailing_slashes(text));
  if (!url)
    throw wrong_line("not a URL or path: " + quoted(text))
        .hint("known are http://, https://, file:/ and paths");
  return *url;
}

}  // namespace

Url Repository::index_url(std::string_view arch) const {
  switch (format) {
    case RepositoryFormat::v2:
      return url / arch / "APKINDEX.tar.gz";
    case RepositoryFormat::v3:
      return url / arch / "Packages.adb";
    case RepositoryFormat::index:
      break;
  }
  return url;
}

Url Repository::package_url(const Package& package) const {
  const auto folder = format == RepositoryFormat::index ? url.folder() : url / package.arch;
  return folder / package_file_name(package);
}

std::string Repository::label() const {
  const std::string& path = url.path();
  const auto last = path.rfind('/');
  if (last == std::string::npos || last == 0) return url.str();
  const auto before = path.rfind('/', last - 1);
  const auto begin = before == std::string::npos ? 0 : before + 1;
  if (begin == last) return url.str();
  return path.substr(begin);
}

std::string Repository::line() const {
  const std::string place = url.without_credentials().str();
  std::string text;
  if (format == RepositoryFormat::v3) text = "v3 ";
  if (format == RepositoryFormat::index && !looks_like_index_file(place)) text = "ndx ";
  if (format == RepositoryFormat::v2 && looks_like_index_file(place)) text = "v2 ";
  if (!tag.empty()) text += "@" + tag + " ";
  return text + place;
}

std::vector<Repository> parse_repository_line(std::string_view line, Variables& variables) {
  const auto all = split_words(line);
  Words words = all;
  if (words.empty() || words.front().starts_with('#')) return {};
  if (words.front() == "set") {
    apply_set(words.subspan(1), variables);
    return {};
  }
  auto format = format_of_keyword(words.front());
  if (format)
    words = words.subspan(1);
  else if (words.size() > 1 && !words.front().starts_with('@') && !is_surely_place(words.front()) &&
           !words.front().starts_with('$') &&
           (is_surely_place(words[1]) || words[1].starts_with('@')))
    throw wrong_line("unknown keyword " + quoted(words.front()))
        .hint("known are v2, v3, ndx and set");

  Repository repository;
  if (!words.empty() && words.front().starts_with('@')) {
    repository.tag = words.front().substr(1);
    if (!is_valid_package_name(repository.tag))
      throw wrong_line("not a tag: " + quoted(words.front()));
    words = words.subspan(1);
  }
  if (words.empty()) throw wrong_line("no URL").hint("write: [v2|v3|ndx] [@tag] URL [component …]");
  repository.url = parse_place(words.front(), variables);
  repository.format =
      format.value_or(looks_like_index_file(repository.url.path()) ? RepositoryFormat::index
                                                                   : RepositoryFormat::v2);
  words = words.subspan(1);
  if (words.empty()) return {std::move(repository)};
  if (repository.format == RepositoryFormat::index)
    throw wrong_line("an index file has no components: " + quoted(words.front()));

  std::vector<Repository> repositories;
  for (const auto word : words) {
    const std::string component = expand_variables(word, variables);
    if (component.empty() || component.find("://") != std::string::npos ||
        component.starts_with('/') || component.starts_with('@'))
      throw wrong_line("not a component: " + quoted(component))
          .hint("components follow the URL: URL main community");
    repositories.push_back(repository);
    repositories.back().url = repository.url / without_trailing_slashes(component);
  }
  return repositories;
}

std::string expand_variables(std::string_view text, const Variables& variables) {
  std::string expanded;
  for (;;) {
    const auto begin = text.find("${");
    if (begin == std::string_view::npos) return expanded.append(text);
    const auto end = text.find('}', begin);
    if (end == std::string_view::npos)
      throw Error(ErrorKind::usage, "variable without '}' in " + quoted(text));
    const auto name = text.substr(begin + 2, end - begin - 2);
    if (!is_variable_name(name))
      throw Error(ErrorKind::usage, "not a variable name: " + quoted(name));
    const auto value = variables.find(name);
    if (value == variables.end())
      throw Error(ErrorKind::usage, "undefined variable " + quoted(name))
          .hint("give it a value with a set line, the recipe's vars, or --var");
    expanded.append(text.substr(0, begin)).append(value->second);
    text.remove_prefix(end + 1);
  }
}

}  // namespace tarn::apk
