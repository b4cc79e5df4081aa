#include "builder/registry/blob_history.h"

#include <algorithm>

#include "builder/image/json.h"

namespace tarn::builder {
namespace {

constexpr const char* kind = "pushed-blobs";
constexpr std::size_t most_places = 4096;

}  // namespace

BlobHistory::BlobHistory(apk::Store& store, std::string registry)
    : store_(store), key_(to_hex(sha256(registry))) {
  load();
}

void BlobHistory::load() {
  const auto entry = store_.find(kind, key_);
  const auto file = entry ? store_.open(*entry) : std::nullopt;
  if (!file) return;
  std::string_view rest = as_text(file->bytes());
  while (!rest.empty()) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    const auto space = line.find(' ');
    if (space == std::string_view::npos) continue;
    const auto digest = parse_digest_text(line.substr(0, space));
    if (digest && places_.size() < most_places)
      places_.push_back({*digest, std::string(line.substr(space + 1))});
  }
}

std::vector<std::string> BlobHistory::repositories(const Sha256Digest& digest) const {
  std::vector<std::string> found;
  for (auto place = places_.rbegin(); place != places_.rend(); ++place)
    if (place->digest == digest) found.push_back(place->repository);
  return found;
}

void BlobHistory::add(const Sha256Digest& digest, const std::string& repository) {
  const Place place{digest, repository};
  if (std::ranges::find(places_, place) != places_.end()) return;
  places_.push_back(place);
  changed_ = true;
}

void BlobHistory::save() {
  if (!changed_) return;
  if (places_.size() > most_places)
    places_.erase(places_.begin(), places_.end() - static_cast<std::ptrdiff_t>(most_places));
  std::string text;
  for (const Place& place : places_)
    text += digest_text(place.digest) + " " + place.repository + "\n";
  AtomicFile blob = store_.new_blob();
  blob.write(text);
  apk::StoreEntry entry;
  entry.blob = sha256(text);
  entry.size = text.size();
  store_.put(kind, key_, std::move(blob), entry);
  changed_ = false;
}

}  // namespace tarn::builder
