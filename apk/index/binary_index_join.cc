// One binary index of several.

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/core.h>

#include "apk/index/binary_index_tables.h"
#include "apk/index/name_table.h"
#include "apk/support/error.h"

namespace tarn::apk {

class BinaryIndexJoin {
 public:
  /// `continues` says of each part whether its sources are those of the part before.
  BinaryIndexJoin(const std::vector<const BinaryIndex*>& parts, const std::vector<bool>& continues)
      : parts_(parts), continues_(continues), tables_(std::make_shared<BinaryIndexTables>()) {}

  BinaryIndex join() {
    lay_out();
    // Names that are only needed come after all that packages have or provide, whichever part
    // needs them.
    for (std::size_t i = 0; i < parts_.size(); ++i) number_names(i, Named::provided);
    for (std::size_t i = 0; i < parts_.size(); ++i) number_names(i, Named::needed);
    for (std::size_t i = 0; i < parts_.size(); ++i) append(i);
    tables_->link();
    return BinaryIndexTables::view(std::move(tables_));
  }

 private:
  enum class Named { provided, needed };

  /// Where a part's records lie in the whole.
  struct Place {
    std::vector<std::uint32_t> names;  ///< by the part's number
    std::size_t provided_names = 0;    ///< so many come first in the part
    std::uint32_t offers = 0;
    std::uint32_t needs = 0;
    std::uint32_t words = 0;
    std::uint32_t text = 0;
    std::size_t source = 0;

    TextRange word(TextRange range) const { return {range.offset + words, range.size}; }
  };

  static std::uint32_t number(std::size_t size) {
    if (size > std::numeric_limits<std::uint32_t>::max())
      throw Error(ErrorKind::failed, "the indexes are too large to be used together");
    return static_cast<std::uint32_t>(size);
  }

  void lay_out() {
    std::size_t packages = 0;
    std::size_t names = 0;
    std::size_t offers = 0;
    std::size_t needs = 0;
    std::size_t words = 0;
    std::size_t text = 0;
    std::size_t sources = 0;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      const BinaryIndex* part = parts_[i];
      Place place;
      place.offers = number(offers);
      place.needs = number(needs);
      place.words = number(words);
      place.text = number(text);
      if (i != 0 && continues_[i]) sources = places_.back().source;
      place.source = sources;
      for (const IndexOffer& offer : part->offers_)
        place.provided_names = std::max(place.provided_names, std::size_t{offer.name} + 1);
      place.names.resize(part->spellings_.size());
      places_.push_back(std::move(place));
      packages += part->packages_.size();
      names += part->spellings_.size();
      offers += part->offers_.size();
      needs += part->needs_.size();
      words += part->words_.size();
      text += part->text_size();
      sources += part->source_count_;
    }
    for (const std::size_t size : {packages, names, offers, needs, words, text}) number(size);
    if (sources > BinaryIndex::kMostSources)
      throw Error(ErrorKind::usage, fmt::format("{} indexes: at most {} can be used together",
                                                sources, BinaryIndex::kMostSources));
    tables_->source_count = sources;
    tables_->packages.reserve(packages);
    tables_->lines.reserve(packages);
    tables_->offers.reserve(offers);
    tables_->needs.reserve(needs);
    tables_->words.reserve(words);
    tables_->spellings.reserve(names);
    names_.reserve(names);
  }

  void number_names(std::size_t part_number, Named named) {
    const BinaryIndex& part = *parts_[part_number];
    Place& place = places_[part_number];
    const std::size_t begin = named == Named::provided ? 0 : place.provided_names;
    const std::size_t end = named == Named::provided ? place.provided_names : place.names.size();
    for (std::size_t name = begin; name < end; ++name) {
      const std::uint32_t hash = part.name_hash(name);
      place.names[name] = names_.add(part.name_text(name), hash);
      if (place.names[name] == tables_->spellings.size())
        tables_->spellings.push_back({place.word(part.spellings_[name].text), hash});
    }
  }

  void append(std::size_t part_number) {
    const BinaryIndex& part = *parts_[part_number];
    const Place& place = places_[part_number];
    for (std::size_t i = 0; i < part.package_count(); ++i) {
      IndexPackage package = part.packages_[i];
      package.first_offer += place.offers;
      package.first_need += place.needs;
      package.first_condition += place.needs;
      const std::uint64_t sources = part.sources(i) << place.source;
      package.sources = {static_cast<std::uint32_t>(sources),
                         static_cast<std::uint32_t>(sources >> 32U)};
      package.version = place.word(package.version);
      package.arch = place.word(package.arch);
      tables_->packages.push_back(package);
      IndexLines lines = part.lines_[i];
      lines.block.offset += place.text;
      tables_->lines.push_back(lines);
    }
    for (const IndexOffer& offer : part.offers_)
      tables_->offers.push_back({place.names[offer.name], place.word(offer.version)});
    for (IndexNeed need : part.needs_) {
      need.name = place.names[need.name];
      need.version = place.word(need.version);
      tables_->needs.push_back(need);
    }
    tables_->words += part.words_;
    tables_->warnings += part.warnings_;
    tables_->texts.insert(tables_->texts.end(), part.texts_.begin(), part.texts_.end());
  }

  const std::vector<const BinaryIndex*>& parts_;
  const std::vector<bool>& continues_;
  std::vector<Place> places_;
  NameTable names_;
  std::shared_ptr<BinaryIndexTables> tables_;
};

BinaryIndex BinaryIndex::join(const std::vector<const BinaryIndex*>& parts) {
  return BinaryIndexJoin(parts, std::vector<bool>(parts.size())).join();
}

BinaryIndex BinaryIndex::join_parts(const std::vector<Part>& parts) {
  std::vector<BinaryIndex> views;
  views.reserve(parts.size());
  for (const Part& part : parts) views.push_back(BinaryIndexTables::view(part.tables_));
  std::vector<const BinaryIndex*> pointers;
  for (const BinaryIndex& view : views) pointers.push_back(&view);
  std::vector<bool> continues;
  for (const Part& part : parts) continues.push_back(part.continues_);
  return BinaryIndexJoin(pointers, continues).join();
}

}  // namespace tarn::apk
