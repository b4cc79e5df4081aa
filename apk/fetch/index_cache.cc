#include "apk/fetch/index_cache.h"

#include <string>
#include <utility>

#include "apk/support/error.h"

namespace tarn::apk {
namespace {

constexpr const char* kind = "binary-index";
constexpr const char* source_fact = "source";

std::string key_of(const Url& url) {
  return to_hex(sha256(url.without_credentials().str()));
}

}  // namespace

std::optional<BinaryIndex> IndexCache::find(const Url& url, const Sha256Digest& digest) const {
  const auto entry = store_.find(kind, key_of(url));
  if (!entry) return std::nullopt;
  const auto source = entry->facts.find(source_fact);
  if (source == entry->facts.end() || source->second != to_hex(digest)) return std::nullopt;
  const auto file = store_.map(*entry);
  if (!file) return std::nullopt;
  try {
    return BinaryIndex::open(*file);
  } catch (const Error&) {
    // A damaged one, or another version's, is made anew.
    return std::nullopt;
  }
}

void IndexCache::put(const Url& url, const Sha256Digest& digest, const BinaryIndex& index) {
  const BinaryIndex::File file = index.file();
  AtomicFile blob = store_.new_blob();
  Sha256 hasher;
  StoreEntry entry;
  const auto write = [&](ByteView bytes) {
    blob.write(bytes);
    hasher.update(bytes);
    entry.size += bytes.size();
  };
  write(file.header);
  for (const ByteView section : file.sections) write(section);
  entry.blob = hasher.finish();
  entry.facts[source_fact] = to_hex(digest);
  store_.put(kind, key_of(url), std::move(blob), entry);
}

}  // namespace tarn::apk
