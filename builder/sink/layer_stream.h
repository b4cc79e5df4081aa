#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stop_token>

#include "builder/layer/layer.h"

namespace tarn::builder {

/// The tar inside a layer, decompressed while it is read. Takes little memory for any layer.
class LayerStream {
 public:
  /// `layer` must outlive the stream. Throws Error (failed) without memory.
  explicit LayerStream(const Layer& layer);
  /// The tar inside a blob of unknown origin: `limit` octets of it at most.
  LayerStream(ByteView blob, std::uint64_t limit);
  ~LayerStream();
  LayerStream(const LayerStream&) = delete;
  LayerStream& operator=(const LayerStream&) = delete;

  /// The next octets of the tar: fills the buffer but at the tar's end. Throws Error (failed) for
  /// damaged data, and when it holds more or less than the layer says.
  std::size_t read(std::span<std::byte> buffer);
  /// Octets of the blob that what was read so far took; at the tar's end all of them. Of gzip to
  /// some octets; of zstd those of each block are spread evenly over what the block holds.
  std::uint64_t consumed() const;

 private:
  class Decoder;
  class Stored;
  class Gzip;
  class Zstd;
  static std::unique_ptr<Decoder> make_decoder(ByteView blob);

  std::unique_ptr<Decoder> decoder_;
  std::uint64_t left_;    ///< octets of tar that are still to come, or may
  bool is_exact_ = true;  ///< as many must come
};

/// Fills in tar_size of a layer that was not made here. Throws Error: trust when its tar is not the
/// one that diff_id names, failed when it is damaged or has more than `limit` octets.
void measure_layer(Layer& layer, std::uint64_t limit, const std::stop_token& stop);

}  // namespace tarn::builder
