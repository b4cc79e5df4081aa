#include "builder/sbom/license_expression.h"

#include <algorithm>
#include <cctype>
#include <functional>
#include <optional>
#include <vector>

#include <fmt/core.h>

#include "apk/model/dependency.h"
#include "builder/sbom/license_list.h"
#include "builder/sbom/text.h"

namespace tarn::builder {
namespace {

constexpr std::string_view reference_prefix = "LicenseRef-";
constexpr std::size_t longest_expression = 4096;
constexpr int deepest_parentheses = 32;

/// What a name in an expression becomes; nothing when it cannot be one.
using NameOf = std::function<std::optional<std::string>(std::string_view name)>;
/// What NAME "WITH" EXCEPTION becomes.
using ExceptionOf =
    std::function<std::optional<std::string>(std::string_view name, std::string_view exception)>;

std::vector<std::string_view> tokens_of(std::string_view text) {
  std::vector<std::string_view> tokens;
  for (std::string_view word : apk::split_words(text)) {
    while (!word.empty()) {
      const std::size_t end = word.find_first_of("()");
      const std::size_t size = end == 0 ? 1 : std::min(end, word.size());
      tokens.push_back(word.substr(0, size));
      word.remove_prefix(size);
    }
  }
  return tokens;
}

bool is_word(std::string_view token, std::string_view upper) {
  return std::ranges::equal(token, upper, {},
                            [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
}

bool is_operator(std::string_view token) {
  return is_word(token, "AND") || is_word(token, "OR") || is_word(token, "WITH");
}

/// Reads an expression by its grammar: OR binds least, then AND, then WITH.
class LicenseParser {
 public:
  LicenseParser(std::vector<std::string_view> tokens, NameOf name_of, ExceptionOf exception_of)
      : tokens_(std::move(tokens)),
        name_of_(std::move(name_of)),
        exception_of_(std::move(exception_of)) {}

  std::optional<std::string> parse() {
    auto text = parse_list("OR", 0);
    return at_ == tokens_.size() ? text : std::nullopt;
  }

 private:
  bool is_at(std::string_view upper) const {
    return at_ < tokens_.size() && is_word(tokens_[at_], upper);
  }

  std::optional<std::string> parse_list(std::string_view between, int depth) {
    const auto parse_part = [&] {
      return between == "OR" ? parse_list("AND", depth) : parse_operand(depth);
    };
    auto text = parse_part();
    while (text && is_at(between)) {
      ++at_;
      const auto next = parse_part();
      if (!next) return std::nullopt;
      *text += fmt::format(" {} {}", between, *next);
    }
    return text;
  }

  std::optional<std::string> parse_operand(int depth) {
    if (at_ == tokens_.size()) return std::nullopt;
    const std::string_view token = tokens_[at_++];
    if (token == "(") {
      if (depth == deepest_parentheses) return std::nullopt;
      const auto inner = parse_list("OR", depth + 1);
      if (!inner || !is_at(")")) return std::nullopt;
      ++at_;
      return "(" + *inner + ")";
    }
    if (token == ")" || is_operator(token)) return std::nullopt;
    if (!is_at("WITH")) return name_of_(token);
    ++at_;
    if (at_ == tokens_.size() || tokens_[at_] == "(" || tokens_[at_] == ")" ||
        is_operator(tokens_[at_]))
      return std::nullopt;
    return exception_of_(token, tokens_[at_++]);
  }

  std::vector<std::string_view> tokens_;
  NameOf name_of_;
  ExceptionOf exception_of_;
  std::size_t at_ = 0;
};

/// A name of the list, or one with '+' ("or any later version"); empty for another.
std::string listed_license(std::string_view name) {
  const bool or_later = name.ends_with('+');
  const std::string_view found = license_named(or_later ? name.substr(0, name.size() - 1) : name);
  return found.empty() ? std::string() : std::string(found) + (or_later ? "+" : "");
}

bool is_reference(std::string_view name) {
  return name.starts_with(reference_prefix) && name.size() > reference_prefix.size() &&
         plain_text(name) == name;
}

std::string joined_with(std::string_view name, std::string_view exception) {
  return fmt::format("{} WITH {}", name, exception);
}

std::optional<std::string> listed_with(std::string_view name, std::string_view exception) {
  const std::string license = listed_license(name);
  const std::string_view known = license_exception_named(exception);
  if (license.empty() || known.empty()) return std::nullopt;
  return joined_with(license, known);
}

}  // namespace

std::string LicenseReferences::reference(std::string_view name, std::string_view text) {
  const auto known = by_text_.find(std::string(text));
  if (known != by_text_.end()) return known->second;
  if (name.starts_with(reference_prefix)) name.remove_prefix(reference_prefix.size());
  const std::string base = std::string(reference_prefix) + plain_text(name.substr(0, 100));
  std::string reference = base;
  for (int number = 2; texts_.contains(reference); ++number)
    reference = fmt::format("{}-{}", base, number);
  texts_.emplace(reference, text);
  by_text_.emplace(text, reference);
  return reference;
}

std::string license_expression(std::string_view text, LicenseReferences& references) {
  const auto tokens = tokens_of(text.substr(0, longest_expression));
  if (tokens.empty()) return no_assertion;
  // Whatever is no expression must not leave references behind.
  LicenseReferences tried = references;
  const auto name_of = [&](std::string_view name) -> std::optional<std::string> {
    const std::string listed = listed_license(name);
    return listed.empty() ? tried.reference(name, name) : listed;
  };
  const auto exception_of = [&](std::string_view name,
                                std::string_view exception) -> std::optional<std::string> {
    if (auto listed = listed_with(name, exception)) return listed;
    const std::string both = joined_with(name, exception);
    return tried.reference(both, both);
  };
  const bool is_list = std::ranges::all_of(
      tokens, [](std::string_view token) { return !listed_license(token).empty(); });
  if (is_list) {
    std::string all;
    for (const std::string_view token : tokens)
      all += (all.empty() ? "" : " AND ") + listed_license(token);
    return all;
  }
  if (text.size() <= longest_expression) {
    if (auto parsed = LicenseParser(tokens, name_of, exception_of).parse()) {
      references = std::move(tried);
      return *parsed;
    }
  }
  return references.reference(text, text);
}

std::string foreign_license_expression(std::string_view text,
                                       const std::map<std::string, std::string>& known,
                                       LicenseReferences& references) {
  if (text.size() > longest_expression || text == no_assertion || text == "NONE")
    return no_assertion;
  LicenseReferences tried = references;
  const auto name_of = [&](std::string_view name) -> std::optional<std::string> {
    const std::string listed = listed_license(name);
    if (!listed.empty()) return listed;
    const auto found = known.find(std::string(name));
    if (!is_reference(name) || found == known.end()) return std::nullopt;
    return tried.reference(name, found->second);
  };
  const auto parsed = LicenseParser(tokens_of(text), name_of, listed_with).parse();
  if (!parsed) return no_assertion;
  references = std::move(tried);
  return *parsed;
}

}  // namespace tarn::builder
