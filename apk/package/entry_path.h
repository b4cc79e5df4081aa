#pragma once

#include <string>
#include <string_view>

namespace tarn::apk {

/// What is wrong with a path as one of a package's data section, as a clause for a message ("the
/// path is absolute"); empty when nothing is. Sound are plain names joined by '/': no empty parts,
/// no "." or "..", no control characters, so that none leaves the root.
std::string entry_path_fault(std::string_view path);

/// Whether a text holds control characters.
bool has_control_characters(std::string_view text);

}  // namespace tarn::apk
