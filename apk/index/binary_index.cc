#include "apk/index/binary_index.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <type_traits>

#include <fmt/core.h>

#include "apk/index/package_text.h"
#include "apk/support/error.h"
#include "apk/support/hash.h"

namespace tarn::apk {
namespace {

struct Header {
  std::array<char, 8> magic = {'t', 'a', 'r', 'n', 'i', 'd', 'x', '\n'};
  std::uint32_t version = 2;
  std::uint32_t byte_order = 0x01020304;
  std::uint32_t crc = 0;  ///< of what lies between header and text
  std::uint32_t source_count = 0;
  std::uint32_t package_count = 0;
  std::uint32_t name_count = 0;
  std::uint32_t offer_count = 0;
  std::uint32_t need_count = 0;
  std::uint32_t provider_count = 0;
  std::uint32_t triggered_count = 0;
  std::uint32_t name_slot_count = 0;
  std::uint32_t words_size = 0;
  std::uint32_t warnings_size = 0;
  std::uint32_t text_size = 0;
};

/// What is written as it lies in memory: plain values without gaps.
template <typename Record>
constexpr bool is_storable = std::is_trivially_copyable_v<Record> && alignof(Record) <= 4;
static_assert(is_storable<IndexPackage> && sizeof(IndexPackage) == 48);
static_assert(is_storable<IndexLines> && sizeof(IndexLines) == 32);
static_assert(is_storable<IndexName> && sizeof(IndexName) == 12);
static_assert(is_storable<IndexSpelling> && sizeof(IndexSpelling) == 12);
static_assert(is_storable<IndexSlot> && sizeof(IndexSlot) == 8);
static_assert(is_storable<IndexOffer> && sizeof(IndexOffer) == 12);
static_assert(is_storable<IndexProvider> && sizeof(IndexProvider) == 12);
static_assert(is_storable<IndexNeed> && sizeof(IndexNeed) == 16);
static_assert(is_storable<Header> && sizeof(Header) == 64);

Error damaged(const std::string& why) {
  return {ErrorKind::failed, "this is no sound binary index: " + why};
}

/// Cuts a file into its sections.
class Sections {
 public:
  explicit Sections(ByteView file) : rest_(file) {}

  template <typename Record>
  std::span<const Record> take(std::size_t count) {
    const std::size_t size = count * sizeof(Record);
    if (count > rest_.size() || size > rest_.size()) throw damaged("it is cut short");
    const auto* first = reinterpret_cast<const Record*>(rest_.data());
    rest_ = rest_.subspan(size);
    return {first, count};
  }

  ByteView rest() const { return rest_; }

