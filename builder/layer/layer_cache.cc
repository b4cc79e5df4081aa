#include "builder/layer/layer_cache.h"

#include <algorithm>
#include <charconv>
#include <string>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include "apk/support/error.h"
#include "apk/support/parallel.h"
#include "apk/support/read_at.h"

namespace tarn::builder {
namespace {

constexpr const char* segment_kind = "segment";
constexpr const char* tar_kind = "segment-tar";
constexpr const char* layer_kind = "layer";
constexpr const char* prefix_kind = "layer-prefixes";

constexpr const char* table_crc_fact = "table-crc32";
constexpr const char* diff_id_fact = "diff-id";
constexpr const char* tar_size_fact = "tar-size";
constexpr const char* media_type_fact = "media-type";
constexpr const char* crc_fact = "crc32";

template <typename Number>
std::optional<Number> number_fact(const apk::StoreEntry& entry, const char* name) {
  const auto fact = entry.facts.find(name);
  if (fact == entry.facts.end()) return std::nullopt;
  const std::string& text = fact->second;
  Number number = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (status != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// Behind the pieces of a segment's file stands a table: of each its size, CRC-32 and the tar's
/// CRC-32, little-endian.
constexpr std::size_t table_row = 8 + 4 + 4;

template <typename Number>
void append_little_endian(Number number, Bytes& out) {
  for (std::size_t i = 0; i < sizeof number; ++i, number = static_cast<Number>(number >> 8U))
    out.push_back(static_cast<std::byte>(number & 0xffU));
}

template <typename Number>
Number take_little_endian(ByteView& bytes) {
  Number number = 0;
  for (std::size_t i = sizeof number; i-- > 0;)
    number = static_cast<Number>(number << 8U) | static_cast<Number>(bytes[i]);
  bytes = bytes.subspan(sizeof number);
  return number;
}

Bytes format_table(const std::vector<StoredPiece>& pieces) {
  Bytes table;
  for (const StoredPiece& piece : pieces) {
    append_little_endian(piece.size, table);
    append_little_endian(piece.crc, table);
    append_little_endian(piece.tar_crc, table);
  }
  return table;
}

/// The rows of a table; nothing unless their sizes make `size` together.
std::optional<std::vector<StoredPiece>> parse_table(ByteView table, std::uint64_t size) {
  std::vector<StoredPiece> pieces;
  while (!table.empty()) {
    StoredPiece piece;
    piece.size = take_little_endian<std::uint64_t>(table);
    piece.crc = take_little_endian<std::uint32_t>(table);
    piece.tar_crc = take_little_endian<std::uint32_t>(table);
    if (piece.size > size) return std::nullopt;
    size -= piece.size;
    pieces.push_back(piece);
  }
  if (size != 0) return std::nullopt;
  return pieces;
}

/// Shows a range of a file in parts; gives its CRC-32, or nothing when the file ends before.
std::optional<std::uint32_t> visit_range(int file, std::uint64_t begin, std::uint64_t end,
                                         std::span<std::byte> buffer,
                                         const std::function<void(ByteView)>& look) {
  std::uint32_t sum = 0;
  while (begin < end) {
    const auto part = buffer.first(std::min<std::uint64_t>(buffer.size(), end - begin));
    if (!read_at(file, begin, part)) return std::nullopt;
    sum = crc32(part, sum);
    look(part);
    begin += part.size();
  }
  return sum;
}

/// The blob of an entry, unchecked but for its size.
FileDescriptor open_blob(const apk::Store& store, const apk::StoreEntry& entry) {
  FileDescriptor file(::open(store.blob_path(entry.blob).c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode) ||
      static_cast<std::uint64_t>(status.st_size) != entry.size)
    return {};
  return file;
}

/// The CRC-32 of a file's `size` octets; nothing when it has fewer. It is read, not mapped: what is
/// mapped counts as memory.
std::optional<std::uint32_t> file_crc(int file, std::uint64_t size, std::size_t threads) {
  constexpr std::uint64_t stretch = 8U << 20U;
  constexpr std::size_t step = 128U << 10U;
  const std::size_t count = (size + stretch - 1) / stretch;
  std::vector<std::optional<std::uint32_t>> sums(count);
  parallel_for(count, threads, [&](std::size_t i) {
    Bytes buffer(step);
    sums[i] =
        visit_range(file, i * stretch, std::min(size, (i + 1) * stretch), buffer, [](ByteView) {});
  });
  std::uint32_t whole = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (!sums[i]) return std::nullopt;
    whole = crc32_combine(whole, *sums[i], std::min(stretch, size - i * stretch));
  }
  return whole;
}

constexpr std::size_t prefix_size = 32 + 2 * ResumableSha256::state_size + 4;

void append_prefix(const LayerPrefix& prefix, Bytes& out) {
  const auto key = std::as_bytes(std::span(prefix.key.octets));
  out.insert(out.end(), key.begin(), key.end());
  for (const auto& state : {prefix.tar.state(), prefix.blob.state()})
    out.insert(out.end(), state.begin(), state.end());
  append_little_endian(prefix.tar_crc, out);
}

std::optional<LayerPrefix> parse_prefix(ByteView bytes) {
  LayerPrefix prefix;
  std::ranges::transform(bytes.first(32), prefix.key.octets.begin(),
                         [](std::byte octet) { return static_cast<std::uint8_t>(octet); });
  const auto take_state = [&](std::size_t at) {
    ResumableSha256::State state{};
    std::ranges::copy(bytes.subspan(at, state.size()), state.begin());
    return ResumableSha256::resume(state);
  };
  const auto tar = take_state(32);
  const auto blob = take_state(32 + ResumableSha256::state_size);
  if (!tar || !blob) return std::nullopt;
  prefix.tar = *tar;
  prefix.blob = *blob;
  ByteView last = bytes.last(4);
  prefix.tar_crc = take_little_endian<std::uint32_t>(last);
  return prefix;
}

}  // namespace

StoredSegment::StoredSegment(FileDescriptor file, std::vector<StoredPiece> pieces,
                             FileDescriptor tar)
    : file_(std::move(file)), tar_(std::move(tar)), pieces_(std::move(pieces)) {
  std::uint64_t offset = 0;
  for (const StoredPiece& piece : pieces_) {
    offsets_.push_back(offset);
    offset += piece.size;
  }
}

std::optional<Bytes> StoredSegment::read(std::size_t n) const {
  const StoredPiece& piece = pieces_[n];
  Bytes octets(piece.size);
  if (!read_at(file_.get(), offsets_[n], octets) || crc32(octets) != piece.crc) return std::nullopt;
  return octets;
}

bool StoredSegment::visit(std::size_t n, std::span<std::byte> buffer, const Visit& look) const {
  const StoredPiece& piece = pieces_[n];
  return visit_range(file_.get(), offsets_[n], offsets_[n] + piece.size, buffer, look) == piece.crc;
}

bool StoredSegment::visit_tar(std::size_t n, std::uint64_t begin, std::uint64_t end,
                              std::span<std::byte> buffer, const Visit& look) const {
  return tar_ && visit_range(tar_.get(), begin, end, buffer, look) == pieces_[n].tar_crc;
}

void NewSegment::add(ByteView compressed, ByteView tar, std::uint32_t tar_crc) {
  tar_.write(tar);
  tar_hasher_.update(tar);
  tar_size_ += tar.size();
  file_.write(compressed);
  hasher_.update(compressed);
  size_ += compressed.size();
  pieces_.push_back({compressed.size(), crc32(compressed), tar_crc});
}

std::optional<StoredSegment> LayerCache::find_segment(const Sha256Digest& key,
                                                      std::size_t pieces) const {
  const auto entry = store_.find(segment_kind, to_hex(key));
  if (!entry) return std::nullopt;
  const auto table_crc = number_fact<std::uint32_t>(*entry, table_crc_fact);
  FileDescriptor file = open_blob(store_, *entry);
  Bytes table(pieces * table_row);
  if (!table_crc || !file || entry->size < table.size() ||
      !read_at(file.get(), entry->size - table.size(), table) || crc32(table) != table_crc)
    return std::nullopt;
  auto rows = parse_table(table, entry->size - table.size());
  if (!rows) return std::nullopt;
  const auto tar = store_.find(tar_kind, to_hex(key));
  return StoredSegment(std::move(file), std::move(*rows),
                       tar ? open_blob(store_, *tar) : FileDescriptor());
}

void LayerCache::put_segment(const Sha256Digest& key, NewSegment segment) {
  const Bytes table = format_table(segment.pieces_);
  segment.file_.write(table);
  segment.hasher_.update(table);
  const apk::StoreEntry entry{.blob = segment.hasher_.finish(),
                              .size = segment.size_ + table.size(),
                              .facts = {{table_crc_fact, std::to_string(crc32(table))}}};
  store_.put(segment_kind, to_hex(key), std::move(segment.file_), entry);
  const apk::StoreEntry tar{
      .blob = segment.tar_hasher_.finish(), .size = segment.tar_size_, .facts = {}};
  store_.put(tar_kind, to_hex(key), std::move(segment.tar_), tar);
}

std::optional<Layer> LayerCache::find_layer(const Sha256Digest& key, std::size_t threads) const {
  const auto entry = store_.find(layer_kind, to_hex(key));
  if (!entry) return std::nullopt;
  const auto crc = number_fact<std::uint32_t>(*entry, crc_fact);
  const auto tar_size = number_fact<std::uint64_t>(*entry, tar_size_fact);
  const auto diff_id = entry->facts.find(diff_id_fact);
  const auto media_type = entry->facts.find(media_type_fact);
  if (!crc || !tar_size || diff_id == entry->facts.end() || media_type == entry->facts.end())
    return std::nullopt;
  const auto tar_digest = digest_from_hex<32>(diff_id->second);
  const FileDescriptor file = open_blob(store_, *entry);
  if (!tar_digest || !file || file_crc(file.get(), entry->size, threads) != crc)
    return std::nullopt;
  auto blob = store_.map(*entry);
  if (!blob) return std::nullopt;
  return Layer{.blob = std::move(*blob),
               .digest = entry->blob,
               .diff_id = *tar_digest,
               .size = entry->size,
               .tar_size = *tar_size,
               .media_type = media_type->second,
               .place = BlobPlace::cache,
               .cache_key = key};
}

void LayerCache::put_layer(const Sha256Digest& key, AtomicFile file, std::uint32_t crc,
                           Layer& layer) {
  apk::StoreEntry entry{.blob = layer.digest, .size = layer.size, .facts = {}};
  entry.facts[crc_fact] = std::to_string(crc);
  entry.facts[tar_size_fact] = std::to_string(layer.tar_size);
  entry.facts[diff_id_fact] = to_hex(layer.diff_id);
  entry.facts[media_type_fact] = layer.media_type;
  // The mapping keeps the octets, whatever becomes of the cache.
  layer.blob = MappedFile::open(fmt::format("/proc/self/fd/{}", file.fd()));
  store_.put(layer_kind, to_hex(key), std::move(file), entry);
  if (auto stored = store_.map(entry)) {
    layer.blob = std::move(*stored);
    layer.place = BlobPlace::cache;
    layer.cache_key = key;
  }
}

std::vector<LayerPrefix> LayerCache::prefixes(const Sha256Digest& first) const {
  std::vector<LayerPrefix> prefixes;
  const auto entry = store_.find(prefix_kind, to_hex(first));
  if (!entry || entry->size % prefix_size != 0) return prefixes;
  const auto file = store_.open(*entry);
  if (!file) return prefixes;
  for (ByteView rest = file->bytes(); !rest.empty(); rest = rest.subspan(prefix_size)) {
    auto prefix = parse_prefix(rest.first(prefix_size));
    if (!prefix) return {};
    prefixes.push_back(*prefix);
  }
  return prefixes;
}

void LayerCache::put_prefixes(const Sha256Digest& first, std::span<const LayerPrefix> prefixes) {
  Bytes text;
  text.reserve(prefixes.size() * prefix_size);
  for (const LayerPrefix& prefix : prefixes) append_prefix(prefix, text);
  AtomicFile file = store_.new_blob();
  file.write(text);
  store_.put(prefix_kind, to_hex(first), std::move(file),
             {.blob = sha256(text), .size = text.size(), .facts = {}});
}

}  // namespace tarn::builder
