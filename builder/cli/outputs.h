#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "apk/model/architecture.h"
#include "builder/cli/command.h"
#include "builder/recipe/recipe.h"
#include "builder/sink/output.h"

namespace tarn::builder {

/// An output as a person wrote it; its path may have the placeholder "{arch}".
struct WrittenOutput {
  std::string text;  ///< as it was written, for messages
  Output output;
};

/// Reads the value of -o: "type=TYPE,dest=PATH[,KEY=VALUE…]", or a PATH whose name says the type:
///
///   -                                            standard output; the archive unless a type is
///   given an existing folder, or ending in '/'         oci .rootfs.tar .tar.gz .tgz .tar.zst tar
///   .oci.tar .docker.tar                         oci-archive, docker-archive
///   .cpio .cpio.gz .cpio.zst                     cpio
///   .squashfs .sqfs .erofs .ext4                 a file system
///   all others                                   archive
///
/// Throws Error (usage) for what it is not, naming what can be.
WrittenOutput parse_output(const std::string& text);

/// The outputs of a build, checked as far as they can be before it: "{arch}" replaced by apk's name
/// of each architecture. Throws Error (usage) when several architectures go into one that holds
/// one, when two have the same destination, and what check_output throws.
std::vector<Output> plan_outputs(const std::vector<WrittenOutput>& written,
                                 const std::vector<apk::Architecture>& architectures,
                                 const std::string& tag, Codec codec);

/// The path that what belongs to an output is named after (an SBOM): the output's own, without a
/// '/' at its end. Where that is standard output, or one for each architecture, `stem` in its
/// folder.
std::filesystem::path path_beside(const WrittenOutput& written, const std::string& stem);

/// Whether one of them takes standard output.
bool takes_standard_output(const std::vector<WrittenOutput>& written);

/// Type, destination, digest and size of what was written, for --json: of a file its own, of an OCI
/// layout the digest of the image in it.
nlohmann::ordered_json output_json(const Output& output, const Images& images);

}  // namespace tarn::builder
