#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "apk/index/tar_entry.h"
#include "apk/support/bytes.h"

struct archive;

namespace tarn::apk {

/// Walks a tar archive in memory. libarchive reads it, and what libarchive does not tell (PAX
/// records, the raw type) is read beside it: both must agree where each entry lies, how large it is
/// and what it is, so that nothing is skipped or seen twice.
class TarReader {
 public:
  /// `tar` must outlive the reader.
  explicit TarReader(ByteView tar);

  /// The next entry; nothing at the end. Throws Error (failed) for a malformed archive.
  std::optional<TarEntry> next();
  /// Blocks of 512 zero octets after the last entry, once next() gave nothing.
  std::uint64_t trailing_blocks() const { return trailing_blocks_; }

 private:
  struct Free {
    void operator()(archive* reader) const;
  };
  bool at_end_mark() const;
  void open();
  void check_against_libarchive(const std::optional<TarEntry>& entry);
  void check_end();

  ByteView tar_;
  std::unique_ptr<archive, Free> reader_;
  std::uint64_t expected_ = 0;  ///< where the next entry must begin
  std::uint64_t trailing_blocks_ = 0;
};

}  // namespace tarn::apk
