#include <algorithm>
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <fmt/core.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "apk/support/error.h"
#include "apk/support/file.h"
#include "apk/support/parallel.h"
#include "builder/sink/layout_content.h"
#include "builder/sink/sink.h"

namespace tarn::builder {
namespace {

constexpr std::uint64_t largest_index = 16U << 20U;

/// Holds a folder for this process alone among those that ask; leaves no file behind.
class FolderLock {
 public:
  explicit FolderLock(const std::filesystem::path& folder)
      : fd_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    if (!fd_) throw system_error("opening " + folder.string(), errno);
    while (::flock(fd_.get(), LOCK_EX) != 0)
      if (errno != EINTR) throw system_error("locking " + folder.string(), errno);
  }

 private:
  FileDescriptor fd_;
};

enum class FolderState { absent, empty, filled };

/// Throws Error (usage) when something else than a folder is at `path`.
FolderState state_of(const std::filesystem::path& path) {
  std::error_code status;
  const auto type = std::filesystem::status(path, status).type();
  if (type == std::filesystem::file_type::not_found) return FolderState::absent;
  if (!status && type != std::filesystem::file_type::directory)
    throw Error(ErrorKind::usage, path.string() + " is no folder");
  const bool is_empty = !status && std::filesystem::is_empty(path, status);
  if (status) throw system_error("reading " + path.string(), status.value());
  return is_empty ? FolderState::empty : FolderState::filled;
}

bool is_file(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(path, ignored);
}

Json read_json(const std::filesystem::path& path) {
  Json json = Json::parse(read_file(path, largest_index), nullptr, false);
  if (!json.is_object()) throw Error(ErrorKind::failed, path.string() + " is no JSON object");
  return json;
}

/// A text among an entry's annotations; empty when it has none.
std::string annotation(const Json& entry, const char* key) {
  if (!entry.is_object() || !entry.contains("annotations")) return {};
  const Json& annotations = entry["annotations"];
  if (!annotations.is_object() || !annotations.contains(key) || !annotations[key].is_string())
    return {};
  return annotations[key].get<std::string>();
}

/// Whether `entry` has to give way to `added`.
bool is_replaced(const Json& entry, const Json& added, const std::filesystem::path& folder) {
  const std::string ref_name = annotation(entry, ref_name_key);
  if (ref_name != annotation(added, ref_name_key)) return false;
  const std::string name = annotation(entry, image_name_key);
  const std::string added_name = annotation(added, image_name_key);
  if (!ref_name.empty() && !name.empty() && name != added_name)
    throw Error(ErrorKind::usage, fmt::format("the layout {} has another image with the tag '{}'",
                                              folder.string(), ref_name))
        .detail("there", name)
        .detail("to be written", added_name)
        .hint("give this image another tag, or write it into another folder");
  return true;
}

/// The entries with `added` in the place of what it replaces, else at the end.
Json merge_entries(const Json& entries, const Json& added, const std::filesystem::path& folder) {
  Json merged = Json::array();
  bool placed = false;
  for (const Json& entry : entries) {
    if (!is_replaced(entry, added, folder)) {
      merged.push_back(entry);
    } else if (!placed) {
      merged.push_back(added);
      placed = true;
    }
  }
  if (!placed) merged.push_back(added);
  return merged;
}

void check_is_layout(const std::filesystem::path& folder) {
  const auto marker = folder / "oci-layout";
  if (!is_file(marker))
    throw Error(ErrorKind::usage,
                fmt::format("the folder {} is neither empty nor an OCI layout", folder.string()))
        .hint("name a folder that is new or empty, or one that holds an OCI layout");
  const Json json = read_json(marker);
  const auto version = json.find("imageLayoutVersion");
  if (version == json.end() || *version != "1.0.0")
    throw Error(ErrorKind::failed, marker.string() + " is not of version 1.0.0");
}

/// index.json of an existing layout with the new entry in it.
Json extend_index(const std::filesystem::path& folder, const Json& added) {
  const auto path = folder / "index.json";
  if (!is_file(path)) return layout_index(Json::array({added}));
  Json index = read_json(path);
  if (!index.contains("manifests")) index["manifests"] = Json::array();
  if (!index["manifests"].is_array())
    throw Error(ErrorKind::failed, path.string() + " has no list of manifests");
  index["manifests"] = merge_entries(index["manifests"], added, folder);
  return index;
}

/// The blob as it lies in the cache, which checked it; empty for another.
std::filesystem::path place_in_cache(const LayoutBlob& blob) {
  if (blob.layer == nullptr || blob.layer->place != BlobPlace::cache) return {};
  return blob.layer->blob.path();
}

bool is_whole(const std::filesystem::path& path, const LayoutBlob& blob) {
  if (!is_file(path)) return false;
  std::error_code status;
  const auto cached = place_in_cache(blob);
  if (!cached.empty() && std::filesystem::equivalent(path, cached, status)) return true;
  const MappedFile there = MappedFile::open(path);
  return there.bytes().size() == blob.bytes.size() && sha256(there.bytes()) == blob.digest;
}

/// Whether two files have owner and mode in common.
bool have_equal_access(int one, int other) {
  struct stat first {};
  struct stat second {};
  return ::fstat(one, &first) == 0 && ::fstat(other, &second) == 0 &&
         first.st_mode == second.st_mode && first.st_uid == second.st_uid &&
         first.st_gid == second.st_gid;
}

/// Shares the octets of a file of the cache, where the file system can: as a copy that is made on
/// writing, else as another name. Blobs are never written to once they are there.
bool share(const std::filesystem::path& cached, const std::filesystem::path& path) {
  const FileDescriptor source(::open(cached.c_str(), O_RDONLY | O_CLOEXEC));
  if (!source) return false;
  AtomicFile copy(path);
  if (::ioctl(copy.fd(), FICLONE, source.get()) == 0) {
    copy.commit();
    return true;
  }
  if (!have_equal_access(source.get(), copy.fd())) return false;
  const TemporaryDirectory beside(path.parent_path() / ".tarn-blob-");
  const auto name = beside.path() / path.filename();
  std::error_code status;
  std::filesystem::create_hard_link(cached, name, status);
  if (!status) std::filesystem::rename(name, path, status);
  return !status;
}

void write_blob(const std::filesystem::path& path, const LayoutBlob& blob) {
  const auto cached = place_in_cache(blob);
  if (!cached.empty() && share(cached, path)) return;
  constexpr std::size_t step = 4U << 20U;
  AtomicFile file(path);
  for (ByteView rest = blob.bytes; !rest.empty();) {
    const ByteView part = rest.first(std::min(rest.size(), step));
    file.write(part);
    if (blob.layer != nullptr) blob.layer->blob.let_go(part);
    rest = rest.subspan(part.size());
  }
  file.commit();
}

/// Writes all but index.json, then that.
void fill(const std::filesystem::path& folder, const std::vector<LayoutBlob>& blobs,
          const Json& index, const std::stop_token& stop) {
  write_file(folder / "oci-layout", layout_marker);
  make_directories(folder / "blobs" / "sha256");
  for (const LayoutBlob& blob : blobs) {
    throw_if_stopped(stop);
    const auto path = folder / blob.path();
    if (!is_whole(path, blob)) write_blob(path, blob);
  }
  throw_if_stopped(stop);
  write_file(folder / "index.json", dump_json(index));
}

void write_new_layout(const std::filesystem::path& folder, const std::vector<LayoutBlob>& blobs,
                      const Json& entry, const std::stop_token& stop) {
  // Beside the folder, so that a rename can bring it; the inner folder has usual permissions.
  const TemporaryDirectory temporary(folder.parent_path() / ".tarn-layout-");
  const auto inner = temporary.path() / "layout";
  make_directories(inner);
  fill(inner, blobs, layout_index(Json::array({entry})), stop);
  std::error_code status;
  std::filesystem::rename(inner, folder, status);
  if (status) throw system_error("writing " + folder.string(), status.value());
}

void extend_layout(const std::filesystem::path& folder, const std::vector<LayoutBlob>& blobs,
                   const Json& entry, const std::stop_token& stop) {
  const FolderLock lock(folder);
  if (state_of(folder) == FolderState::filled) check_is_layout(folder);
  fill(folder, blobs, extend_index(folder, entry), stop);
}

}  // namespace

void check_layout(const std::filesystem::path& folder, const std::string& tag) {
  Json entry = Json::object();
  name_entry(entry, tag);
  const auto named = folder.has_filename() ? folder : folder.parent_path();
  if (state_of(named) != FolderState::filled) return;
  check_is_layout(named);
  extend_index(named, entry);
}

void write_layout(const Images& images, const std::filesystem::path& folder,
                  const std::stop_token& stop) {
  const auto blobs = layout_blobs(images);
  const Json entry = layout_entry(images);
  // "out/" is the folder out.
  const auto named = folder.has_filename() ? folder : folder.parent_path();
  if (state_of(named) == FolderState::absent)
    write_new_layout(named, blobs, entry, stop);
  else
    extend_layout(named, blobs, entry, stop);
}

}  // namespace tarn::builder
