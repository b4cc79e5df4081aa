#include "builder/rootfs/package_content.h"

#include <utility>

#include <fmt/core.h>

#include "apk/support/error.h"
#include "apk/support/gzip.h"

namespace tarn::builder {

PackageContent::PackageContent(MappedFile mapping, const apk::PackageFile& file,
                               const std::shared_ptr<const Bytes>& tar)
    : mapping_(std::move(mapping)),
      data_member_(file.data_member()),
      tar_size_(tar == nullptr ? 0 : tar->size()),
      loaded_(tar) {}

std::shared_ptr<const Bytes> PackageContent::load() const {
  const std::lock_guard lock(mutex_);
  if (auto bytes = loaded_.lock()) return bytes;
  auto bytes = with_context(fmt::format("reading {} again", mapping_.path().string()), [this] {
    return std::make_shared<const Bytes>(inflate_whole_gzip(data_member_, tar_size_));
  });
  if (bytes->size() != tar_size_) {
    throw Error(ErrorKind::failed,
                fmt::format("{} changed while it was used", mapping_.path().string()));
  }
  loaded_ = bytes;
  return bytes;
}

}  // namespace tarn::builder