 private:
  ByteView rest_;
};

bool is_match(std::uint8_t value) {
  return (value >= 1 && value <= 7) || value == 9 || value == 11 || value == 13;
}

}  // namespace

BinaryIndex BinaryIndex::view(ByteView file, Checksum check) {
  Header header;
  if (file.size() < sizeof header) throw damaged("it is cut short");
  std::memcpy(&header, file.data(), sizeof header);
  const Header known;
  if (header.magic != known.magic || header.version != known.version ||
      header.byte_order != known.byte_order)
    throw damaged("it is of another format or version");
  Sections sections(file.subspan(sizeof header));
  if (header.text_size > sections.rest().size()) throw damaged("it is cut short");
  const ByteView checked = sections.rest().first(sections.rest().size() - header.text_size);
  if (check == Checksum::verified && crc32(checked) != header.crc)
    throw damaged("its checksum is wrong");
  BinaryIndex index;
  index.source_count_ = header.source_count;
  index.packages_ = sections.take<IndexPackage>(header.package_count);
  index.lines_ = sections.take<IndexLines>(header.package_count);
  index.names_ = sections.take<IndexName>(header.name_count);
  index.spellings_ = sections.take<IndexSpelling>(header.name_count);
  index.offers_ = sections.take<IndexOffer>(header.offer_count);
  index.needs_ = sections.take<IndexNeed>(header.need_count);
  index.providers_ = sections.take<IndexProvider>(header.provider_count);
  index.triggered_ = sections.take<std::uint32_t>(header.triggered_count);
  index.name_slots_ = sections.take<IndexSlot>(header.name_slot_count);
  index.words_ = as_text(std::as_bytes(sections.take<char>(header.words_size)));
  index.warnings_ = as_text(std::as_bytes(sections.take<char>(header.warnings_size)));
  index.texts_ = {{as_text(std::as_bytes(sections.take<char>(header.text_size))), nullptr}};
  if (!sections.rest().empty()) throw damaged("something follows its text");
  index.check_packages();
  index.check_names();
  return index;
}

BinaryIndex BinaryIndex::open(const MappedFile& file) {
  BinaryIndex index = view(file.bytes(), Checksum::verified);
  index.owner_ = std::make_shared<const MappedFile>(file);
  index.texts_.front().owner = index.owner_;
  return index;
}

void BinaryIndex::check_packages() const {
  bool is_sound = source_count_ <= kMostSources;
  for (const IndexOffer& offer : offers_)
    is_sound &= offer.name < names_.size() && is_word(offer.version);
  for (const IndexNeed& need : needs_)
    is_sound &= need.name < names_.size() && is_word(need.version) && is_match(need.match);
  std::size_t next_offer = offers_.size();
  std::size_t next_need = needs_.size();
  for (std::size_t i = packages_.size(); i-- > 0;) {
    const IndexPackage& package = packages_[i];
    is_sound &= package.first_equal <= i && is_word(package.version) && is_word(package.arch);
    is_sound &= sources(i) != 0 && std::bit_width(sources(i)) <= source_count_;
    is_sound &= package.first_offer < next_offer;
    is_sound &=
        package.first_need <= package.first_condition && package.first_condition <= next_need;
    next_offer = package.first_offer;
    next_need = package.first_need;
  }
  const std::size_t size = text_size();
  for (const IndexLines& lines : lines_)
    is_sound &= lines.block.offset <= size && lines.block.size <= size - lines.block.offset;
  if (!is_sound) throw damaged("a number in it leads nowhere");
}

void BinaryIndex::check_names() const {
  bool is_sound = std::has_single_bit(name_slots_.size());
  for (const IndexSlot& slot : name_slots_) is_sound &= slot.number <= names_.size();
  for (const IndexSpelling& spelling : spellings_) is_sound &= is_word(spelling.text);
  std::size_t next_provider = providers_.size();
  std::size_t next_triggered = triggered_.size();
  for (std::size_t i = names_.size(); i-- > 0;) {
    const IndexName& name = names_[i];
    is_sound &= name.first_provider <= next_provider && name.first_triggered <= next_triggered;
    next_provider = name.first_provider;
    next_triggered = name.first_triggered;
  }
  for (const IndexProvider& provider : providers_)
    is_sound &= provider.package < packages_.size() && is_word(provider.version);
  for (const std::uint32_t name : triggered_) is_sound &= name < names_.size();
  if (!is_sound) throw damaged("a name in it leads nowhere");
}

BinaryIndex::File BinaryIndex::file() const {
  File file;
  file.sections = {std::as_bytes(packages_),  std::as_bytes(lines_),     std::as_bytes(names_),
                   std::as_bytes(spellings_), std::as_bytes(offers_),    std::as_bytes(needs_),
                   std::as_bytes(providers_), std::as_bytes(triggered_), std::as_bytes(name_slots_),
                   tarn::as_bytes(words_),    tarn::as_bytes(warnings_)};
  Header header;
  for (const ByteView section : file.sections) header.crc = crc32(section, header.crc);
  for (const SharedText& text : texts_) file.sections.push_back(tarn::as_bytes(text.lines));
  header.source_count = static_cast<std::uint32_t>(source_count_);
  header.package_count = static_cast<std::uint32_t>(packages_.size());
  header.name_count = static_cast<std::uint32_t>(names_.size());
  header.offer_count = static_cast<std::uint32_t>(offers_.size());
  header.need_count = static_cast<std::uint32_t>(needs_.size());
  header.provider_count = static_cast<std::uint32_t>(providers_.size());
  header.triggered_count = static_cast<std::uint32_t>(triggered_.size());
  header.name_slot_count = static_cast<std::uint32_t>(name_slots_.size());
  header.words_size = static_cast<std::uint32_t>(words_.size());
  header.warnings_size = static_cast<std::uint32_t>(warnings_.size());
  header.text_size = static_cast<std::uint32_t>(text_size());
  const ByteView bytes = std::as_bytes(std::span(&header, 1));
  file.header.assign(bytes.begin(), bytes.end());
  return file;
}

std::span<const IndexOffer> BinaryIndex::offers(std::size_t i) const {
  const std::size_t end = i + 1 < packages_.size() ? packages_[i + 1].first_offer : offers_.size();
  return offers_.subspan(packages_[i].first_offer, end - packages_[i].first_offer);
}

std::span<const IndexNeed> BinaryIndex::depends(std::size_t i) const {
  const IndexPackage& package = packages_[i];
  return needs_.subspan(package.first_need, package.first_condition - package.first_need);
}

std::span<const IndexNeed> BinaryIndex::install_if(std::size_t i) const {
  const std::size_t end = i + 1 < packages_.size() ? packages_[i + 1].first_need : needs_.size();
  return needs_.subspan(packages_[i].first_condition, end - packages_[i].first_condition);
}

/// A table without slots is that of an index never made.
std::optional<std::uint32_t> BinaryIndex::find(std::string_view name, std::uint32_t hash) const {
  const std::size_t mask = name_slots_.size() - 1;
  for (std::size_t tried = 0; tried < name_slots_.size(); ++tried) {
    const IndexSlot& slot = name_slots_[(hash + tried) & mask];
    if (slot.number == 0) break;
    if (slot.hash == hash && name_text(slot.number - 1) == name) return slot.number - 1;
  }
  return std::nullopt;
}

std::size_t BinaryIndex::text_size() const {
  std::size_t size = 0;
  for (const SharedText& text : texts_) size += text.lines.size();
  return size;
}

std::string_view BinaryIndex::block(std::size_t i) const {
  const auto [offset, size] = lines_[i].block;
  std::string_view lines;
  std::size_t before = 0;
  for (const SharedText& text : texts_) {
    if (offset - before < text.lines.size()) {
      lines = text.lines.substr(offset - before, size);
      break;
    }
    before += text.lines.size();
  }
  if (lines.size() != size || crc32(tarn::as_bytes(lines)) != lines_[i].crc)
    throw damaged(
        fmt::format("the lines of {}-{} are not those it was made from", name(i), version(i)))
        .hint("'tarn cache clear' removes it; it is made anew");
  return lines;
}

std::span<const IndexProvider> BinaryIndex::providers(std::size_t name) const {
  const std::size_t end =
      name + 1 < names_.size() ? names_[name + 1].first_provider : providers_.size();
  return providers_.subspan(names_[name].first_provider, end - names_[name].first_provider);
}

std::span<const std::uint32_t> BinaryIndex::triggered(std::size_t name) const {
  const std::size_t end =
      name + 1 < names_.size() ? names_[name + 1].first_triggered : triggered_.size();
  return triggered_.subspan(names_[name].first_triggered, end - names_[name].first_triggered);
}

Package BinaryIndex::package(std::size_t i) const {
  PackageTextReader reader(block(i));
  const PackageText* lines = reader.next();
  if (lines == nullptr) throw damaged("a package has no lines");
  Package package = lines->to_package();
  package.uninstallable = packages_[i].uninstallable != 0;
  return package;
}

std::vector<std::string> BinaryIndex::faults(std::size_t i) const {
  PackageTextReader reader(block(i));
  const PackageText* lines = reader.next();
  return lines != nullptr ? lines->faults : std::vector<std::string>();
}

std::vector<std::string> BinaryIndex::warnings() const {
  std::vector<std::string> lines;
  for (std::string_view rest = warnings_; !rest.empty();) {
    const auto end = std::min(rest.find('\n'), rest.size());
    lines.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return lines;
}

}  // namespace tarn::apk
