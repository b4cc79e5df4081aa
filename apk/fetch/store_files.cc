#include "apk/fetch/store_files.h"

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>

#include <unistd.h>

#include "apk/fetch/store_entry.h"
#include "apk/support/error.h"
#include "apk/support/hash.h"

namespace tarn::apk {

namespace fs = std::filesystem;

std::vector<fs::path> children(const fs::path& folder) {
  std::vector<fs::path> paths;
  std::error_code status;
  if (fs::symlink_status(folder, status).type() != fs::file_type::directory) return paths;
  for (fs::directory_iterator it(folder, status), end; !status && it != end; it.increment(status))
    paths.push_back(it->path());
  std::ranges::sort(paths);
  return paths;
}

bool is_blob_name(const fs::path& path) {
  const std::string name = path.filename().string();
  return digest_from_hex<32>(name).has_value() && is_store_name(name);
}

std::optional<struct stat> status_of(const fs::path& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  return status;
}

std::optional<std::uint64_t> size_of(const fs::path& path) {
  const auto status = status_of(path);
  if (!status) return std::nullopt;
  return static_cast<std::uint64_t>(status->st_size);
}

std::uint64_t remove_file(const fs::path& path) {
  const auto size = size_of(path);
  if (!size) return 0;
  if (::unlink(path.c_str()) == 0) return *size;
  if (errno == ENOENT) return 0;
  throw system_error("removing " + path.string(), errno);
}

}  // namespace tarn::apk
