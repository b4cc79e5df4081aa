#include "apk/fetch/store_entry.h"

#include <algorithm>
#include <charconv>

#include <fmt/core.h>

#include "apk/support/error.h"

namespace tarn::apk {
namespace {

constexpr std::string_view first_line = "tarn-entry 1";
constexpr std::size_t max_facts_size = 16U << 10U;

std::string escape(std::string_view value) {
  std::string text;
  for (const char c : value) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet > 0x20 && octet < 0x7f && c != '%')
      text += c;
    else
      text += fmt::format("%{:02x}", octet);
  }
  return text;
}

std::optional<std::string> unescape(std::string_view text) {
  std::string value;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      value += text[i];
      continue;
    }
    const auto octet = from_hex(text.substr(i + 1, 2));
    if (!octet || octet->size() != 1) return std::nullopt;
    value += static_cast<char>(octet->front());
    i += 2;
  }
  return value;
}

/// Takes "KEYWORD rest\n" off the front of `text` and gives the rest; nothing if it is not there.
std::optional<std::string_view> take_line(std::string_view& text, std::string_view keyword) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos || !text.starts_with(keyword)) return std::nullopt;
  std::string_view line = text.substr(keyword.size(), end - keyword.size());
  if (!line.starts_with(' ')) return std::nullopt;
  text.remove_prefix(end + 1);
  return line.substr(1);
}

bool take_fact(std::string_view line, StoreEntry& entry) {
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos) return false;
  auto value = unescape(line.substr(space + 1));
  if (!value) return false;
  return entry.facts.emplace(line.substr(0, space), *std::move(value)).second;
}

}  // namespace

bool is_store_name(std::string_view text) {
  return !text.empty() && text.size() <= 200 && text.front() != '.' &&
         std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '.' || c == '_' ||
                  c == '-';
         });
}

std::string format_store_entry(const StoreEntry& entry) {
  std::string text =
      fmt::format("{}\nblob {}\nsize {}\n", first_line, to_hex(entry.blob), entry.size);
  std::size_t facts_size = 0;
  for (const auto& [name, value] : entry.facts) {
    facts_size += name.size() + value.size();
    if (!is_store_name(name) || facts_size > max_facts_size)
      throw Error(ErrorKind::failed, fmt::format("the fact '{}' cannot be kept in the cache", name))
          .detail("octets", std::to_string(facts_size));
    text += fmt::format("fact {} {}\n", name, escape(value));
  }
  return text + fmt::format("sum {}\n", to_hex(sha256(text)));
}

std::optional<StoreEntry> parse_store_entry(std::string_view text) {
  const std::string_view whole = text;
  StoreEntry entry;
  if (take_line(text, "tarn-entry") != "1") return std::nullopt;
  const auto blob = digest_from_hex<32>(take_line(text, "blob").value_or(""));
  if (!blob) return std::nullopt;
  entry.blob = *blob;
  const std::string_view size = take_line(text, "size").value_or("");
  const auto parsed = std::from_chars(size.data(), size.data() + size.size(), entry.size);
  if (parsed.ec != std::errc() || parsed.ptr != size.data() + size.size()) return std::nullopt;
  while (const auto fact = take_line(text, "fact"))
    if (!take_fact(*fact, entry)) return std::nullopt;
  try {
    // The one exact form: so nothing follows the sum, and no octet is other than it was written.
    if (format_store_entry(entry) != whole) return std::nullopt;
  } catch (const Error&) {
    return std::nullopt;
  }
  return entry;
}

}  // namespace tarn::apk
