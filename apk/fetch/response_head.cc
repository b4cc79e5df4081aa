#include "apk/fetch/response_head.h"

#include <algorithm>
#include <charconv>

namespace tarn::apk {
namespace {

/// Longer validators are not kept: then the whole is fetched again, which is correct as well.
constexpr std::size_t max_validator_size = 1024;

std::string_view trimmed(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

char lower_case(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_same_name(std::string_view left, std::string_view right) {
  return std::ranges::equal(left, right, {}, lower_case, lower_case);
}

template <typename Number>
std::optional<Number> number(std::string_view text) {
  Number value{};
  const auto end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  if (text.empty() || text.front() == '-' || parsed.ec != std::errc() || parsed.ptr != end)
    return std::nullopt;
  return value;
}

/// A value that can be sent back to the server as it is.
std::string validator(std::string_view value) {
  const bool printable = std::ranges::all_of(value, [](char c) {
    const auto octet = static_cast<unsigned char>(c);
    return octet >= ' ' && octet != 0x7f;
  });
  return printable && value.size() <= max_validator_size ? std::string(value) : std::string();
}

}  // namespace

std::optional<ContentRange> ContentRange::parse(std::string_view text) {
  constexpr std::string_view unit = "bytes ";
  const auto dash = text.find('-');
  const auto slash = text.find('/');
  if (!text.starts_with(unit) || slash == std::string_view::npos || dash > slash)
    return std::nullopt;
  const auto first = number<std::uint64_t>(text.substr(unit.size(), dash - unit.size()));
  const auto last = number<std::uint64_t>(text.substr(dash + 1, slash - dash - 1));
  const auto total = number<std::uint64_t>(text.substr(slash + 1));
  if (!first || !last || *first > *last) return std::nullopt;
  if (!total && text.substr(slash + 1) != "*") return std::nullopt;
  if (total && *last >= *total) return std::nullopt;
  return ContentRange{.first = *first, .last = *last, .total = total};
}

void ResponseHead::add_line(std::string_view line) {
  line = trimmed(line);
  if (line.starts_with("HTTP/")) {
    *this = {};
    const auto space = std::min(line.find(' '), line.size());
    status_ = number<long>(trimmed(line.substr(space)).substr(0, 3)).value_or(0);
    return;
  }
  if (line.empty()) ended_ = true;
  const auto colon = line.find(':');
  if (ended_ || colon == std::string_view::npos) return;
  const auto name = line.substr(0, colon);
  const auto value = trimmed(line.substr(colon + 1));
  if (is_same_name(name, "etag")) etag_ = validator(value);
  if (is_same_name(name, "last-modified")) last_modified_ = validator(value);
  if (is_same_name(name, "content-length")) content_length_ = number<std::uint64_t>(value);
  if (is_same_name(name, "content-range")) content_range_ = ContentRange::parse(value);
}

bool is_strong_etag(std::string_view etag) {
  return etag.size() >= 2 && etag.front() == '"' && etag.back() == '"';
}

}  // namespace tarn::apk
