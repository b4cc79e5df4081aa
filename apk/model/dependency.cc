#include "apk/model/dependency.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "apk/model/version.h"

namespace tarn::apk {
namespace {

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

enum CharacterUse : std::uint8_t { in_package_name = 1, in_dependency_name = 2, in_operator = 4 };

constexpr std::array<std::uint8_t, 256> make_character_uses() {
  std::array<std::uint8_t, 256> uses{};
  const auto add = [&uses](std::string_view characters, unsigned use) {
    for (const char c : characters) {
      auto& known = uses[static_cast<unsigned char>(c)];
      known = static_cast<std::uint8_t>(known | use);
    }
  };
  add("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+._-",
      in_package_name | in_dependency_name);
  add(",:/[]", in_dependency_name);
  add("<>=~", in_operator);
  return uses;
}

/// Indexes hold some megabytes of names: a table is several times faster than a search.
constexpr std::array<std::uint8_t, 256> character_uses = make_character_uses();

bool is_used(char c, CharacterUse use) {
  return (character_uses[static_cast<unsigned char>(c)] & use) != 0;
}

bool consists_of(std::string_view text, CharacterUse use) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [use](char c) { return is_used(c, use); });
}

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// A dependency's text cut before and after its operator.
struct Cut {
  std::string_view name;
  std::string_view operation;
  std::string_view version;
};

Cut cut_at_operator(std::string_view text) {
  std::size_t begin = 0;
  while (begin < text.size() && !is_used(text[begin], in_operator)) ++begin;
  std::size_t end = begin;
  while (end < text.size() && is_used(text[end], in_operator)) ++end;
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

std::optional<DependencyView> DependencyView::parse(std::string_view text) {
  DependencyView dependency;
  if (text.starts_with('!')) {
    dependency.conflict = true;
    text.remove_prefix(1);
  }
  auto [name, operation, version] = cut_at_operator(text);
  if (const auto at = name.find('@'); at != std::string_view::npos) {
    dependency.tag = name.substr(at + 1);
    if (!consists_of(dependency.tag, in_package_name)) return std::nullopt;
    name = name.substr(0, at);
  }
  if (!consists_of(name, in_dependency_name)) return std::nullopt;
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

Dependency Dependency::from(const DependencyView& view) {
  return {std::string(view.name), view.match, std::string(view.version), view.conflict,
          std::string(view.tag),  view.broken};
}

std::optional<Dependency> Dependency::parse(std::string_view text) {
  const auto view = DependencyView::parse(text);
  if (!view) return std::nullopt;
  return from(*view);
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

std::optional<ProvideView> ProvideView::parse(std::string_view text) {
  const auto [name, operation, version] = cut_at_operator(text);
  if (!consists_of(name, in_dependency_name)) return std::nullopt;
  if (operation.empty()) return ProvideView{name, {}};
  if (operation != "=" || version.empty()) return std::nullopt;
  return ProvideView{name, version};
}

std::optional<Provide> Provide::parse(std::string_view text) {
  const auto view = ProvideView::parse(text);
  if (!view) return std::nullopt;
  return from(*view);
}

std::string Provide::str() const {
  return version.empty() ? name : name + "=" + version;
}

std::string_view take_word(std::string_view& list) {
  const auto is_separator = [](char c) { return c == ' ' || c == '\t' || c == '\n'; };
  std::size_t begin = 0;
  while (begin < list.size() && is_separator(list[begin])) ++begin;
  std::size_t end = begin;
  while (end < list.size() && !is_separator(list[end])) ++end;
  const auto word = list.substr(begin, end - begin);
  list.remove_prefix(end);
  return word;
}

std::vector<std::string_view> split_words(std::string_view list) {
  std::vector<std::string_view> words;
  for (auto word = take_word(list); !word.empty(); word = take_word(list)) words.push_back(word);
  return words;
}

bool is_valid_package_name(std::string_view name) {
  return consists_of(name, in_package_name) &&
         (is_alphanumeric(name.front()) || name.front() == '.');
}

}  // namespace tarn::apk
