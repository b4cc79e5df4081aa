#include "apk/solver/name_table.h"

#include <bit>
#include <functional>
#include <utility>

namespace tarn::apk {
namespace {

constexpr std::size_t kSmallestTable = 1024;

std::uint32_t hash_of(std::string_view name) {
  const std::size_t hash = std::hash<std::string_view>{}(name);
  return static_cast<std::uint32_t>(hash ^ (hash >> 32U));
}

}  // namespace

void NameTable::reserve(std::size_t count) {
  texts_.reserve(count);
  const std::size_t wanted = std::bit_ceil(count * 2);
  if (wanted > slots_.size()) grow(wanted);
}

NameId NameTable::add(std::string_view name) {
  if ((texts_.size() + 1) * 2 > slots_.size()) {
    grow(slots_.empty() ? kSmallestTable : slots_.size() * 2);
  }
  const std::uint32_t hash = hash_of(name);
  Slot& slot = slots_[slot_of(name, hash)];
  if (slot.number == 0) {
    texts_.push_back(name);
    slot = {static_cast<std::uint32_t>(texts_.size()), hash};
  }
  return slot.number - 1;
}

std::optional<NameId> NameTable::find(std::string_view name) const {
  if (slots_.empty()) return std::nullopt;
  const Slot& slot = slots_[slot_of(name, hash_of(name))];
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
