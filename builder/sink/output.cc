#include "builder/sink/output.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <ctime>

#include <fmt/core.h>
#include <unistd.h>

#include "apk/support/error.h"
#include "builder/image/descriptors.h"
#include "builder/image/json.h"
#include "builder/sink/compressed_sink.h"
#include "builder/sink/cpio.h"
#include "builder/sink/directory.h"
#include "builder/sink/filesystem.h"
#include "builder/sink/layer_tree.h"
#include "builder/sink/rootfs_tar.h"

namespace tarn::builder {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::pair<std::string_view, OutputType>, 10> types = {{
    {"archive", OutputType::archive},
    {"oci", OutputType::oci},
    {"oci-archive", OutputType::oci_archive},
    {"docker-archive", OutputType::docker_archive},
    {"tar", OutputType::tar},
    {"dir", OutputType::directory},
    {"cpio", OutputType::cpio},
    {"squashfs", OutputType::squashfs},
    {"erofs", OutputType::erofs},
    {"ext4", OutputType::ext4},
}};

bool is_filesystem(OutputType type) {
  return type == OutputType::squashfs || type == OutputType::erofs || type == OutputType::ext4;
}

bool is_folder(OutputType type) {
  return type == OutputType::oci || type == OutputType::directory;
}

void check_parent(const fs::path& path) {
  const fs::path named = path.has_filename() ? path : path.parent_path();
  const fs::path folder = fs::absolute(named).parent_path();
  std::error_code status;
  if (!fs::is_directory(folder, status))
    throw Error(ErrorKind::failed, "there is no folder " + folder.string() + " to write to");
  // What is there already may be writable where its folder is not: a device, a layout.
  if (!fs::exists(named, status) && ::access(folder.c_str(), W_OK) != 0)
    throw system_error("writing to " + folder.string(), errno);
}

void check_file(const OutputPlace& place) {
  check_parent(place.path);
  std::error_code status;
  if (!place.path.has_filename() || fs::is_directory(place.path, status))
    throw Error(ErrorKind::usage, fmt::format("{} is a folder, not a file", place.name()));
}

/// Seconds since 1970 when the image was made, as its config says (RFC 3339, in UTC).
std::int64_t created_of(const Image& image) {
  const Json config = Json::parse(image.config.text, nullptr, false);
  const auto text = config.is_object() ? config.value("created", std::string()) : std::string();
  std::tm time{};
  char zone = 0;
  if (std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d%c", &time.tm_year, &time.tm_mon,
                  &time.tm_mday, &time.tm_hour, &time.tm_min, &time.tm_sec, &zone) != 7 ||
      zone != 'Z')
    throw Error(ErrorKind::failed, "the image does not say when it was created");
  time.tm_year -= 1900;
  time.tm_mon -= 1;
  return ::timegm(&time);
}

/// Only the output's architecture, where it names one.
Images chosen_images(const Output& output, const Images& images) {
  if (output.architecture.empty()) return images;
  Images chosen;
  chosen.tag = images.tag;
  std::ranges::copy_if(images.images, std::back_inserter(chosen.images), [&](const Image& image) {
    return image.architecture.apk == output.architecture;
  });
  chosen.index = make_image_index(chosen.images, {});
  return chosen;
}

const Image& only_image(const Output& output, const Images& images) {
  if (images.images.size() == 1) return images.images.front();
  throw Error(ErrorKind::usage, fmt::format("{} holds one architecture, but there are {}",
                                            output.place.name(), images.images.size()));
}

ArchiveForm form_of(OutputType type) {
  if (type == OutputType::oci_archive) return ArchiveForm::oci;
  return type == OutputType::docker_archive ? ArchiveForm::docker : ArchiveForm::hybrid;
}

std::vector<std::string> write_compressed_cpio(const Output& output, const LayerTree& tree,
                                               const OutputSettings& settings, OctetSink& sink,
                                               const std::stop_token& stop) {
  CompressedSink compressed(sink, output.compression, settings.threads, stop);
  auto losses = write_cpio(tree, compressed);
  compressed.finish();
  return losses;
}

