#include "apk/package/package_listing.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <tuple>
#include <utility>

#include "apk/package/entry_path.h"

namespace tarn::apk {
namespace {

constexpr std::string_view magic = "tarnlist";
constexpr std::size_t header_size = 64;
constexpr std::size_t owner_size = 16;
constexpr std::size_t script_size = 8;
constexpr std::size_t length_size = 4;
constexpr std::size_t entry_size = 60;
constexpr std::size_t device_size = 12;
constexpr std::size_t xattr_size = 12;

constexpr unsigned type_shift = 16;
constexpr unsigned checksum_shift = 24;
constexpr std::uint32_t mode_mask = 07777;
constexpr auto last_type = static_cast<std::uint32_t>(EntryType::fifo);

/// The numbers of the header, in its order.
struct Counts {
  std::uint32_t version = package_listing_version;
  std::uint32_t replaces_priority = 0;
  std::uint32_t owners = 0;
  std::uint32_t scripts = 0;
  std::uint32_t triggers = 0;
  std::uint32_t replaces = 0;
  std::uint32_t entries = 0;
  std::uint32_t devices = 0;
  std::uint32_t xattrs = 0;
  std::uint32_t reserved = 0;
  std::uint64_t tar_size = 0;
  std::uint64_t text_size = 0;

  /// Octets of all records. The counts are 32 bits wide, so this cannot overflow.
  std::uint64_t records_size() const {
    return std::uint64_t{owners} * owner_size + std::uint64_t{scripts} * script_size +
           (std::uint64_t{triggers} + replaces) * length_size +
           std::uint64_t{entries} * entry_size + std::uint64_t{devices} * device_size +
           std::uint64_t{xattrs} * xattr_size;
  }
};

bool is_device(EntryType type) {
  return type == EntryType::character_device || type == EntryType::block_device;
}

/// Records and texts while they are written.
class Writer {
 public:
  template <typename Number>
  void number(Number value) {
    for (std::size_t i = 0; i < sizeof value; ++i)
      records_.push_back(static_cast<std::byte>(value >> (8 * i)));
  }
  /// The length of a text, which goes behind the texts that were before it.
  void text(std::string_view text) {
    number(static_cast<std::uint32_t>(text.size()));
    texts_.append(text);
  }
  void octets(ByteView bytes) { records_.insert(records_.end(), bytes.begin(), bytes.end()); }
  std::size_t size() const { return header_size + records_.size() + texts_.size(); }
  std::size_t text_size() const { return texts_.size(); }

  Bytes finish(const Counts& counts) && {
    const Bytes records = std::exchange(records_, {});
    octets(as_bytes(magic));
    for (const std::uint32_t value :
         {counts.version, counts.replaces_priority, counts.owners, counts.scripts, counts.triggers,
          counts.replaces, counts.entries, counts.devices, counts.xattrs, counts.reserved})
      number(value);
    number(counts.tar_size);
    number(counts.text_size);
    octets(records);
    octets(as_bytes(texts_));
    return std::move(records_);
  }

 private:
  Bytes records_;
  std::string texts_;
};

/// Numbers the owners of a package's entries in order of first appearance.
class OwnerNumbers {
 public:
  using Owner = std::tuple<std::uint32_t, std::uint32_t, std::string, std::string>;

  std::uint32_t number_of(const DataEntry& entry) {
    const auto [place, is_new] =
        numbers_.try_emplace(Owner{entry.uid, entry.gid, entry.user, entry.group}, numbers_.size());
    if (is_new) owners_.push_back(&place->first);
    return static_cast<std::uint32_t>(place->second);
  }
  const std::vector<const Owner*>& owners() const { return owners_; }

 private:
  std::map<Owner, std::size_t> numbers_;
  std::vector<const Owner*> owners_;
};

void write_entry(Writer& writer, const DataEntry& entry, std::uint32_t owner) {
  writer.number(entry.size);
  writer.number(entry.offset);
  writer.number(static_cast<std::uint64_t>(entry.mtime));
  writer.number((entry.mode & mode_mask) | static_cast<std::uint32_t>(entry.type) << type_shift |
                (entry.checksum ? 1U : 0U) << checksum_shift);
  writer.number(owner);
  writer.text(entry.path);
  writer.text(entry.target);
  const Sha1Digest checksum = entry.checksum.value_or(Sha1Digest{});
  writer.octets(std::as_bytes(std::span(checksum.octets)));
}

/// Reads records from the front and their texts from behind them. Once anything was wrong, it is
/// not sound any more, and all it gives is empty.
class Reader {
 public:
  Reader(ByteView records, std::string_view texts) : records_(records), texts_(texts) {}

