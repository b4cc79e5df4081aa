#include "apk/fetch/store.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apk/fetch/store_entry.h"
#include "apk/fetch/store_files.h"
#include "apk/support/error.h"

namespace tarn::apk {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view tag_text =
    "Signature: 8a477f597d28d172789f06886806bc55\n"
    "# Files that tarn can fetch or make again. See https://bford.info/cachedir/\n";

void check_name(const std::string& what, const std::string& name) {
  if (!is_store_name(name))
    throw Error(ErrorKind::failed, fmt::format("'{}' cannot be a {} in the cache", name, what));
}

bool is_there(const fs::path& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0;
}

/// Removes a damaged file so that a sound one can take its place. Where it cannot be removed the
/// next put() replaces it, and until then it counts as absent all the same.
void drop(const fs::path& path) {
  ::unlink(path.c_str());
}

/// Removes what killed processes left; what a running one writes is younger.
void sweep(const fs::path& temporary_folder) {
  constexpr auto old = std::chrono::hours(24);
  for (const auto& path : children(temporary_folder)) {
    if (!path.filename().string().starts_with(temporary_prefix)) continue;
    std::error_code status;
    const auto written = fs::last_write_time(path, status);
    if (!status && fs::file_time_type::clock::now() - written > old) fs::remove_all(path, status);
  }
}

/// Gives `file` the name `place`. The intermediate name lies in the temporary folder, so that
/// whenever the process is killed nothing but that can be left, where sweep() finds it.
void give_place(AtomicFile& file, const fs::path& temporary_folder, const fs::path& place) {
  std::uint64_t number = 0;
  if (::getentropy(&number, sizeof number) != 0) throw system_error("reading entropy", errno);
  const fs::path step = temporary_folder / fmt::format("{}{:016x}", temporary_prefix, number);
  file.commit_as(step);
  if (::rename(step.c_str(), place.c_str()) != 0) {
    const int error_number = errno;
    drop(step);
    throw system_error("writing " + place.string(), error_number);
  }
}

/// Runs `function`, which makes folders and files in them, again when it fails: somebody may clear
/// or delete the cache in between, which is to cost time only. The waits let a removal that is
/// under way come to its end. The last failure is real.
template <typename Function>
auto with_retries(Function&& function) {
  constexpr int attempts = 5;
  for (int attempt = 1;; ++attempt) {
    try {
      return function();
    } catch (const Error&) {
      if (attempt == attempts) throw;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1 << attempt));
  }
}

AtomicFile new_file(const fs::path& temporary_folder) {
  return with_retries([&] {
    make_directories(temporary_folder);
    return AtomicFile(temporary_folder / "new");
  });
}

/// The content of `from` in a file of its own.
AtomicFile copy_of(const AtomicFile& from, const fs::path& temporary_folder) {
  AtomicFile copy = new_file(temporary_folder);
  std::array<std::byte, 65536> buffer{};
  off_t offset = 0;
  for (;;) {
    const ssize_t got = ::pread(from.fd(), buffer.data(), buffer.size(), offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw system_error("reading " + from.path().string(), errno);
    if (got == 0) return copy;
    copy.write(ByteView(buffer).first(static_cast<std::size_t>(got)));
    offset += got;
  }
}

/// As give_place(), making the folders. A file whose half-given name was deleted cannot get another
/// one: it is copied from what is still open.
void place_file(AtomicFile file, const fs::path& temporary_folder, const fs::path& place) {
  bool first = true;
  with_retries([&] {
    make_directories(temporary_folder);
    make_directories(place.parent_path());
    if (std::exchange(first, false)) return give_place(file, temporary_folder, place);
    AtomicFile copy = copy_of(file, temporary_folder);
    make_directories(place.parent_path());
    give_place(copy, temporary_folder, place);
  });
}

/// Leaves the day on which an entry was used last as its time, by which trim() goes.
void note_use(const fs::path& path) {
  const auto status = status_of(path);
  if (!status || ::time(nullptr) - status->st_mtime < 24 * 60 * 60) return;
  ::utimensat(AT_FDCWD, path.c_str(), nullptr, AT_SYMLINK_NOFOLLOW);
}

}  // namespace

