#include "builder/rootfs/package_content.h"

#include "apk/package/package_file.h"
#include "apk/support/error.h"
#include "apk/support/gzip.h"

namespace tarn::builder {

std::shared_ptr<const Bytes> PackageContent::load() const {
  const std::lock_guard lock(mutex_);
  if (auto bytes = loaded_.lock()) return bytes;
  auto bytes = with_context("reading the data of " + facts_.label, [this] {
    const MappedFile mapping = facts_.open();
    const auto file = apk::PackageFile::parse(mapping.bytes(), mapping.path().string());
    auto tar = std::make_shared<const Bytes>(
        inflate_whole_gzip(file.data_member(), static_cast<std::size_t>(facts_.tar_size)));
    if (tar->size() != facts_.tar_size)
      throw Error(ErrorKind::failed, mapping.path().string() + " changed while it was used");
    return tar;
  });
  loaded_ = bytes;
  if (const auto recent = facts_.recent.lock()) recent->keep(bytes);
  return bytes;
}

std::string PackageContent::identity() const {
  return facts_.identity ? "package " + facts_.identity->str() : std::string();
}

std::optional<DeflateStream> PackageContent::stream() const {
  if (!facts_.identity) return std::nullopt;
  const std::lock_guard lock(mutex_);
  return with_context("reading the data of " + facts_.label, [this] {
    const auto mapping = std::make_shared<const MappedFile>(facts_.open());
    const auto file = apk::PackageFile::parse(mapping->bytes(), mapping->path().string());
    std::optional<DeflateStream> stream;
    if (const auto octets = densest_deflate_stream(file.data_member()))
      stream = {mapping, *octets, facts_.tar_size};
    return stream;
  });
}

}  // namespace tarn::builder
