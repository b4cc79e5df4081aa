#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace tarn::apk {

/// A name of a package or of something provided, as a number. Numbers run from 0 in the order in
/// which names were first seen.
using NameId = std::uint32_t;

/// apk's hash of a name (Murmur3 with its own seed): its table of names has an order by it.
std::uint32_t name_hash(std::string_view name);

/// Gives every name a number. Keeps views: the texts must outlive the table.
class NameTable {
 public:
  /// Makes room for `count` names, so that adding them does not move the table.
  void reserve(std::size_t count);
  /// The number of `name`, a new one if it was not seen before.
  NameId add(std::string_view name) { return add(name, name_hash(name)); }
  /// As above, for a name whose hash is known.
  NameId add(std::string_view name, std::uint32_t hash);
  std::optional<NameId> find(std::string_view name) const;

  std::string_view text(NameId name) const { return texts_[name]; }
  std::uint32_t hash(NameId name) const { return hashes_[name]; }
  std::size_t size() const { return texts_.size(); }

 private:
  /// Its hash stands beside a number, so that most wrong places are told without the text.
  struct Slot {
    std::uint32_t number = 0;  ///< + 1; 0: free
    std::uint32_t hash = 0;
  };

  std::size_t slot_of(std::string_view name, std::uint32_t hash) const;
  void grow(std::size_t slot_count);

  std::vector<std::string_view> texts_;
  std::vector<std::uint32_t> hashes_;
  std::vector<Slot> slots_;  ///< a power of two in length
};

}  // namespace tarn::apk
