#include "apk/index/name_table.h"

#include <bit>
#include <utility>

namespace tarn::apk {
namespace {

constexpr std::size_t kSmallestTable = 1024;

}  // namespace

std::uint32_t name_hash(std::string_view name) {
  const auto octet = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(name[i]));
  };
  const auto scramble = [](std::uint32_t block) {
    return std::rotl(block * 0xcc9e2d51U, 15) * 0x1b873593U;
  };
  std::uint32_t hash = 5381;
  std::size_t i = 0;
  for (; i + 4 <= name.size(); i += 4) {
    hash ^= scramble(octet(i) | octet(i + 1) << 8U | octet(i + 2) << 16U | octet(i + 3) << 24U);
    hash = std::rotl(hash, 13) * 5 + 0xe6546b64U;
  }
  std::uint32_t rest = 0;
  for (std::size_t last = name.size(); last > i; --last) rest = rest << 8U | octet(last - 1);
  hash ^= scramble(rest) ^ static_cast<std::uint32_t>(name.size());
  hash = (hash ^ hash >> 16U) * 0x85ebca6bU;
  hash = (hash ^ hash >> 13U) * 0xc2b2ae35U;
  return hash ^ hash >> 16U;
}

void NameTable::reserve(std::size_t count) {
  texts_.reserve(count);
  hashes_.reserve(count);
  const std::size_t wanted = std::bit_ceil(count * 2);
  if (wanted > slots_.size()) grow(wanted);
}

NameId NameTable::add(std::string_view name, std::uint32_t hash) {
  if ((texts_.size() + 1) * 2 > slots_.size()) {
    grow(slots_.empty() ? kSmallestTable : slots_.size() * 2);
  }
  Slot& slot = slots_[slot_of(name, hash)];
  if (slot.number == 0) {
    texts_.push_back(name);
    hashes_.push_back(hash);
    slot = {static_cast<std::uint32_t>(texts_.size()), hash};
  }
  return slot.number - 1;
}

std::optional<NameId> NameTable::find(std::string_view name) const {
  if (slots_.empty()) return std::nullopt;
  const Slot& slot = slots_[slot_of(name, name_hash(name))];
  if (slot.number == 0) return std::nullopt;
  return slot.number - 1;
}

/// Where `name` is, or the free slot where it belongs.
std::size_t NameTable::slot_of(std::string_view name, std::uint32_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t place = hash & mask;
  while (slots_[place].number != 0) {
    if (slots_[place].hash == hash && texts_[slots_[place].number - 1] == name) break;
    place = (place + 1) & mask;
  }
  return place;
}

void NameTable::grow(std::size_t slot_count) {
  const std::vector<Slot> before = std::exchange(slots_, std::vector<Slot>(slot_count));
  const std::size_t mask = slot_count - 1;
  for (const Slot& slot : before) {
    if (slot.number == 0) continue;
    std::size_t place = slot.hash & mask;
    while (slots_[place].number != 0) place = (place + 1) & mask;
    slots_[place] = slot;
  }
}

}  // namespace tarn::apk
