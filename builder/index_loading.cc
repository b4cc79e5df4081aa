#include "builder/index_loading.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "apk/fetch/index_cache.h"
#include "apk/index/index.h"
#include "apk/support/error.h"
#include "apk/support/parallel.h"
#include "apk/trust/anchors.h"

namespace tarn::builder {
namespace {

/// Looks at what the cache had and nobody has read yet; a damaged copy is fetched anew.
void check_copies(std::vector<IndexFiles>& files, std::size_t threads, apk::Fetcher& fetcher,
                  Progress& progress, const std::stop_token& stop) {
  struct Copy {
    apk::Brought* brought;
    const Url* url;
    bool is_sound = false;
  };
  std::vector<Copy> copies;
  for (IndexFiles& of : files)
    for (std::size_t i = 0; i < of.files.size(); ++i)
      if (of.files[i].unread) copies.push_back({&of.files[i], &of.urls[i]});
  parallel_for(
      copies.size(), threads,
      [&](std::size_t i) {
        const ByteView bytes = copies[i].brought->file.bytes();
        const Span span(progress, "check cache", copies[i].url->str(), bytes.size());
        copies[i].is_sound = sha256(bytes) == *copies[i].brought->unread;
      },
      stop);
  for (const auto& [brought, url, is_sound] : copies) {
    if (is_sound) continue;
    brought->file = fetcher.fetch_current({*url}, {}).front();
    // What was looked up by the digest would be of another index than what is read now.
    if (sha256(brought->file.bytes()) != *brought->unread)
      throw Error(ErrorKind::network, "index " + url->str() + " changes while it is read")
          .hint("run tarn again");
  }
}

/// The keys that may be brought for an index: none, where the keyring has one of its signers.
std::vector<std::string> missing_signers(const apk::Keyring& keyring, const apk::IndexFile& file) {
  std::vector<std::string> names;
  for (const auto& signature : file.signature_files) {
    const auto parsed = apk::parse_signature_name(signature.name);
    if (!parsed) continue;
    if (keyring.find(parsed->second) != nullptr) return {};
    names.push_back(parsed->second);
  }
  return names;
}

/// About what a thread reads of an index at a time. Not a function of the number of threads: what
/// is warned of once in each part is then the same everywhere.
constexpr std::size_t part_size = 2U << 20U;

/// A run of an index's packages.
struct TextPart {
  std::size_t repository;
  apk::SharedText text;
  std::string_view before;  ///< of the same index
};

/// Cuts texts between packages.
std::vector<TextPart> cut(const std::vector<apk::SharedText>& texts) {
  std::vector<TextPart> parts;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::string_view text = texts[i].lines;
    std::size_t begin = 0;
    do {
      const std::size_t gap = text.find("\n\n", begin + part_size);
      const std::size_t end = gap == std::string_view::npos ? text.size() : gap + 2;
      parts.push_back({i, texts[i].part(begin, end - begin), text.substr(0, begin)});
      begin = end;
    } while (begin < text.size());
  }
  return parts;
}

/// One index of files whose signatures are verified, read on several threads.
apk::BinaryIndex read_trusted(IndexFiles& raw, std::size_t threads, Progress& progress,
                              const std::stop_token& stop) {
  const auto name = [&](std::size_t i) { return raw.urls[i].str(); };
  parallel_for(
      raw.files.size(), threads,
      [&](std::size_t i) {
        if (raw.texts[i].owner) return;
        const Span span(progress, "inflate", name(i), raw.files[i].file.bytes().size());
        raw.texts[i] = apk::IndexFile::parse(raw.files[i].file.bytes(), name(i)).text;
      },
      stop);
  std::vector<TextPart> texts = cut(raw.texts);
  raw.texts.clear();
  std::vector<apk::BinaryIndex::Part> parts(texts.size());
  parallel_for(
      parts.size(), threads,
      [&](std::size_t i) {
        TextPart& part = texts[i];
        const std::string from = name(part.repository);
        const Span span(progress, "index", from, part.text.lines.size());
        parts[i] = with_context("reading index " + from, [&] {
          return apk::BinaryIndex::Part::from_text(std::move(part.text), from, part.before);
        });
      },
      stop);
  const Span span(progress, "index", "joining");
  return apk::BinaryIndex::join_parts(parts);
}

/// The index that is kept for these very files, or else a new one, which will be kept.
void find_index(ArchitectureIndexes& found, IndexFiles& raw, apk::Store& store, std::size_t threads,
                Progress& progress, const std::stop_token& stop) {
  apk::IndexCache cache(store);
  auto known = cache.find(raw.urls, raw.digests);
  count_cache(progress, "binary-index", known ? CacheAnswer::hit : CacheAnswer::miss);
  if (known) {
    found.index = std::move(*known);
    return;
  }
  found.index = read_trusted(raw, threads, progress, stop);
  found.keeping = std::async(std::launch::async, [&store, &progress, urls = raw.urls,
                                                  digests = raw.digests, index = found.index] {
    try {
      apk::IndexCache(store).put(urls, digests, index);
    } catch (const Error& error) {
      progress.note(NoteLevel::warning, "the index is not kept: " + error.message());
    }
  });
}

}  // namespace

