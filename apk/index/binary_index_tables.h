#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "apk/index/binary_index.h"

namespace tarn::apk {

/// The tables of a binary index while they are made. Whoever makes one fills packages, their lines,
/// offers, needs, spellings, words, warnings and texts; the others follow from these.
struct BinaryIndexTables {
  std::size_t source_count = 1;
  std::vector<IndexPackage> packages;
  std::vector<IndexLines> lines;
  std::vector<IndexSpelling> spellings;
  std::vector<IndexOffer> offers;
  std::vector<IndexNeed> needs;
  std::string words;
  std::string warnings;
  std::vector<SharedText> texts;

  std::vector<IndexName> names;
  std::vector<IndexProvider> providers;
  std::vector<std::uint32_t> triggered;
  std::vector<IndexSlot> name_slots;

  /// Makes what follows from the rest. Throws Error (failed) when the install_if of its packages
  /// have more to do with each other than memory should hold.
  void link();

  /// The index of what is there.
  static BinaryIndex view(std::shared_ptr<BinaryIndexTables> tables);

 private:
  void link_equals();
  void link_providers();
  void link_triggered();
  void place_names();
  bool is_first(std::size_t package) const { return packages[package].first_equal == package; }
  std::size_t end_of_offers(std::size_t package) const;
  std::size_t end_of_conditions(std::size_t package) const;
  std::pair<std::vector<std::uint32_t>, std::uint32_t> accumulate(std::uint32_t IndexName::*member);
};

}  // namespace tarn::apk
