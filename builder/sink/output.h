#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "builder/recipe/recipe.h"
#include "builder/sink/output_file.h"
#include "builder/sink/sink.h"

namespace tarn::builder {

/// What images can be written as.
enum class OutputType {
  archive,         ///< ArchiveForm::hybrid
  oci,             ///< an OCI layout in a folder
  oci_archive,     ///< ArchiveForm::oci
  docker_archive,  ///< ArchiveForm::docker
  tar,             ///< the files alone, as tar
  directory,       ///< the files alone, as a folder
  cpio,            ///< the files alone, as an initramfs
  squashfs,        ///< the files alone, as an image of a file system
  erofs,
  ext4,
};

/// One place to write images to, and how.
struct Output {
  OutputType type = OutputType::archive;
  OutputPlace place;
  Compression compression{Codec::none, {}};  ///< of a tar or cpio
  std::string filesystem_compression;        ///< of squashfs and erofs; empty: the default
  std::optional<std::uint64_t> size;         ///< octets of an ext4 file system
  std::filesystem::path fakeroot_file;       ///< beside a directory; empty: none
  std::string architecture;  ///< apk's name of the only one that is written; empty: all
};

/// All types by the names people give them, in order.
std::vector<std::string_view> output_type_names();
std::string_view name_of(OutputType type);
std::optional<OutputType> output_type(std::string_view name);

/// Whether images of several architectures fit into one output of that type.
bool holds_several(OutputType type);
/// Whether it is one run of octets, which standard output can take.
bool is_stream(OutputType type);

/// Finds what would make write_output fail, as far as that can be known before there are images:
/// throws Error (usage, failed) when the place cannot be written to, holds something else, or a
/// program is missing. `tag` and `codec`: of the images and their layers.
void check_output(const Output& output, const std::string& tag, Codec codec);

struct OutputSettings {
  std::size_t threads = 1;        ///< never changes the octets
  std::filesystem::path scratch;  ///< a folder for what is on its way to no file
};

/// Writes the images; the output appears whole or not at all, and its octets are a function of the
/// images, the tag and the output's settings. Gives what it could not hold, as lines for the
/// person. Throws Error (usage) when several images do not fit into it.
std::vector<std::string> write_output(const Output& output, const Images& images,
                                      const OutputSettings& settings, const std::stop_token& stop);

}  // namespace tarn::builder
