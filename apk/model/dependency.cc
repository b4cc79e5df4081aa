#include "apk/model/dependency.h"

#include <algorithm>
#include <array>
#include <utility>

#include "apk/model/version.h"

namespace tarn::apk {
namespace {

constexpr std::string_view operator_characters = "<>=~";

/// Each operator's spellings, the one to write first.
constexpr std::array<std::pair<std::string_view, VersionMatch>, 11> operators = {{
    {"=", VersionMatch::equal},
    {"<", VersionMatch::less},
    {"<=", VersionMatch::less_or_equal},
    {">", VersionMatch::greater},
    {">=", VersionMatch::greater_or_equal},
    {"><", VersionMatch::identity},
    {"~", VersionMatch::fuzzy},
    {"=~", VersionMatch::fuzzy},
    {"~=", VersionMatch::fuzzy},
    {"<~", VersionMatch::less_or_fuzzy},
    {">~", VersionMatch::greater_or_fuzzy},
}};

std::optional<VersionMatch> find_operator(std::string_view text) {
  for (const auto& [spelling, value] : operators)
    if (spelling == text) return value;
  return std::nullopt;
}

std::string_view operator_text(VersionMatch match) {
  for (const auto& [text, value] : operators)
    if (value == match) return text;
  return "";
}

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_package_name_character(char c) {
  return is_alphanumeric(c) || std::string_view("+._-").find(c) != std::string_view::npos;
}

bool is_dependency_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return is_package_name_character(c) || std::string_view(",:/[]").find(c) != std::string::npos;
  });
}

bool is_tag(std::string_view tag) {
  return !tag.empty() && std::all_of(tag.begin(), tag.end(), is_package_name_character);
}

/// A dependency's text cut before and after its operator.
struct Cut {
  std::string_view name;
  std::string_view operation;
  std::string_view version;
};

Cut cut_at_operator(std::string_view text) {
  const auto begin = std::min(text.find_first_of(operator_characters), text.size());
  const auto end = std::min(text.find_first_not_of(operator_characters, begin), text.size());
  return {text.substr(0, begin), text.substr(begin, end - begin), text.substr(end)};
}

/// The numbers of VersionMatch are sets of these.
constexpr unsigned equal_bit = 1;
constexpr unsigned less_bit = 2;
constexpr unsigned greater_bit = 4;
constexpr unsigned fuzzy_bit = 8;

bool accepts_version(VersionMatch match, std::string_view wanted, std::string_view provided) {
  const auto bits = static_cast<unsigned>(match);
  const auto order = (bits & fuzzy_bit) != 0 ? compare_versions_fuzzy(provided, wanted)
                                             : compare_versions(provided, wanted);
  if (order == std::strong_ordering::less) return (bits & less_bit) != 0;
  if (order == std::strong_ordering::greater) return (bits & greater_bit) != 0;
  return (bits & equal_bit) != 0;
}

}  // namespace

bool accepts(VersionMatch match, std::string_view wanted, std::string_view provided,
             const Identity& identity) {
  if (match == VersionMatch::any) return true;
  if (match == VersionMatch::identity) return Identity::parse(wanted) == identity;
  return provided.empty() || wanted.empty() || accepts_version(match, wanted, provided);
}

std::optional<Dependency> Dependency::parse(std::string_view text) {
  Dependency dependency;
  if (text.starts_with('!')) {
    dependency.conflict = true;
    text.remove_prefix(1);
  }
  auto [name, operation, version] = cut_at_operator(text);
  if (const auto at = name.find('@'); at != std::string_view::npos) {
    dependency.tag = name.substr(at + 1);
    if (!is_tag(dependency.tag)) return std::nullopt;
    name = name.substr(0, at);
  }
  if (!is_dependency_name(name)) return std::nullopt;
  dependency.name = name;
  if (operation.empty()) return dependency;
  const auto known = find_operator(operation);
  if (!known) return std::nullopt;
  dependency.match = *known;
  dependency.version = version;
  dependency.broken = dependency.match == VersionMatch::identity
                          ? !Identity::parse(version).has_value()
                          : !is_valid_version(version);
  return dependency;
}

std::string Dependency::str() const {
  std::string text = conflict ? "!" : "";
  text += name;
  if (!tag.empty()) text += "@" + tag;
  if (match != VersionMatch::any) text.append(operator_text(match)).append(version);
  return text;
}

bool Dependency::is_satisfied_by(std::string_view provided, const Identity& identity) const {
  return accepts(match, version, provided, identity) != conflict;
}

std::optional<Provide> Provide::parse(std::string_view text) {
  const auto [name, operation, version] = cut_at_operator(text);
  if (!is_dependency_name(name)) return std::nullopt;
  if (operation.empty()) return Provide{std::string(name), {}};
  if (operation != "=" || version.empty()) return std::nullopt;
  return Provide{std::string(name), std::string(version)};
}

std::string Provide::str() const {
  return version.empty() ? name : name + "=" + version;
}

std::vector<std::string_view> split_words(std::string_view list) {
  static constexpr std::string_view separators = " \t\n";
  std::vector<std::string_view> words;
  std::size_t begin = list.find_first_not_of(separators);
  while (begin != std::string_view::npos) {
    const auto end = std::min(list.find_first_of(separators, begin), list.size());
    words.push_back(list.substr(begin, end - begin));
    begin = list.find_first_not_of(separators, end);
  }
  return words;
}

bool is_valid_package_name(std::string_view name) {
  return !name.empty() && (is_alphanumeric(name.front()) || name.front() == '.') &&
         std::all_of(name.begin(), name.end(), is_package_name_character);
}

}  // namespace tarn::apk
