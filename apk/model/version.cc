#include "apk/model/version.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace tarn::apk {
namespace {

/// What a token is. The numeric value is its rank: where two versions go on differently, the one
/// with the higher rank is less.
enum class TokenKind {
  first_number,
  number,
  letter,
  suffix,
  suffix_number,
  hash,
  revision,
  end,
  invalid,
};

/// Suffixes in their order; those before `first_post_release` make a version less than without.
constexpr std::array<std::string_view, 9> suffixes = {"alpha", "beta", "pre", "rc", "cvs",
                                                      "svn",   "git",  "hg",  "p"};
constexpr std::size_t first_post_release = 4;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_letter(char c) {
  return c >= 'a' && c <= 'z';
}

bool is_hash_digit(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f');
}

/// Cuts a version into tokens, one at a time.
class Tokens {
 public:
  explicit Tokens(std::string_view version) : rest_(version) { start(); }

  TokenKind kind() const { return kind_; }
  std::string_view text() const { return text_; }
  std::size_t suffix() const { return suffix_; }
  bool at_pre_release() const { return kind_ == TokenKind::suffix && suffix_ < first_post_release; }
  bool at_end() const { return kind_ >= TokenKind::end; }

  void advance() {
    if (rest_.empty()) {
      kind_ = TokenKind::end;
      return;
    }
    const char c = rest_.front();
    if (kind_ == TokenKind::suffix && is_digit(c)) {
      take_run(TokenKind::suffix_number, is_digit);
    } else if (is_letter(c) && kind_ <= TokenKind::number) {
      kind_ = TokenKind::letter;
      take(1);
    } else if (c == '.' && kind_ <= TokenKind::number) {
      rest_.remove_prefix(1);
      take_run(TokenKind::number, is_digit);
    } else if (c == '_' && kind_ <= TokenKind::suffix_number) {
      rest_.remove_prefix(1);
      take_suffix();
    } else if (c == '~' && kind_ <= TokenKind::suffix_number) {
      rest_.remove_prefix(1);
      take_run(TokenKind::hash, is_hash_digit);
    } else if (rest_.starts_with("-r") && kind_ <= TokenKind::hash) {
      rest_.remove_prefix(2);
      take_run(TokenKind::revision, is_digit);
    } else {
      kind_ = TokenKind::invalid;
    }
  }

 private:
  void start() { take_run(TokenKind::first_number, is_digit); }

  void take(std::size_t length) {
    text_ = rest_.substr(0, length);
    rest_.remove_prefix(length);
  }

  template <typename Accepts>
  void take_run(TokenKind kind, Accepts accepts) {
    std::size_t length = 0;
    while (length < rest_.size() && accepts(rest_[length])) ++length;
    kind_ = length == 0 ? TokenKind::invalid : kind;
    take(length);
  }

  void take_suffix() {
    take_run(TokenKind::suffix, is_letter);
    const auto* const found = std::find(suffixes.begin(), suffixes.end(), text_);
    if (found == suffixes.end()) kind_ = TokenKind::invalid;
    suffix_ = static_cast<std::size_t>(found - suffixes.begin());
  }

  std::string_view rest_;
  std::string_view text_;
  TokenKind kind_ = TokenKind::invalid;
  std::size_t suffix_ = 0;
};

/// Order of two runs of digits as numbers of any size.
std::strong_ordering compare_numbers(std::string_view left, std::string_view right) {
  left.remove_prefix(std::min(left.find_first_not_of('0'), left.size()));
  right.remove_prefix(std::min(right.find_first_not_of('0'), right.size()));
  if (left.size() != right.size()) return left.size() <=> right.size();
  return left <=> right;
}

/// Order of two tokens of one kind.
std::strong_ordering compare_tokens(const Tokens& left, const Tokens& right) {
  switch (left.kind()) {
    case TokenKind::number:
      // ".05" is a fraction's digits rather than a number.
      if (left.text().front() == '0' || right.text().front() == '0')
        return left.text() <=> right.text();
      return compare_numbers(left.text(), right.text());
    case TokenKind::first_number:
    case TokenKind::suffix_number:
    case TokenKind::revision:
      return compare_numbers(left.text(), right.text());
    case TokenKind::suffix:
      return left.suffix() <=> right.suffix();
    default:
      return left.text() <=> right.text();
  }
}

enum class Precision { exact, fuzzy };

std::strong_ordering compare(std::string_view left_text, std::string_view right_text,
                             Precision precision) {
  Tokens left(left_text);
  Tokens right(right_text);
  while (left.kind() == right.kind() && !left.at_end()) {
    const auto order = compare_tokens(left, right);
    if (order != std::strong_ordering::equal) return order;
    left.advance();
    right.advance();
  }
  if (left.kind() == right.kind()) return std::strong_ordering::equal;
  if (precision == Precision::fuzzy && right.kind() == TokenKind::end)
    return std::strong_ordering::equal;
  if (left.at_pre_release()) return std::strong_ordering::less;
  if (right.at_pre_release()) return std::strong_ordering::greater;
  return right.kind() <=> left.kind();
}

}  // namespace

bool is_valid_version(std::string_view version) {
  Tokens tokens(version);
  while (!tokens.at_end()) tokens.advance();
  return tokens.kind() == TokenKind::end;
}

std::strong_ordering compare_versions(std::string_view left, std::string_view right) {
  return compare(left, right, Precision::exact);
}

std::strong_ordering compare_versions_fuzzy(std::string_view left, std::string_view right) {
  return compare(left, right, Precision::fuzzy);
}

}  // namespace tarn::apk
