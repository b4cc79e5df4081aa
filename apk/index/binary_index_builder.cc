// The tables of a binary index, made from the text of APKINDEX.

#include <bit>
#include <limits>
#include <utility>

#include <fmt/core.h>

#include "apk/index/binary_index.h"
#include "apk/index/name_table.h"
#include "apk/index/package_text.h"
#include "apk/support/error.h"
#include "apk/support/hash.h"

namespace tarn::apk {

class BinaryIndexBuilder {
 public:
  explicit BinaryIndexBuilder(std::string text) : tables_(std::make_shared<Tables>()) {
    if (text.size() > std::numeric_limits<std::uint32_t>::max())
      throw Error(ErrorKind::failed,
                  fmt::format("an index of {} octets is too large", text.size()));
    tables_->text = std::move(text);
    // Real indexes have about 550 octets, 4 offers and 4 needs a package.
    const std::size_t expected = tables_->text.size() / 512;
    tables_->packages.reserve(expected);
    tables_->offers.reserve(expected * 4);
    tables_->needs.reserve(expected * 5);
    tables_->words.reserve(tables_->text.size() / 4);
    names_.reserve(expected * 4);
  }

  BinaryIndex build() {
    PackageTextReader reader(tables_->text);
    while (const PackageText* package = reader.next()) add(*package);
    number_needs();
    for (const std::string& warning : reader.warnings())
      tables_->warnings.append(warning).push_back('\n');
    for (NameId id = 0; id < names_.size(); ++id)
      tables_->names.push_back({keep(names_.text(id)), names_.hash(id), 0, 0});
    link_providers();
    link_triggered();
    tables_->name_slots =
        place(tables_->names.size(), [&](std::uint32_t i) { return tables_->names[i].hash; });
    tables_->identity_slots = place(tables_->packages.size(), [&](std::uint32_t i) {
      // Nobody looks for an identity of zeros, which packages that are made up may share.
      const Identity& identity = tables_->packages[i].identity;
      return identity == Identity{} ? i : BinaryIndex::hash_of(identity);
    });
    BinaryIndex index = finish();
    link_equals(index);
    return index;
  }

  std::vector<IndexPackage>& packages() { return tables_->packages; }

 private:
  struct Tables {
    std::string text;
    std::string words;
    std::string warnings;
    std::vector<IndexPackage> packages;
    std::vector<IndexName> names;
    std::vector<IndexOffer> offers;
    std::vector<IndexNeed> needs;
    std::vector<IndexProvider> providers;
    std::vector<std::uint32_t> triggered;
    std::vector<IndexSlot> name_slots;
    std::vector<IndexSlot> identity_slots;
  };

  /// Adds a word to those of the index.
  TextRange keep(std::string_view word) {
    const auto offset = static_cast<std::uint32_t>(tables_->words.size());
    tables_->words += word;
    return {offset, static_cast<std::uint32_t>(word.size())};
  }

  /// Packages of one index have one architecture, or two.
  TextRange keep_arch(std::string_view arch) {
    if (arch != last_arch_) {
      last_arch_ = arch;
      last_arch_range_ = keep(arch);
    }
    return last_arch_range_;
  }

  void add(const PackageText& package) {
    IndexPackage record;
    record.identity = package.identity;
    record.block = {static_cast<std::uint32_t>(package.block.data() - tables_->text.data()),
                    static_cast<std::uint32_t>(package.block.size())};
    record.block_crc = crc32(as_bytes(package.block));
    record.version = keep(package.version);
    record.arch = keep_arch(package.arch);
    record.provider_priority = package.provider_priority;
    record.uninstallable = package.uninstallable ? 1 : 0;
    record.empty = package.installed_size == 0 ? 1 : 0;
    record.first_offer = count(tables_->offers);
    tables_->offers.push_back({names_.add(package.name), record.version});
    for (const ProvideView& provide : package.provides)
      tables_->offers.push_back({names_.add(provide.name), keep(provide.version)});
    record.first_need = count(tables_->needs);
    for (const DependencyView& need : package.depends) add_need(need);
    record.first_condition = count(tables_->needs);
    for (const DependencyView& need : package.install_if) add_need(need);
    tables_->packages.push_back(record);
  }

  void add_need(const DependencyView& need) {
    tables_->needs.push_back({0, keep(need.version), static_cast<std::uint8_t>(need.match),
                              static_cast<std::uint8_t>(need.conflict ? 1 : 0), 0});
    needed_.push_back(need.name);
  }

  /// Last, so that names which packages have or provide come first.
  void number_needs() {
    for (std::size_t i = 0; i < needed_.size(); ++i)
      tables_->needs[i].name = names_.add(needed_[i]);
  }

