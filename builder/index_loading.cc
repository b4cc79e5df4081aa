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

/// The index files of one architecture, in the order of repositories.
struct RawIndexes {
  std::vector<Url> urls{};
  std::vector<MappedFile> files{};
  std::vector<Sha256Digest> digests{};
  std::vector<std::string> texts{};  ///< of those that were read; empty for others
};

std::vector<RawIndexes> fetch_indexes(const std::vector<apk::Architecture>& architectures,
                                      const std::vector<apk::Repository>& repositories,
                                      apk::Fetcher& fetcher) {
  const apk::IndexCache cache(fetcher.store());
  const std::size_t count = repositories.size();
  std::vector<RawIndexes> raw(architectures.size());
  std::vector<Url> urls;
  std::vector<std::vector<Sha256Digest>> known;
  for (std::size_t a = 0; a < architectures.size(); ++a) {
    for (const apk::Repository& repository : repositories)
      raw[a].urls.push_back(repository.index_url(architectures[a].apk));
    urls.insert(urls.end(), raw[a].urls.begin(), raw[a].urls.end());
    raw[a].digests.resize(count);
    raw[a].texts.resize(count);
    known.push_back(cache.sources(raw[a].urls));
    known.back().resize(count);
  }
  // Whether it is trusted is asked each time it is used; what is stored must at least be an index.
  const auto files = fetcher.fetch_current(urls, [&](std::size_t i, ByteView bytes) {
    RawIndexes& of = raw[i / count];
    of.digests[i % count] = sha256(bytes);
    if (of.digests[i % count] == known[i / count][i % count]) return;
    of.texts[i % count] = apk::IndexFile::parse(bytes, urls[i].str()).text;
  });
  for (std::size_t i = 0; i < files.size(); ++i) raw[i / count].files.push_back(files[i]);
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

/// One index of files whose signatures are verified, read on several threads.
apk::BinaryIndex read_trusted(RawIndexes& raw, std::size_t threads, Progress& progress,
                              const std::stop_token& stop) {
  std::vector<apk::BinaryIndex::Part> parts(raw.files.size());
  parallel_for(
      parts.size(), threads,
      [&](std::size_t i) {
        const std::string name = raw.urls[i].str();
        const Span span(progress, "index", name, raw.files[i].bytes().size());
        std::string& text = raw.texts[i];
        if (text.empty()) text = apk::IndexFile::parse(raw.files[i].bytes(), name).text;
        parts[i] = with_context("reading index " + name, [&] {
          return apk::BinaryIndex::Part::from_text(std::move(text), name);
        });
      },
      stop);
  const Span span(progress, "index", "joining");
  return apk::BinaryIndex::join_parts(parts);
}

/// The index that is kept for these very files, or else a new one, which is kept.
apk::BinaryIndex index_of(RawIndexes& raw, const apk::Architecture& architecture,
                          apk::IndexCache& cache, std::size_t threads, Progress& progress,
                          const std::stop_token& stop) {
  const Span span(progress, "index", architecture.apk);
  auto known = cache.find(raw.urls, raw.digests);
  count_cache(progress, "binary-index", known ? CacheAnswer::hit : CacheAnswer::miss);
  if (known) return std::move(*known);
  apk::BinaryIndex index = read_trusted(raw, threads, progress, stop);
  cache.put(raw.urls, raw.digests, index);
  return index;
}

}  // namespace

std::vector<ArchitectureIndexes> load_indexes(const std::vector<apk::Architecture>& architectures,
                                              const std::vector<apk::Repository>& repositories,
                                              const apk::Keyring& keyring,
                                              const IndexOptions& options, apk::Fetcher& fetcher,
                                              Progress& progress, const std::stop_token& stop) {
  std::vector<RawIndexes> raw = fetch_indexes(architectures, repositories, fetcher);
  std::vector<ArchitectureIndexes> loaded(architectures.size());
  for (std::size_t a = 0; a < loaded.size(); ++a) {
    loaded[a].keyring = keyring;
    if (options.signatures != apk::SignaturePolicy::required) continue;
    for (std::size_t i = 0; i < repositories.size(); ++i)
      add_anchor_keys(
          loaded[a].keyring,
          apk::IndexFile::parse_signatures(raw[a].files[i].bytes(), raw[a].urls[i].str()), fetcher);
  }
  apk::IndexCache cache(fetcher.store());
  // Of several architectures each has a thread, of one each repository.
  const std::size_t threads = loaded.size() > 1 ? 1 : options.threads;
  parallel_for(
      loaded.size(), options.threads,
      [&](std::size_t a) {
        parallel_for(
            repositories.size(), threads,
            [&](std::size_t i) {
              const Span span(progress, "verify signatures", raw[a].urls[i].str(),
                              raw[a].files[i].bytes().size());
              apk::verify_index(raw[a].files[i].bytes(), loaded[a].keyring, options.signatures,
                                raw[a].urls[i].str());
            },
            stop);
        loaded[a].index = index_of(raw[a], architectures[a], cache, threads, progress, stop);
      },
      stop);
  for (std::size_t a = 0; a < loaded.size(); ++a) loaded[a].digests = std::move(raw[a].digests);
  for (const ArchitectureIndexes& architecture : loaded)
    for (const std::string& warning : architecture.index.warnings())
      progress.note(NoteLevel::detail, warning);
  return loaded;
}

}  // namespace tarn::builder
