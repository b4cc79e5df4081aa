// Looking after a store: what is in it, whether it is sound, and making room.

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/core.h>
#include <unistd.h>

#include "apk/fetch/store.h"
#include "apk/fetch/store_entry.h"
#include "apk/fetch/store_files.h"
#include "apk/support/error.h"
#include "apk/support/parallel.h"

namespace tarn::apk {
namespace {

namespace fs = std::filesystem;

/// A blob that no entry points to may be one that is being entered just now.
constexpr auto being_entered = std::chrono::hours(1);

std::chrono::system_clock::time_point last_written(const struct stat& status) {
  return std::chrono::system_clock::from_time_t(status.st_mtime);
}

}  // namespace

/// An entry file of the folder, sound or not.
struct Store::Place {
  std::string kind;
  std::string key;
  fs::path path;
};

std::vector<Store::Place> Store::places() const {
  std::vector<Place> places;
  for (const auto& kind : children(root_ / "entries"))
    for (const auto& path : children(kind)) {
      Place place{kind.filename().string(), path.filename().string(), path};
      if (is_store_name(place.kind) && is_store_name(place.key)) places.push_back(std::move(place));
    }
  return places;
}

std::vector<fs::path> Store::blobs() const {
  std::vector<fs::path> blobs;
  for (const auto& folder : children(root_ / "blobs" / "sha256"))
    for (auto& path : children(folder))
      if (is_blob_name(path)) blobs.push_back(std::move(path));
  return blobs;
}

std::vector<Store::Usage> Store::usage() const {
  std::map<std::string, Usage> kinds;
  std::set<fs::path> referenced;
  for (const Place& place : places()) {
    const auto entry = look_up(place.path);
    if (!entry) continue;
    const fs::path blob = blob_path(entry->blob);
    referenced.insert(blob);
    Usage& usage = kinds[place.kind];
    ++usage.entries;
    usage.bytes += size_of(blob).value_or(0);
  }
  std::vector<Usage> all;
  for (auto& [kind, usage] : kinds) all.push_back({kind, usage.entries, usage.bytes});
  Usage rest{.kind = "unreferenced"};
  for (const fs::path& blob : blobs()) {
    if (referenced.contains(blob)) continue;
    ++rest.entries;
    rest.bytes += size_of(blob).value_or(0);
  }
  if (rest.entries != 0) all.push_back(std::move(rest));
  return all;
}

Store::Verification Store::verify(std::size_t threads, const std::stop_token& stop) {
  const std::vector<Place> all = places();
  std::vector<std::optional<std::uint64_t>> sound(all.size());
  std::vector<char> is_damaged(all.size());
  parallel_for(
      all.size(), threads,
      [&](std::size_t i) {
        if (!status_of(all[i].path)) return;  // somebody has removed it just now
        const auto entry = look_up(all[i].path);
        const auto blob = entry ? open(*entry) : std::nullopt;
        if (blob) {
          sound[i] = blob->bytes().size();
        } else {
          is_damaged[i] = 1;
          remove_file(all[i].path);
        }
      },
      stop);
  Verification result;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (sound[i]) ++result.entries;
    result.bytes += sound[i].value_or(0);
    if (is_damaged[i] != 0) result.damaged.push_back(fmt::format("{}/{}", all[i].kind, all[i].key));
  }
  return result;
}

Store::Trimming Store::trim(const TrimGoal& goal) {
  struct Item {
    std::chrono::system_clock::time_point used;
    Place place;
    fs::path blob;
    auto order() const { return std::tie(used, place.kind, place.key); }
  };
  std::vector<Item> items;
  std::map<fs::path, std::pair<std::uint64_t, std::size_t>> referenced;  // size, entries
  Trimming result;
  for (Place& place : places()) {
    const auto status = status_of(place.path);
    const auto entry = look_up(place.path);
    if (!status || !entry) continue;
    fs::path blob = blob_path(entry->blob);
    auto& [size, count] = referenced[blob];
    if (count++ == 0) size = size_of(blob).value_or(0);
    result.left += count == 1 ? size : 0;
    items.push_back({last_written(*status), std::move(place), std::move(blob)});
  }
  const auto now = std::chrono::system_clock::now();
  for (const fs::path& blob : blobs()) {
    const auto status = status_of(blob);
    if (referenced.contains(blob) || !status || now - last_written(*status) < being_entered)
      continue;
    result.freed += remove_file(blob);
  }
  std::ranges::sort(items, {}, &Item::order);
  for (const Item& item : items) {
    const bool is_old = goal.unused_for && now - item.used > *goal.unused_for;
    const bool is_too_much = goal.bytes && result.left > *goal.bytes;
    if (!is_old && !is_too_much) break;
    // The entry first: without its blob it would be a damaged one.
    remove_file(item.place.path);
    ++result.entries;
    auto& [size, count] = referenced[item.blob];
    if (--count != 0) continue;
    result.left -= size;
    result.freed += remove_file(item.blob);
  }
  return result;
}

std::uint64_t Store::clear() {
  std::uint64_t freed = 0;
  const auto remove_folder_if_empty = [](const fs::path& path) { ::rmdir(path.c_str()); };
  // Entries first: one without its blob is only absent, but would be reported as damaged data.
  for (const auto& kind : children(root_ / "entries")) {
    if (!is_store_name(kind.filename().string())) continue;
    for (const auto& path : children(kind))
      if (is_store_name(path.filename().string())) freed += remove_file(path);
    remove_folder_if_empty(kind);
  }
  for (const auto& folder : children(root_ / "blobs" / "sha256")) {
    for (const auto& path : children(folder))
      if (is_blob_name(path)) freed += remove_file(path);
    remove_folder_if_empty(folder);
  }
  for (const auto& path : children(root_ / "tmp"))
    if (path.filename().string().starts_with(temporary_prefix)) freed += remove_file(path);
  freed += remove_file(root_ / cache_tag_name);
  for (const auto* name : {"entries", "blobs/sha256", "blobs", "tmp", ""})
    remove_folder_if_empty(root_ / name);
  return freed;
}

}  // namespace tarn::apk
