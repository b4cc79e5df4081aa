#include "builder/sink/output_file.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>

#include "apk/support/error.h"

namespace tarn::builder {
namespace {

constexpr std::size_t write_size = 4U << 20U;

/// Whether something is there that a new file must not replace.
bool is_special(const std::filesystem::path& path) {
  std::error_code absent;
  const auto status = std::filesystem::status(path, absent);
  return std::filesystem::exists(status) && !std::filesystem::is_regular_file(status) &&
         !std::filesystem::is_directory(status);
}

}  // namespace

std::string OutputPlace::name() const {
  return is_descriptor() ? "standard output" : path.string();
}

OutputFile::OutputFile(const OutputPlace& place) : place_(place) {
  if (place.is_descriptor()) {
    descriptor_ = place.descriptor;
  } else if (is_special(place.path)) {
    special_ = FileDescriptor(::open(place.path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY));
    if (!special_) throw system_error("opening " + place.name(), errno);
    descriptor_ = special_.get();
  } else {
    file_.emplace(place.path);
  }
}

void OutputFile::write(ByteView bytes) {
  size_ += bytes.size();
  if (file_)
    file_->write(bytes);
  else
    write_all(descriptor_, bytes, place_.name());
}

void OutputFile::commit() {
  if (file_) file_->commit();
}

std::uint64_t place_file(const std::filesystem::path& file, const OutputPlace& place) {
  if (!place.is_descriptor() && !is_special(place.path)) {
    const std::uint64_t size = std::filesystem::file_size(file);
    std::error_code status;
    std::filesystem::rename(file, place.path, status);
    if (status) throw system_error("writing " + place.name(), status.value());
    return size;
  }
  const MappedFile mapped = MappedFile::open(file);
  OutputFile output(place);
  for (ByteView rest = mapped.bytes(); !rest.empty();) {
    const auto part = rest.first(std::min(rest.size(), write_size));
    output.write(part);
    rest = rest.subspan(part.size());
  }
  output.commit();
  return output.size();
}

std::filesystem::path temporary_prefix(const OutputPlace& place,
                                       const std::filesystem::path& scratch) {
  if (place.is_descriptor() || is_special(place.path)) return scratch / ".tarn-output-";
  return std::filesystem::absolute(place.path).parent_path() / ".tarn-output-";
}

}  // namespace tarn::builder
