#include "apk/fetch/fetcher.h"

#include <set>
#include <utility>

#include "apk/support/hash.h"

namespace tarn::apk {
namespace {

constexpr std::uint64_t current_limit = 256ULL << 20U;
constexpr std::uint64_t fixed_limit = 8ULL << 30U;

std::string without_final_slash(std::string text) {
  while (text.size() > 1 && text.ends_with('/')) text.pop_back();
  return text;
}

/// What `place` has after `prefix`, without its '/'; nothing when it does not lie under it.
std::optional<std::string> path_below(const std::string& prefix, const std::string& place) {
  if (!place.starts_with(prefix)) return std::nullopt;
  const std::string rest = place.substr(prefix.size());
  if (rest.empty()) return rest;
  if (rest.front() != '/') return std::nullopt;
  return rest.substr(1);
}

/// Which of the things asked for are the same, so that each is brought once.
class Distinct {
 public:
  /// The number of the thing with this name; a new one for a new name.
  std::size_t add(const std::string& name) {
    const std::size_t number = numbers_.emplace(name, numbers_.size()).first->second;
    order_.push_back(number);
    return number;
  }
  /// One result for each thing asked for.
  std::vector<Brought> spread(const std::vector<Brought>& results) const {
    std::vector<Brought> all;
    all.reserve(order_.size());
    for (const std::size_t number : order_) all.push_back(results[number]);
    return all;
  }

 private:
  std::map<std::string, std::size_t> numbers_;
  std::vector<std::size_t> order_;
};

std::vector<MappedFile> files_of(std::vector<Brought> brought) {
  std::vector<MappedFile> files;
  files.reserve(brought.size());
  for (Brought& one : brought) files.push_back(std::move(one.file));
  return files;
}

}  // namespace

Fetcher::Fetcher(Transport& transport, Store& store, FetchOptions options, Progress& progress,
                 std::stop_token stop)
    : transport_(transport),
      store_(store),
      options_(std::move(options)),
      progress_(progress),
      stop_(std::move(stop)) {}

std::vector<TransferResult> Fetcher::Turns::run(std::vector<Transfer> transfers,
                                                const std::stop_token& stop) {
  const std::lock_guard lock(mutex_);
  return transport_.run(std::move(transfers), stop);
}

DownloadContext Fetcher::context(std::stop_token stop) {
  return {transport_, store_, options_.network, options_.threads, progress_, std::move(stop)};
}

std::vector<Url> Fetcher::sources_of(const Url& url) const {
  const std::string place = url.without_credentials().str();
  std::size_t longest = 0;
  std::vector<Url> sources = {url};
  for (const auto& [given_prefix, mirrors] : options_.mirrors) {
    const std::string prefix = without_final_slash(given_prefix);
    const auto rest = path_below(prefix, place);
    if (!rest || prefix.size() < longest) continue;
    longest = prefix.size();
    sources.resize(1);
    for (const auto& mirror : mirrors) sources.push_back(rest->empty() ? mirror : mirror / *rest);
  }
  return sources;
}

std::vector<MappedFile> Fetcher::fetch_current(
    const std::vector<Url>& urls, const std::function<void(std::size_t, ByteView)>& verify) {
  return files_of(bring_current(urls, verify, CopyReading::checked));
}

std::vector<Brought> Fetcher::fetch_current_unread(
    const std::vector<Url>& urls, const std::function<void(std::size_t, ByteView)>& verify) {
  return bring_current(urls, verify, CopyReading::left);
}

std::vector<Brought> Fetcher::bring_current(
    const std::vector<Url>& urls, const std::function<void(std::size_t, ByteView)>& verify,
    CopyReading copies) {
  Distinct distinct;
  std::vector<Download> downloads;
  std::vector<std::vector<std::size_t>> asked_as;
  for (std::size_t i = 0; i < urls.size(); ++i) {
    const std::size_t number = distinct.add(urls[i].with_secrets());
    if (number == downloads.size()) {
      Download download{.label = urls[i].str(), .kind = "index", .lifetime = Lifetime::current};
      for (auto& url : sources_of(urls[i])) {
        std::string key = to_hex(sha256(url.without_credentials().str()));
        download.sources.push_back({std::move(url), std::move(key)});
      }
      download.limit = current_limit;
      download.copy_reading = copies;
      downloads.push_back(std::move(download));
      asked_as.emplace_back();
    }
    asked_as[number].push_back(i);
  }
  for (std::size_t number = 0; verify && number < downloads.size(); ++number)
    downloads[number].verify = [&verify, &indexes = asked_as[number]](ByteView bytes) {
      for (const std::size_t i : indexes) verify(i, bytes);
    };
  return distinct.spread(bring(std::move(downloads), context(stop_)));
}

std::vector<MappedFile> Fetcher::fetch_fixed(const std::vector<Wanted>& wanted) {
  Distinct distinct;
  std::vector<Download> downloads;
  for (const Wanted& one : wanted)
    if (distinct.add(one.kind + "/" + one.key) == downloads.size())
      downloads.push_back(download_of(one));
  return files_of(distinct.spread(bring(std::move(downloads), context(stop_))));
}

void Fetcher::fetch_fixed(const std::vector<Wanted>& wanted,
                          const std::function<void(std::size_t, MappedFile)>& ready,
                          const std::stop_token& stop) {
  Distinct distinct;
  std::vector<Download> downloads;
  std::vector<std::vector<std::size_t>> asked_as;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const std::size_t number = distinct.add(wanted[i].kind + "/" + wanted[i].key);
    if (number == downloads.size()) {
      downloads.push_back(download_of(wanted[i]));
      asked_as.emplace_back();
    }
    asked_as[number].push_back(i);
  }
  for (std::size_t number = 0; number < downloads.size(); ++number)
    downloads[number].ready = [&ready, &indexes = asked_as[number]](const MappedFile& file) {
      for (const std::size_t i : indexes) ready(i, file);
    };
  std::stop_source either;
  const auto request_stop = [&either] { either.request_stop(); };
  const std::stop_callback own(stop_, request_stop);
  const std::stop_callback given(stop, request_stop);
  bring(std::move(downloads), context(either.get_token()));
}

Download Fetcher::download_of(const Wanted& wanted) const {
  Download download{.label = wanted.label, .kind = wanted.kind, .lifetime = Lifetime::fixed};
  std::set<std::string> known;
  const auto add = [&](const Url& place) {
    for (auto& url : sources_of(place))
      if (known.insert(url.with_secrets()).second)
        download.sources.push_back({std::move(url), wanted.key});
  };
  add(wanted.url);
  for (const Url& other : wanted.others) add(other);
  download.size = wanted.size;
  download.limit = wanted.size.value_or(fixed_limit);
  download.verify = wanted.verify;
  return download;
}

}  // namespace tarn::apk
