#pragma once

#include "apk/support/bytes.h"

namespace tarn::apk {

/// Whether a signature section differs in a single octet from what a compressor wrote.
///
/// Signatures and hashes cover the control and the data section of a package, but nothing covers
/// the section that holds the signatures. gzip's CRC-32 guards what it inflates to; the remaining
/// octets (the gzip header, and choices of the compressor between encodings of the same data) can
/// change unseen. They mean nothing to who installs the package, but a file that is not the one
/// its maker published should not pass as verified. So the section is compared with what it would
/// be: its content compressed by zlib (all levels, abuild's gzip and pigz among them) behind the
/// gzip header that the control section has, or as tarn signs. A section that equals one of these
/// is as it was made; one that differs from one of them, or from the control section's header, in
/// exactly one octet was changed. Any other is the work of another compressor and is not judged.
///
/// `section` must be one sound gzip member, `control` the section after it.
bool is_signature_section_damaged(ByteView section, ByteView control);

}  // namespace tarn::apk
