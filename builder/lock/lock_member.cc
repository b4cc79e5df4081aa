#include "builder/lock/lock_member.h"

#include <fmt/core.h>

#include "apk/support/url.h"

namespace tarn::builder {
namespace {

constexpr std::size_t longest_line = 1U << 20U;

/// Some of a foreign text, to quote it.
std::string beginning_of(const std::string& text) {
  constexpr std::size_t enough = 60;
  return redact_urls(text.size() <= enough ? text : text.substr(0, enough) + "…");
}

}  // namespace

Error LockMember::wrong(const std::string& what) const {
  return Error(ErrorKind::failed,
               fmt::format("{}: {}{}", *file_, path_.empty() ? "" : path_ + ": ", what))
      .hint("make it anew with 'tarn lock'");
}

bool LockMember::has(const std::string& key) const {
  return json_->is_object() && json_->contains(key);
}

LockMember LockMember::at(const std::string& key) const {
  if (!json_->is_object()) throw wrong("an object is expected");
  const auto found = json_->find(key);
  if (found == json_->end()) throw wrong("the member '" + key + "' is missing");
  return {*found, *file_, path_.empty() ? key : path_ + "." + key};
}

void LockMember::check_keys(const std::function<bool(const std::string&)>& known) const {
  if (!json_->is_object()) throw wrong("an object is expected");
  for (const auto& [key, value] : json_->items())
    if (!known(key)) throw wrong("the member '" + beginning_of(key) + "' is not known");
}

void LockMember::for_each(const std::function<void(const std::string&, const LockMember&)>& use,
                          std::size_t most) const {
  if (!json_->is_object()) throw wrong("an object is expected");
  if (json_->size() > most) throw wrong(fmt::format("it has more than {} members", most));
  for (const auto& [key, value] : json_->items())
    use(key, {value, *file_, path_ + "." + beginning_of(key)});
}

void LockMember::for_each_element(const std::function<void(const LockMember&)>& use,
                                  std::size_t most) const {
  if (!json_->is_array()) throw wrong("a list is expected");
  if (json_->size() > most) throw wrong(fmt::format("it has more than {} elements", most));
  for (std::size_t i = 0; i < json_->size(); ++i)
    use({(*json_)[i], *file_, fmt::format("{}[{}]", path_, i)});
}

std::string LockMember::line() const {
  auto value = text();
  if (value.find('\n') != std::string::npos || value.find('\0') != std::string::npos)
    throw wrong("it has several lines");
  if (value.size() > longest_line) throw wrong("it is too long");
  return value;
}

std::string LockMember::text() const {
  if (!json_->is_string()) throw wrong("a text is expected");
  return json_->get<std::string>();
}

std::uint64_t LockMember::number() const {
  if (!json_->is_number_unsigned()) throw wrong("a number from 0 on is expected");
  return json_->get<std::uint64_t>();
}

std::size_t LockMember::number_below(std::size_t end, const std::string& of_what) const {
  const std::uint64_t value = number();
  if (value >= end) throw wrong(fmt::format("there is no {} {}", of_what, value));
  return static_cast<std::size_t>(value);
}

Sha256Digest LockMember::digest() const {
  constexpr std::string_view prefix = "sha256:";
  const std::string value = line();
  if (value.starts_with(prefix))
    if (const auto digest = digest_from_hex<32>(value.substr(prefix.size()))) return *digest;
  throw wrong("'" + beginning_of(value) + "' is no SHA-256 digest");
}

}  // namespace tarn::builder