  template <typename Number>
  Number number() {
    Number value = 0;
    if (records_.size() < sizeof value) {
      require(false);
      return value;
    }
    for (std::size_t i = 0; i < sizeof value; ++i)
      value = static_cast<Number>(value | static_cast<Number>(records_[i]) << (8 * i));
    records_ = records_.subspan(sizeof value);
    return value;
  }
  std::uint32_t u32() { return number<std::uint32_t>(); }
  std::uint64_t u64() { return number<std::uint64_t>(); }
  /// The next text; `length` comes from a record.
  std::string_view text(std::uint32_t length) {
    if (length > texts_.size()) {
      require(false);
      return {};
    }
    const std::string_view text = texts_.substr(0, length);
    texts_.remove_prefix(length);
    return text;
  }
  Sha1Digest sha1() {
    Sha1Digest digest;
    if (records_.size() < digest.octets.size()) {
      require(false);
      return digest;
    }
    std::memcpy(digest.octets.data(), records_.data(), digest.octets.size());
    records_ = records_.subspan(digest.octets.size());
    return digest;
  }

  void require(bool condition) { is_sound_ = is_sound_ && condition; }
  bool is_sound() const { return is_sound_; }
  bool is_at_end() const { return records_.empty() && texts_.empty(); }

 private:
  ByteView records_;
  std::string_view texts_;
  bool is_sound_ = true;
};

/// An owner as views of the listing.
struct OwnerView {
  std::uint32_t uid;
  std::uint32_t gid;
  std::string_view user;
  std::string_view group;
};

std::vector<OwnerView> read_owners(Reader& reader, std::uint32_t count) {
  std::vector<OwnerView> owners;
  owners.reserve(count);
  for (std::uint32_t i = 0; i < count && reader.is_sound(); ++i) {
    OwnerView owner{reader.u32(), reader.u32(), {}, {}};
    const std::uint32_t user = reader.u32();
    const std::uint32_t group = reader.u32();
    owner.user = reader.text(user);
    owner.group = reader.text(group);
    owners.push_back(owner);
  }
  return owners;
}

void read_scripts(Reader& reader, std::uint32_t count, PackageListing& listing) {
  for (std::uint32_t i = 0; i < count && reader.is_sound(); ++i) {
    const std::uint32_t kind = reader.u32();
    const std::string_view text = reader.text(reader.u32());
    reader.require(kind < script_kind_count);
    if (!reader.is_sound()) return;
    reader.require(listing.scripts.try_emplace(static_cast<ScriptKind>(kind), text).second);
  }
}

void read_replaces(Reader& reader, std::uint32_t count, PackageListing& listing) {
  for (std::uint32_t i = 0; i < count && reader.is_sound(); ++i) {
    auto dependency = Dependency::parse(reader.text(reader.u32()));
    reader.require(dependency.has_value());
    if (dependency) listing.replaces.push_back(std::move(*dependency));
  }
}

/// Whether an entry is one that a package could have.
bool is_sound_entry(const DataEntry& entry, std::uint64_t tar_size) {
  if (!entry_path_fault(entry.path).empty()) return false;
  if (entry.type == EntryType::file) {
    if (entry.offset > tar_size || entry.size > tar_size - entry.offset) return false;
  } else if (entry.size != 0) {
    return false;
  }
  switch (entry.type) {
    case EntryType::symlink:
      return !entry.target.empty() && entry.target.find('\0') == std::string::npos;
    case EntryType::hard_link:
      return entry_path_fault(entry.target).empty();
    default:
      return entry.target.empty();
  }
}

void read_entries(Reader& reader, const Counts& counts, const std::vector<OwnerView>& owners,
                  PackageListing& listing) {
  listing.entries.reserve(counts.entries);
  for (std::uint32_t i = 0; i < counts.entries && reader.is_sound(); ++i) {
    DataEntry& entry = listing.entries.emplace_back();
    entry.size = reader.u64();
    entry.offset = reader.u64();
    entry.mtime = static_cast<std::int64_t>(reader.u64());
    const std::uint32_t bits = reader.u32();
    const std::uint32_t type = (bits >> type_shift) & 0xFFU;
    const std::uint32_t owner = reader.u32();
    const std::uint32_t path_length = reader.u32();
    const std::uint32_t target_length = reader.u32();
    const Sha1Digest checksum = reader.sha1();
    reader.require(owner < owners.size() && type <= last_type && (bits & 0xFFFFU) <= mode_mask &&
                   (bits >> checksum_shift) <= 1);
    if (!reader.is_sound()) return;
    entry.mode = bits & mode_mask;
    entry.type = static_cast<EntryType>(type);
    if ((bits >> checksum_shift) != 0) entry.checksum = checksum;
    entry.uid = owners[owner].uid;
    entry.gid = owners[owner].gid;
    entry.user = owners[owner].user;
    entry.group = owners[owner].group;
    entry.path = reader.text(path_length);
    entry.target = reader.text(target_length);
    reader.require(is_sound_entry(entry, listing.tar_size));
  }
}

void read_devices(Reader& reader, std::uint32_t count, std::vector<DataEntry>& entries) {
  for (std::uint32_t i = 0; i < count && reader.is_sound(); ++i) {
    const std::uint32_t number = reader.u32();
    reader.require(number < entries.size() && is_device(entries[number].type));
    if (!reader.is_sound()) return;
    entries[number].device_major = reader.u32();
    entries[number].device_minor = reader.u32();
  }
}

void read_xattrs(Reader& reader, std::uint32_t count, std::vector<DataEntry>& entries) {
  for (std::uint32_t i = 0; i < count && reader.is_sound(); ++i) {
    const std::uint32_t number = reader.u32();
    const std::uint32_t name_length = reader.u32();
    const std::uint32_t value_length = reader.u32();
    const std::string_view name = reader.text(name_length);
    const std::string_view value = reader.text(value_length);
    reader.require(number < entries.size() && !has_control_characters(name));
    if (!reader.is_sound()) return;
    reader.require(entries[number].xattrs.try_emplace(std::string(name), value).second);
  }
}

Counts read_counts(Reader& reader) {
  Counts counts;
  for (std::uint32_t* value : {&counts.version, &counts.replaces_priority, &counts.owners,
                               &counts.scripts, &counts.triggers, &counts.replaces, &counts.entries,
                               &counts.devices, &counts.xattrs, &counts.reserved})
    *value = reader.u32();
  counts.tar_size = reader.u64();
  counts.text_size = reader.u64();
  return counts;
}

}  // namespace

PackageListing list_package(const PackageFile& package, PackageData data) {
  return {.replaces = package.package().replaces,
          .replaces_priority = package.package().replaces_priority,
          .scripts = package.scripts(),
          .triggers = package.triggers(),
          .entries = std::move(data.entries),
          .tar_size = data.tar->size()};
}

std::optional<Bytes> format_package_listing(const PackageListing& listing) {
  OwnerNumbers owners;
  std::vector<std::uint32_t> owner_of;
  owner_of.reserve(listing.entries.size());
  for (const DataEntry& entry : listing.entries) owner_of.push_back(owners.number_of(entry));

  Writer writer;
  for (const auto* owner : owners.owners()) {
    const auto& [uid, gid, user, group] = *owner;
    writer.number(uid);
    writer.number(gid);
    writer.text(user);
    writer.text(group);
  }
  for (const auto& [kind, text] : listing.scripts) {
    writer.number(static_cast<std::uint32_t>(kind));
    writer.text(text);
  }
  for (const std::string& trigger : listing.triggers) writer.text(trigger);
  for (const Dependency& dependency : listing.replaces) writer.text(dependency.str());
  Counts counts{.replaces_priority = listing.replaces_priority};
  for (std::size_t i = 0; i < listing.entries.size(); ++i) {
    write_entry(writer, listing.entries[i], owner_of[i]);
    if (writer.size() > max_package_listing_size) return std::nullopt;
  }
  for (std::size_t i = 0; i < listing.entries.size(); ++i) {
    if (!is_device(listing.entries[i].type)) continue;
    ++counts.devices;
    writer.number(static_cast<std::uint32_t>(i));
    writer.number(listing.entries[i].device_major);
    writer.number(listing.entries[i].device_minor);
  }
  for (std::size_t i = 0; i < listing.entries.size(); ++i) {
    for (const auto& [name, value] : listing.entries[i].xattrs) {
      ++counts.xattrs;
      writer.number(static_cast<std::uint32_t>(i));
      writer.text(name);
      writer.text(value);
    }
  }
  if (writer.size() > max_package_listing_size) return std::nullopt;
  counts.owners = static_cast<std::uint32_t>(owners.owners().size());
  counts.scripts = static_cast<std::uint32_t>(listing.scripts.size());
  counts.triggers = static_cast<std::uint32_t>(listing.triggers.size());
  counts.replaces = static_cast<std::uint32_t>(listing.replaces.size());
  counts.entries = static_cast<std::uint32_t>(listing.entries.size());
  counts.tar_size = listing.tar_size;
  counts.text_size = writer.text_size();
  return std::move(writer).finish(counts);
}

std::optional<PackageListing> parse_package_listing(ByteView bytes) {
  if (bytes.size() < header_size || bytes.size() > max_package_listing_size ||
      as_text(bytes.first(magic.size())) != magic)
    return std::nullopt;
  Reader header(bytes.first(header_size).subspan(magic.size()), {});
  const Counts counts = read_counts(header);
  const std::uint64_t rest = bytes.size() - header_size;
  if (counts.version != package_listing_version || counts.reserved != 0 ||
      counts.text_size > rest || counts.records_size() != rest - counts.text_size)
    return std::nullopt;

  const auto records_size = static_cast<std::size_t>(counts.records_size());
  Reader reader(bytes.subspan(header_size, records_size),
                as_text(bytes.subspan(header_size + records_size)));
  PackageListing listing;
  listing.replaces_priority = counts.replaces_priority;
  listing.tar_size = counts.tar_size;
  const std::vector<OwnerView> owners = read_owners(reader, counts.owners);
  read_scripts(reader, counts.scripts, listing);
  for (std::uint32_t i = 0; i < counts.triggers && reader.is_sound(); ++i)
    listing.triggers.emplace_back(reader.text(reader.u32()));
  read_replaces(reader, counts.replaces, listing);
  read_entries(reader, counts, owners, listing);
  read_devices(reader, counts.devices, listing.entries);
  read_xattrs(reader, counts.xattrs, listing.entries);
  if (!reader.is_sound() || !reader.is_at_end()) return std::nullopt;
  return listing;
}

}  // namespace tarn::apk