void add_anchor_keys(apk::Keyring& keyring, const std::vector<std::string>& names,
                     apk::Fetcher& fetcher) {
  std::vector<apk::Wanted> wanted;
  for (const std::string& name : names) {
    const apk::TrustAnchor* anchor = apk::find_anchor(name);
    if (anchor == nullptr || keyring.find(name) != nullptr) continue;
    wanted.push_back(
        {.label = name,
         .kind = "key",
         .key = std::string(anchor->fingerprint),
         .url = Url::parse(apk::anchor_url(*anchor)).value(),
         .size = std::nullopt,
         .verify = [name](ByteView bytes) {
           const auto key = apk::PublicKey::from_pem(name, std::string(as_text(bytes)));
           if (!apk::matches_anchor(key))
             throw Error(ErrorKind::trust, "the key served as " + name + " is not Alpine's");
         }});
  }
  const auto files = fetcher.fetch_fixed(wanted);
  for (std::size_t i = 0; i < files.size(); ++i)
    keyring.add(apk::PublicKey::from_pem(wanted[i].label, std::string(as_text(files[i].bytes()))));
}

std::vector<IndexFiles> fetch_indexes(const std::vector<apk::Architecture>& architectures,
                                      const std::vector<apk::Repository>& repositories,
                                      apk::Fetcher& fetcher) {
  const apk::IndexCache cache(fetcher.store());
  const std::size_t count = repositories.size();
  std::vector<IndexFiles> raw(architectures.size());
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
  auto files = fetcher.fetch_current_unread(urls, [&](std::size_t i, ByteView bytes) {
    IndexFiles& of = raw[i / count];
    of.digests[i % count] = sha256(bytes);
    if (of.digests[i % count] == known[i / count][i % count]) return;
    of.texts[i % count] = apk::IndexFile::parse(bytes, urls[i].str()).text;
  });
  for (std::size_t i = 0; i < files.size(); ++i) {
    IndexFiles& of = raw[i / count];
    if (files[i].unread) of.digests[i % count] = *files[i].unread;
    of.files.push_back(std::move(files[i]));
  }
  return raw;
}

std::vector<ArchitectureIndexes> read_indexes(std::vector<IndexFiles> files,
                                              const apk::Keyring& keyring,
                                              const IndexReading& options, apk::Fetcher& fetcher,
                                              Progress& progress, const std::stop_token& stop) {
  check_copies(files, options.threads, fetcher, progress, stop);
  std::vector<ArchitectureIndexes> read(files.size());
  for (std::size_t a = 0; a < read.size(); ++a) {
    read[a].keyring = keyring;
    if (options.signatures != apk::SignaturePolicy::required) continue;
    for (std::size_t i = 0; i < files[a].files.size(); ++i)
      add_anchor_keys(read[a].keyring,
                      missing_signers(read[a].keyring,
                                      apk::IndexFile::parse_signatures(
                                          files[a].files[i].file.bytes(), files[a].urls[i].str())),
                      fetcher);
  }
  // Of several architectures each has a thread, of one each repository.
  const std::size_t threads = read.size() > 1 ? 1 : options.threads;
  parallel_for(
      read.size(), options.threads,
      [&](std::size_t a) {
        IndexFiles& of = files[a];
        parallel_for(
            of.files.size(), threads,
            [&](std::size_t i) {
              const ByteView bytes = of.files[i].file.bytes();
              const Span span(progress, "verify signatures", of.urls[i].str(), bytes.size());
              apk::verify_index(bytes, read[a].keyring, options.signatures, of.urls[i].str());
            },
            stop);
        find_index(read[a], of, fetcher.store(), threads, progress, stop);
      },
      stop);
  for (const ArchitectureIndexes& architecture : read)
    for (const std::string& warning : architecture.index.warnings())
      progress.note(NoteLevel::detail, warning);
  return read;
}

}  // namespace tarn::builder
