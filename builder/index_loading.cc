#include "builder/index_loading.h"

#include <optional>
#include <utility>

#include "apk/fetch/index_cache.h"
#include "apk/index/index.h"
#include "apk/support/error.h"
#include "apk/support/parallel.h"
#include "apk/trust/anchors.h"

namespace tarn::builder {
namespace {

/// An index file as it came, and what it belongs to.
struct RawIndex {
  std::size_t architecture = 0;
  std::size_t repository = 0;
  Url url{};
  MappedFile file{};
  Sha256Digest digest{};
  std::optional<apk::BinaryIndex> known{};  ///< read before
  std::string text{};                       ///< of one that was not
};

std::vector<RawIndex> fetch_indexes(const std::vector<apk::Architecture>& architectures,
                                    const std::vector<apk::Repository>& repositories,
                                    apk::Fetcher& fetcher) {
  std::vector<RawIndex> raw;
  std::vector<Url> urls;
  for (std::size_t a = 0; a < architectures.size(); ++a)
    for (std::size_t r = 0; r < repositories.size(); ++r) {
      urls.push_back(repositories[r].index_url(architectures[a].apk));
      raw.push_back({.architecture = a, .repository = r, .url = urls.back()});
    }
  const apk::IndexCache cache(fetcher.store());
  // Whether it is trusted is asked each time it is used; what is stored must at least be an index.
  const auto files = fetcher.fetch_current(urls, [&](std::size_t i, ByteView bytes) {
    raw[i].digest = sha256(bytes);
    raw[i].known = cache.find(urls[i], raw[i].digest);
    if (!raw[i].known) raw[i].text = apk::IndexFile::parse(bytes, urls[i].str()).text;
  });
  for (std::size_t i = 0; i < raw.size(); ++i) raw[i].file = files[i];
  return raw;
}

/// Brings the keys of `file`'s signatures that `keyring` lacks and that are trust anchors.
void add_anchor_keys(apk::Keyring& keyring, const apk::IndexFile& file, apk::Fetcher& fetcher) {
  std::vector<apk::Wanted> wanted;
  std::vector<std::string> names;
  for (const auto& signature : file.signature_files) {
    const auto parsed = apk::parse_signature_name(signature.name);
    if (!parsed) continue;
    if (keyring.find(parsed->second) != nullptr) return;
    const apk::TrustAnchor* anchor = apk::find_anchor(parsed->second);
    if (anchor == nullptr) continue;
    names.push_back(parsed->second);
    wanted.push_back(
        {.label = parsed->second,
         .kind = "key",
         .key = std::string(anchor->fingerprint),
         .url = Url::parse(apk::anchor_url(*anchor)).value(),
         .size = std::nullopt,
         .verify = [name = parsed->second](ByteView bytes) {
           const auto key = apk::PublicKey::from_pem(name, std::string(as_text(bytes)));
           if (!apk::matches_anchor(key))
             throw Error(ErrorKind::trust, "the key served as " + name + " is not Alpine's");
         }});
  }
  const auto files = fetcher.fetch_fixed(wanted);
  for (std::size_t i = 0; i < files.size(); ++i)
    keyring.add(apk::PublicKey::from_pem(names[i], std::string(as_text(files[i].bytes()))));
}

/// The binary index of one whose signature is verified.
apk::BinaryIndex read_trusted(RawIndex& raw, apk::IndexCache& cache) {
  if (raw.known) return std::move(*raw.known);
  apk::BinaryIndex index = with_context("reading index " + raw.url.str(), [&] {
    return apk::BinaryIndex::from_text(std::move(raw.text));
  });
  cache.put(raw.url, raw.digest, index);
  return index;
}

}  // namespace

std::vector<ArchitectureIndexes> load_indexes(const std::vector<apk::Architecture>& architectures,
                                              const std::vector<apk::Repository>& repositories,
                                              const apk::Keyring& keyring,
                                              const IndexOptions& options, apk::Fetcher& fetcher,
                                              Progress& progress, const std::stop_token& stop) {
  std::vector<ArchitectureIndexes> loaded(architectures.size());
  for (ArchitectureIndexes& architecture : loaded) {
    architecture.keyring = keyring;
    architecture.indexes.resize(repositories.size());
  }
  std::vector<RawIndex> raw = fetch_indexes(architectures, repositories, fetcher);
  if (options.signatures == apk::SignaturePolicy::required)
    for (const RawIndex& index : raw)
      add_anchor_keys(loaded[index.architecture].keyring,
                      apk::IndexFile::parse_signatures(index.file.bytes(), index.url.str()),
                      fetcher);
  apk::IndexCache cache(fetcher.store());
  parallel_for(
      raw.size(), options.threads,
      [&](std::size_t i) {
        ArchitectureIndexes& architecture = loaded[raw[i].architecture];
        apk::verify_index(raw[i].file.bytes(), architecture.keyring, options.signatures,
                          raw[i].url.str());
        architecture.indexes[raw[i].repository] = read_trusted(raw[i], cache);
      },
      stop);
  for (const RawIndex& index : raw)
    for (const std::string& warning :
         loaded[index.architecture].indexes[index.repository].warnings())
      progress.note(NoteLevel::detail, index.url.str() + ": " + warning);
  return loaded;
}

}  // namespace tarn::builder
