#pragma once

#include <cstdint>
#include <string_view>

#include "builder/layer/tar.h"

namespace tarn::builder {

/// What the first octets of a file say.
enum class FileBeginning { other, elf, interpreter };

/// Octets that beginning_of() looks at.
inline constexpr std::size_t beginning_size = 4;
FileBeginning beginning_of(std::string_view octets);

/// The kind of a file as people name it: "shared libraries", "programs", "directories". Judged by
/// its type, its first octets, its place and its name; `mode` is 07777.
std::string_view file_kind(std::string_view path, TarType type, std::uint32_t mode,
                           FileBeginning beginning);

}  // namespace tarn::builder