Store::Store(fs::path folder) : folder_(std::move(folder)), root_(folder_ / "v1") {
  const fs::path temporary_folder = root_ / "tmp";
  with_retries([&] {
    make_directories(temporary_folder);
    if (::access(temporary_folder.c_str(), W_OK | X_OK) != 0)
      throw system_error("writing the cache in " + folder_.string(), errno)
          .hint("set TARN_CACHE to a folder that can be written");
    if (!is_there(root_ / cache_tag_name)) write_file(root_ / cache_tag_name, tag_text);
  });
  sweep(temporary_folder);
}

fs::path Store::temporary_folder_prefix() const {
  return root_ / "tmp" / temporary_prefix;
}

fs::path Store::blob_path(const Sha256Digest& digest) const {
  const std::string hex = to_hex(digest);
  return root_ / "blobs" / "sha256" / hex.substr(0, 2) / hex;
}

fs::path Store::entry_path(const std::string& kind, const std::string& key) const {
  check_name("kind", kind);
  check_name("key", key);
  return root_ / "entries" / kind / key;
}

std::optional<StoreEntry> Store::look_up(const fs::path& path) const {
  const auto size = size_of(path);
  if (size && *size <= max_store_entry_size) {
    try {
      if (auto entry = parse_store_entry(read_file(path, max_store_entry_size))) return entry;
    } catch (const Error&) {
      if (is_there(path)) throw;
      return std::nullopt;  // another process removed it just now
    }
  }
  drop(path);
  return std::nullopt;
}

std::optional<StoreEntry> Store::find(const std::string& kind, const std::string& key) const {
  const fs::path path = entry_path(kind, key);
  auto entry = look_up(path);
  if (entry) note_use(path);
  return entry;
}

std::optional<MappedFile> Store::open(const StoreEntry& entry) const {
  auto file = map(entry);
  if (file && sha256(file->bytes()) == entry.blob) return file;
  if (file) drop(blob_path(entry.blob));
  return std::nullopt;
}

std::optional<MappedFile> Store::map(const StoreEntry& entry) const {
  const fs::path path = blob_path(entry.blob);
  if (size_of(path) == entry.size) {
    try {
      MappedFile file = MappedFile::open(path);
      if (file.bytes().size() == entry.size) return file;
    } catch (const Error&) {
      if (is_there(path)) throw;
      return std::nullopt;
    }
  }
  drop(path);
  return std::nullopt;
}

AtomicFile Store::new_blob() const {
  return new_file(root_ / "tmp");
}

void Store::put(const std::string& kind, const std::string& key, AtomicFile blob,
                const StoreEntry& entry) {
  const fs::path place = entry_path(kind, key);
  const std::string text = format_store_entry(entry);
  struct stat status {};
  if (::fstat(blob.fd(), &status) != 0) throw system_error("writing " + place.string(), errno);
  if (static_cast<std::uint64_t>(status.st_size) != entry.size)
    throw Error(ErrorKind::failed, fmt::format("the cache entry {}/{} is wrong", kind, key))
        .detail("expected", fmt::format("{} octets", entry.size))
        .detail("found", fmt::format("{} octets", status.st_size));
  const auto previous = find(kind, key);
  const fs::path temporary_folder = root_ / "tmp";
  place_file(std::move(blob), temporary_folder, blob_path(entry.blob));
  AtomicFile entry_file = new_blob();
  entry_file.write(text);
  place_file(std::move(entry_file), temporary_folder, place);
  // Should another entry have pointed to the same octets, they are fetched again for that one.
  if (previous && previous->blob != entry.blob) drop(blob_path(previous->blob));
}

}  // namespace tarn::apk
