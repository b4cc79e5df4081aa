#include "builder/registry/challenge.h"

#include <algorithm>

namespace tarn::builder {
namespace {

bool is_token_character(char c) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         marks.find(c) != std::string_view::npos;
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  std::vector<Challenge> read() {
    std::vector<Challenge> challenges;
    for (skip(", \t"); !rest_.empty(); skip(", \t")) {
      const std::string_view name = take_token();
      if (name.empty()) break;
      skip(" \t");
      if (!challenges.empty() && rest_.starts_with('=')) {
        rest_.remove_prefix(1);
        skip(" \t");
        challenges.back().parameters.emplace(lower_case(name), take_value());
      } else {
        challenges.push_back({lower_case(name), {}});
        take_token68();
      }
    }
    return challenges;
  }

 private:
  void skip(std::string_view characters) {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(characters), rest_.size()));
  }

  std::string_view take_token() {
    std::size_t size = 0;
    while (size < rest_.size() && is_token_character(rest_[size])) ++size;
    const auto token = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return token;
  }

  /// What some schemes have in place of parameters ("Negotiate YII="): passed over.
  void take_token68() {
    std::size_t size = 0;
    while (size < rest_.size() && (is_token_character(rest_[size]) || rest_[size] == '/')) ++size;
    std::size_t end = size;
    while (end < rest_.size() && rest_[end] == '=') ++end;
    const auto after = rest_.substr(end);
    const bool ends_here = after.find_first_not_of(" \t") == std::string_view::npos ||
                           after.substr(after.find_first_not_of(" \t")).starts_with(',');
    if (size > 0 && end > size && ends_here) rest_ = after;
  }

  std::string take_value() {
    if (!rest_.starts_with('"')) return std::string(take_token());
    std::string value;
    for (std::size_t i = 1; i < rest_.size(); ++i) {
      if (rest_[i] == '"') {
        rest_.remove_prefix(i + 1);
        return value;
      }
      if (rest_[i] == '\\' && i + 1 < rest_.size()) ++i;
      value += rest_[i];
    }
    rest_ = {};
    return {};
  }

  std::string_view rest_;
};

}  // namespace

std::string Challenge::parameter(const std::string& name) const {
  const auto found = parameters.find(name);
  return found == parameters.end() ? std::string() : found->second;
}

std::vector<Challenge> parse_challenges(std::string_view header) {
  return Reader(header).read();
}

}  // namespace tarn::builder