/// What is written octet by octet.
std::vector<std::string> write_stream(const Output& output, const Images& images,
                                      const OutputSettings& settings, const std::stop_token& stop) {
  OutputFile file(output.place);
  std::vector<std::string> losses;
  if (holds_several(output.type)) {
    write_archive(images, form_of(output.type), file, stop);
  } else {
    const Image& image = only_image(output, images);
    const std::vector<Layer>& layers = image.layers;
    const std::int64_t created = created_of(image);
    if (output.type == OutputType::tar)
      write_rootfs_tar(layers, output.compression, created, settings.threads, file, stop);
    else
      losses =
          write_compressed_cpio(output, LayerTree(layers, created, stop), settings, file, stop);
  }
  file.commit();
  return losses;
}

void check_filesystem(const Output& output) {
  if (output.type == OutputType::squashfs) check_squashfs(output.filesystem_compression);
  if (output.type == OutputType::erofs) check_erofs(output.filesystem_compression);
  if (output.type == OutputType::ext4) check_ext4();
}

void write_filesystem(const Output& output, const Image& image, const OutputSettings& settings,
                      const std::stop_token& stop) {
  const std::int64_t created = created_of(image);
  const LayerTree tree(image.layers, created, stop);
  Sha256 identity;
  for (const Layer& layer : image.layers)
    identity.update(std::as_bytes(std::span(layer.diff_id.octets)));
  const FilesystemSettings filesystem{.created = created,
                                      .identity = identity.finish(),
                                      .compression = output.filesystem_compression,
                                      .size = output.size,
                                      .threads = settings.threads};
  const TemporaryDirectory temporary(
      fs::absolute(temporary_prefix(output.place, settings.scratch)));
  const fs::path file = temporary.path() / "image";
  if (output.type == OutputType::squashfs) make_squashfs(tree, filesystem, file, stop);
  if (output.type == OutputType::erofs) make_erofs(tree, filesystem, file, temporary.path(), stop);
  if (output.type == OutputType::ext4) make_ext4(tree, filesystem, file, temporary.path(), stop);
  place_file(file, output.place);
}

}  // namespace

std::vector<std::string_view> output_type_names() {
  std::vector<std::string_view> names;
  for (const auto& [name, type] : types) names.push_back(name);
  return names;
}

std::string_view name_of(OutputType type) {
  return std::ranges::find(types, type, &std::pair<std::string_view, OutputType>::second)->first;
}

std::optional<OutputType> output_type(std::string_view name) {
  const auto found =
      std::ranges::find(types, name, &std::pair<std::string_view, OutputType>::first);
  if (found == types.end()) return std::nullopt;
  return found->second;
}

bool holds_several(OutputType type) {
  return type == OutputType::archive || type == OutputType::oci ||
         type == OutputType::oci_archive || type == OutputType::docker_archive;
}

bool is_stream(OutputType type) {
  return !is_folder(type);
}

void check_output(const Output& output, const std::string& tag, Codec codec) {
  if (output.type == OutputType::docker_archive && codec == Codec::zstd)
    throw no_zstd_in_docker_archive();
  if (!output.fakeroot_file.empty()) check_file({output.fakeroot_file});
  check_filesystem(output);
  if (output.place.is_descriptor()) return;
  if (is_stream(output.type)) {
    check_file(output.place);
    return;
  }
  check_parent(output.place.path);
  if (output.type == OutputType::oci)
    check_layout(output.place.path, tag);
  else
    check_directory(output.place.path);
}

std::vector<std::string> write_output(const Output& output, const Images& images,
                                      const OutputSettings& settings, const std::stop_token& stop) {
  return with_context("writing " + output.place.name(), [&]() -> std::vector<std::string> {
    const Images chosen = chosen_images(output, images);
    if (output.type == OutputType::oci) {
      write_layout(chosen, output.place.path, stop);
      return {};
    }
    if (output.type == OutputType::directory) {
      const Image& image = only_image(output, chosen);
      return write_directory(LayerTree(image.layers, created_of(image), stop), output.place.path,
                             output.fakeroot_file);
    }
    if (is_filesystem(output.type)) {
      write_filesystem(output, only_image(output, chosen), settings, stop);
      return {};
    }
    return write_stream(output, chosen, settings, stop);
  });
}

}  // namespace tarn::builder
