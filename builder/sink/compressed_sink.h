#pragma once

#include <cstddef>
#include <memory>
#include <stop_token>

#include "builder/recipe/recipe.h"
#include "builder/sink/octet_sink.h"

namespace tarn::builder {

/// Compresses what is written: gzip as one member (by libdeflate, in pieces, several at a time),
/// zstd as one frame, or not at all. The octets are a function of what is written and the
/// compression alone, not of the number of threads or of how the writes are cut.
class CompressedSink final : public OctetSink {
 public:
  /// `below` must outlive the sink. Throws Error (usage) for a level the codec does not have.
  CompressedSink(OctetSink& below, const Compression& compression, std::size_t threads,
                 const std::stop_token& stop);
  ~CompressedSink() override;

  void write(ByteView bytes) override;
  /// Ends the stream. Call once, last.
  void finish();

  class Encoder;

 private:
  std::unique_ptr<Encoder> encoder_;
};

}  // namespace tarn::builder
