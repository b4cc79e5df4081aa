#include <algorithm>
#include <optional>

#include "apk/support/error.h"
#include "apk/support/file.h"
#include "apk/support/parallel.h"
#include "builder/image/descriptors.h"
#include "builder/layer/tar.h"
#include "builder/registry/reference.h"
#include "builder/sink/layout_content.h"
#include "builder/sink/sink.h"

namespace tarn::builder {
namespace {

constexpr std::size_t write_size = 4U << 20U;

/// A tar of files and folders of root, all from 1970.
class ArchiveWriter {
 public:
  ArchiveWriter(const std::filesystem::path& path, const std::stop_token& stop)
      : file_(path), stop_(stop) {}

  void add_folder(const std::string& path) {
    TarHeader header;
    header.path = path;
    header.type = TarType::directory;
    header.mode = 0755;
    file_.write(tar_header(header));
  }

  void add_file(const std::string& path, ByteView content) {
    TarHeader header;
    header.path = path;
    header.size = content.size();
    file_.write(tar_header(header));
    const std::string padding(tar_padding(content.size()), '\0');
    while (!content.empty()) {
      throw_if_stopped(stop_);
      const std::size_t size = std::min(content.size(), write_size);
      file_.write(content.first(size));
      content = content.subspan(size);
    }
    file_.write(padding);
  }

  void finish() {
    file_.write(tar_end());
    throw_if_stopped(stop_);
    file_.commit();
  }

 private:
  AtomicFile file_;
  const std::stop_token& stop_;
};

std::string blob_path(const Sha256Digest& digest) {
  return LayoutBlob{digest, {}}.path();
}

/// What docker shows for an image of several: tags cannot be shared in a docker-archive.
std::string platform_suffix(const apk::Architecture& architecture) {
  const std::string suffix = "-" + architecture.oci;
  return architecture.variant.empty() ? suffix : suffix + "-" + architecture.variant;
}

/// manifest.json of a docker-archive (Docker image specification 1.2).
Json docker_manifest(const Images& images) {
  std::optional<Reference> reference;
  if (!images.tag.empty()) reference = Reference::parse(images.tag);
  Json list = Json::array();
  const auto sorted = by_platform(images.images);
  for (const Image* image : sorted) {
    Json entry;
    entry["Config"] = blob_path(image->config.digest);
    entry["RepoTags"] = Json::array();
    if (reference) {
      Reference named = *reference;
      if (sorted.size() > 1) named.tag += platform_suffix(image->architecture);
      entry["RepoTags"].push_back(named.familiar());
    }
    for (const Layer& layer : image->layers)
      entry["Layers"].push_back(blob_path(layer.digest));
    list.push_back(std::move(entry));
  }
  return list;
}

}  // namespace

void write_archive(const Images& images, const std::filesystem::path& path,
                   const std::stop_token& stop) {
  const auto blobs = layout_blobs(images);
  const std::string index = dump_json(layout_index(Json::array({layout_entry(images)})));
  const std::string manifest = dump_json(docker_manifest(images));
  ArchiveWriter archive(path, stop);
  archive.add_file("oci-layout", as_bytes(layout_marker));
  archive.add_file("index.json", as_bytes(index));
  archive.add_file("manifest.json", as_bytes(manifest));
  archive.add_folder("blobs");
  archive.add_folder("blobs/sha256");
  for (const LayoutBlob& blob : blobs) archive.add_file(blob.path(), blob.bytes);
  archive.finish();
}

}  // namespace tarn::builder
