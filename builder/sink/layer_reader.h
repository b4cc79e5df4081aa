#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "builder/layer/tar.h"
#include "builder/sink/layer_stream.h"

namespace tarn::builder {

/// Reads the records of a layer's tar one after the other: ustar with POSIX.1-2001 pax headers, and
/// GNU's long names and numbers.
class LayerReader {
 public:
  /// `layer` must outlive the reader.
  explicit LayerReader(const Layer& layer) : stream_(layer) {}

  /// The next record, passing over what was not read of the content before; nothing at the end. Its
  /// path is as in the tar. Throws Error (failed) for a damaged or unsupported record.
  std::optional<TarHeader> next();
  /// The content of the record: fills the buffer but at its end.
  std::size_t read(std::span<std::byte> buffer);
  /// Octets of the blob that what lies before the record took, as LayerStream::consumed(); behind
  /// the last record those before what ends the tar.
  std::uint64_t begin() const { return begin_; }

 private:
  bool read_block(std::span<std::byte> block);
  std::string read_text(std::uint64_t size);
  void skip(std::uint64_t size);

  LayerStream stream_;
  std::uint64_t begin_ = 0;
  std::uint64_t content_ = 0;  ///< octets of the content that are unread
  std::uint64_t padding_ = 0;  ///< octets behind it
};

}  // namespace tarn::builder
