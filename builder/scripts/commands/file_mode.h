#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "builder/rootfs/rootfs.h"

namespace tarn::builder {

/// The mode that "755" or "u+x,go=" makes of `current`, as busybox reads it; a part without [ugoa]
/// leaves out what the umask has. Nothing for a text that is no mode.
std::optional<std::uint32_t> apply_mode(std::string_view text, std::uint32_t current,
                                        std::uint32_t umask, bool is_directory);

/// "rwxr-xr-x", with s, S, t, T.
std::string mode_letters(std::uint32_t mode);

/// The first letter of what ls -l prints: '-', 'd', 'l', 'c', 'b', 'p'.
char type_letter(NodeType type);

}  // namespace tarn::builder