  std::size_t end_of_offers(std::size_t package) const {
    return package + 1 < tables_->packages.size() ? tables_->packages[package + 1].first_offer
                                                  : tables_->offers.size();
  }

  std::size_t end_of_conditions(std::size_t package) const {
    return package + 1 < tables_->packages.size() ? tables_->packages[package + 1].first_need
                                                  : tables_->needs.size();
  }

  /// Turns the counts in a member of names into the places where each name's share begins, and
  /// gives these and their sum.
  std::pair<std::vector<std::uint32_t>, std::uint32_t> accumulate(
      std::uint32_t IndexName::*member) {
    std::vector<std::uint32_t> places;
    places.reserve(tables_->names.size());
    std::uint32_t sum = 0;
    for (IndexName& name : tables_->names) {
      places.push_back(sum);
      sum += std::exchange(name.*member, sum);
    }
    return {std::move(places), sum};
  }

  void link_providers() {
    for (const IndexOffer& offer : tables_->offers) ++tables_->names[offer.name].first_provider;
    auto [places, sum] = accumulate(&IndexName::first_provider);
    tables_->providers.resize(sum);
    for (std::uint32_t package = 0; package < tables_->packages.size(); ++package) {
      for (std::size_t i = tables_->packages[package].first_offer; i < end_of_offers(package);
           ++i) {
        const IndexOffer& offer = tables_->offers[i];
        tables_->providers[places[offer.name]++] = {package, offer.version};
      }
    }
  }

  void link_triggered() {
    const auto for_each_condition = [&](const auto& use) {
      for (std::uint32_t package = 0; package < tables_->packages.size(); ++package) {
        for (std::size_t i = tables_->packages[package].first_condition;
             i < end_of_conditions(package); ++i) {
          use(package, tables_->needs[i].name);
        }
      }
    };
    for_each_condition(
        [&](std::uint32_t, std::uint32_t name) { ++tables_->names[name].first_triggered; });
    auto [places_of_names, sum] = accumulate(&IndexName::first_triggered);
    std::vector<std::uint32_t>& places = places_of_names;  // clang 14 captures no bindings
    tables_->triggered.resize(sum);
    for_each_condition([&](std::uint32_t package, std::uint32_t name) {
      tables_->triggered[places[name]++] = package;
    });
  }

  void link_equals(const BinaryIndex& index) {
    for (std::uint32_t i = 0; i < tables_->packages.size(); ++i) {
      IndexPackage& package = tables_->packages[i];
      package.first_equal =
          package.identity == Identity{} ? i : index.find(package.identity).value_or(i);
    }
  }

  /// A hash table of the numbers below `count`.
  template <typename HashOf>
  static std::vector<IndexSlot> place(std::size_t count, const HashOf& hash_of) {
    std::vector<IndexSlot> slots(std::bit_ceil(count * 2 + 1));
    const std::size_t mask = slots.size() - 1;
    for (std::uint32_t number = 0; number < count; ++number) {
      const std::uint32_t hash = hash_of(number);
      std::size_t at = hash & mask;
      while (slots[at].number != 0) at = (at + 1) & mask;
      slots[at] = {number + 1, hash};
    }
    return slots;
  }

  template <typename Record>
  static std::uint32_t count(const std::vector<Record>& records) {
    // Each record stands for at least one octet of the text, which has its bound.
    return static_cast<std::uint32_t>(records.size());
  }

  BinaryIndex finish() {
    BinaryIndex index;
    index.packages_ = tables_->packages;
    index.names_ = tables_->names;
    index.offers_ = tables_->offers;
    index.needs_ = tables_->needs;
    index.providers_ = tables_->providers;
    index.triggered_ = tables_->triggered;
    index.name_slots_ = tables_->name_slots;
    index.identity_slots_ = tables_->identity_slots;
    index.words_ = tables_->words;
    index.warnings_ = tables_->warnings;
    index.text_ = tables_->text;
    index.owner_ = tables_;
    return index;
  }

  std::shared_ptr<Tables> tables_;
  NameTable names_;
  std::vector<std::string_view> needed_;  ///< names of the needs, in their order
  std::string_view last_arch_;
  TextRange last_arch_range_;
};

BinaryIndex BinaryIndex::from_text(std::string text) {
  return BinaryIndexBuilder(std::move(text)).build();
}

BinaryIndex BinaryIndex::from_packages(const std::vector<Package>& packages) {
  std::string text;
  for (const Package& package : packages) append_package_text(text, package);
  BinaryIndexBuilder builder(std::move(text));
  BinaryIndex index = builder.build();
  // A broken dependency made a package uninstallable, and may not be among its dependencies.
  for (std::size_t i = 0; i < packages.size(); ++i) {
    if (packages[i].uninstallable) builder.packages()[i].uninstallable = 1;
  }
  return index;
}

}  // namespace tarn::apk
