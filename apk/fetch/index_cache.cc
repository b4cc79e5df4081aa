#include "apk/fetch/index_cache.h"

#include <string>
#include <utility>

#include "apk/model/dependency.h"
#include "apk/support/error.h"

namespace tarn::apk {
namespace {

constexpr const char* kind = "binary-index";
constexpr const char* sources_fact = "sources";

std::string key_of(const std::vector<Url>& urls) {
  std::string places;
  for (const Url& url : urls) places.append(url.without_credentials().str()).push_back('\n');
  return to_hex(sha256(places));
}

std::vector<Sha256Digest> sources_of(const StoreEntry& entry) {
  std::vector<Sha256Digest> digests;
  const auto fact = entry.facts.find(sources_fact);
  if (fact == entry.facts.end()) return digests;
  for (const std::string_view word : split_words(fact->second))
    if (const auto digest = digest_from_hex<32>(word)) digests.push_back(*digest);
  return digests;
}

}  // namespace

std::vector<Sha256Digest> IndexCache::sources(const std::vector<Url>& urls) const {
  const auto entry = store_.find(kind, key_of(urls));
  return entry ? sources_of(*entry) : std::vector<Sha256Digest>();
}

std::optional<BinaryIndex> IndexCache::find(const std::vector<Url>& urls,
                                            const std::vector<Sha256Digest>& digests) const {
  const auto entry = store_.find(kind, key_of(urls));
  if (!entry || sources_of(*entry) != digests) return std::nullopt;
  const auto file = store_.map(*entry);
  if (!file) return std::nullopt;
  try {
    BinaryIndex index = BinaryIndex::open(*file);
    if (index.source_count() == urls.size()) return index;
  } catch (const Error&) {
    // A damaged one, or another version's, is made anew.
  }
  return std::nullopt;
}

void IndexCache::put(const std::vector<Url>& urls, const std::vector<Sha256Digest>& digests,
                     const BinaryIndex& index) {
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
  std::string& sources = entry.facts[sources_fact];
  for (const Sha256Digest& digest : digests)
    sources.append(sources.empty() ? "" : " ").append(to_hex(digest));
  store_.put(kind, key_of(urls), std::move(blob), entry);
}

}  // namespace tarn::apk
