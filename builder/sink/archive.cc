#include <algorithm>
#include <functional>
#include <map>
#include <optional>

#include "apk/support/error.h"
#include "apk/support/parallel.h"
#include "builder/image/descriptors.h"
#include "builder/layer/tar.h"
#include "builder/registry/reference.h"
#include "builder/sink/layout_content.h"
#include "builder/sink/output_file.h"
#include "builder/sink/sink.h"

namespace tarn::builder {
namespace {

constexpr std::size_t write_size = 4U << 20U;

/// A tar of files and folders of root, all from 1970.
class ArchiveWriter {
 public:
  ArchiveWriter(OctetSink& sink, const std::stop_token& stop) : sink_(sink), stop_(stop) {}

  void add_folder(const std::string& path) {
    TarHeader header;
    header.path = path;
    header.type = TarType::directory;
    header.mode = 0755;
    sink_.write(as_bytes(tar_header(header)));
  }

  void add_file(const std::string& path, ByteView content) {
    add_blob(path, {.digest = {}, .bytes = content});
  }

  /// Holds no more than a part of a layer in memory.
  void add_blob(const std::string& path, const LayoutBlob& blob) {
    ByteView content = blob.bytes;
    TarHeader header;
    header.path = path;
    header.size = content.size();
    sink_.write(as_bytes(tar_header(header)));
    const std::string padding(tar_padding(content.size()), '\0');
    while (!content.empty()) {
      throw_if_stopped(stop_);
      const std::size_t size = std::min(content.size(), write_size);
      sink_.write(content.first(size));
      if (blob.layer != nullptr) blob.layer->blob.let_go(content.first(size));
      content = content.subspan(size);
    }
    sink_.write(as_bytes(padding));
  }

  void finish() {
    sink_.write(as_bytes(tar_end()));
    throw_if_stopped(stop_);
  }

 private:
  OctetSink& sink_;
  const std::stop_token& stop_;
};

std::string blob_path(const Sha256Digest& digest) {
  return LayoutBlob{.digest = digest, .bytes = {}}.path();
}

/// What docker shows for an image of several: tags cannot be shared in a docker-archive.
std::string platform_suffix(const apk::Architecture& architecture) {
  const std::string suffix = "-" + architecture.oci;
  return architecture.variant.empty() ? suffix : suffix + "-" + architecture.variant;
}

/// The names of blobs in an archive.
struct BlobNames {
  std::function<std::string(const Image&)> config;
  std::function<std::string(const Layer&)> layer;
};

/// As in an OCI layout.
BlobNames layout_names() {
  return {[](const Image& image) { return blob_path(image.config.digest); },
          [](const Layer& layer) { return blob_path(layer.digest); }};
}

/// As tools name them that write nothing but docker-archives.
BlobNames docker_names() {
  return {[](const Image& image) { return to_hex(image.config.digest) + ".json"; },
          [](const Layer& layer) {
            const bool is_gzip = layer.media_type.ends_with("gzip");
            return to_hex(layer.digest) + (is_gzip ? ".tar.gz" : ".tar");
          }};
}

/// manifest.json of a docker-archive (Docker image specification 1.2).
Json docker_manifest(const Images& images, const BlobNames& names) {
  std::optional<Reference> reference;
  if (!images.tag.empty()) reference = Reference::parse(images.tag);
  Json list = Json::array();
  const auto sorted = by_platform(images.images);
  for (const Image* image : sorted) {
    Json entry;
    entry["Config"] = names.config(*image);
    entry["RepoTags"] = Json::array();
    if (reference) {
      Reference named = *reference;
      if (sorted.size() > 1) named.tag += platform_suffix(image->architecture);
      entry["RepoTags"].push_back(named.familiar());
    }
    for (const Layer& layer : image->layers) entry["Layers"].push_back(names.layer(layer));
    list.push_back(std::move(entry));
  }
  return list;
}

void write_layout_archive(const Images& images, ArchiveForm form, ArchiveWriter& archive) {
  const auto blobs = layout_blobs(images);
  const std::string index = dump_json(layout_index(Json::array({layout_entry(images)})));
  const std::string manifest = dump_json(docker_manifest(images, layout_names()));
  archive.add_file("oci-layout", as_bytes(layout_marker));
  archive.add_file("index.json", as_bytes(index));
  if (form == ArchiveForm::hybrid) archive.add_file("manifest.json", as_bytes(manifest));
  archive.add_folder("blobs");
  archive.add_folder("blobs/sha256");
  for (const LayoutBlob& blob : blobs) archive.add_blob(blob.path(), blob);
}

void write_docker_archive(const Images& images, ArchiveWriter& archive) {
  const BlobNames names = docker_names();
  std::map<std::string, LayoutBlob> files;
  for (const Image& image : images.images) {
    files[names.config(image)] = {image.config.digest, as_bytes(image.config.text), nullptr};
    for (const Layer& layer : image.layers) {
      if (layer.media_type.ends_with("zstd")) throw no_zstd_in_docker_archive();
      files[names.layer(layer)] = {layer.digest, layer.blob.bytes(), &layer};
    }
  }
  if (files.empty()) throw Error(ErrorKind::failed, "there is no image to write");
  const std::string manifest = dump_json(docker_manifest(images, names));
  archive.add_file("manifest.json", as_bytes(manifest));
  for (const auto& [path, blob] : files) archive.add_blob(path, blob);
}

}  // namespace

Error no_zstd_in_docker_archive() {
  return Error(ErrorKind::usage, "a docker-archive cannot hold layers compressed with zstd")
      .hint(
          "give the recipe 'compression: {codec: gzip}', or write another type: oci-archive, oci");
}

void write_archive(const Images& images, ArchiveForm form, OctetSink& sink,
                   const std::stop_token& stop) {
  ArchiveWriter archive(sink, stop);
  if (form == ArchiveForm::docker)
    write_docker_archive(images, archive);
  else
    write_layout_archive(images, form, archive);
  archive.finish();
}

void write_archive(const Images& images, const std::filesystem::path& path,
                   const std::stop_token& stop) {
  OutputFile file({path});
  write_archive(images, ArchiveForm::hybrid, file, stop);
  file.commit();
}

}  // namespace tarn::builder
