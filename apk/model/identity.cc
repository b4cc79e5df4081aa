#include "apk/model/identity.h"

#include <algorithm>

namespace tarn::apk {
namespace {

constexpr std::size_t sha1_size = 20;
constexpr std::size_t sha256_size = 32;

std::optional<Identity> from_octets(const std::optional<Bytes>& octets, std::size_t expected) {
  if (!octets || octets->size() != expected) return std::nullopt;
  Identity identity;
  std::transform(octets->begin(), octets->begin() + sha1_size, identity.digest.octets.begin(),
                 [](std::byte octet) { return std::to_integer<std::uint8_t>(octet); });
  return identity;
}

}  // namespace

std::optional<Identity> Identity::parse(std::string_view text) {
  if (text.size() < 2) return std::nullopt;
  const auto kind = text.substr(0, 2);
  const auto value = text.substr(2);
  // Writers of a while said Q1 for SHA-256, too; the length tells.
  if (kind == "Q1")
    return from_octets(from_base64(value), value.size() == 44 ? sha256_size : sha1_size);
  if (kind == "X1") return from_octets(from_hex(value), sha1_size);
  if (kind == "Q2") return from_octets(from_base64(value), sha256_size);
  if (kind == "X2") return from_octets(from_hex(value), sha256_size);
  return std::nullopt;
}

std::string Identity::str() const {
  return "Q1" + to_base64(std::as_bytes(std::span(digest.octets)));
}

}  // namespace tarn::apk
