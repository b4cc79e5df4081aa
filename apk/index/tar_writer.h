#pragma once

#include <string_view>

#include "apk/support/bytes.h"

namespace tarn::apk {

/// Adds a regular file to a tar archive: a ustar header that depends on its arguments alone (mode
/// 0644, owner root, time 0), the content, zeros to the next 512. Throws Error (failed) when the
/// name has more than 100 octets.
void append_tar_file(Bytes& tar, std::string_view name, ByteView content);

/// Adds the two zero blocks that end an archive.
void append_tar_end(Bytes& tar);

}  // namespace tarn::apk
