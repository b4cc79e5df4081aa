#include "builder/sink/compressed_sink.h"

#include <algorithm>
#include <vector>

#include <zstd.h>

#include "apk/support/error.h"
#include "apk/support/hash.h"
#include "apk/support/parallel.h"
#include "builder/layer/compressor.h"

namespace tarn::builder {

class CompressedSink::Encoder {
 public:
  virtual ~Encoder() = default;
  Encoder() = default;
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;
  virtual void write(ByteView bytes) = 0;
  virtual void finish() = 0;
};

namespace {

constexpr int default_zstd_level = 9;

class Plain final : public CompressedSink::Encoder {
 public:
  explicit Plain(OctetSink& below) : below_(below) {}
  void write(ByteView bytes) override { below_.write(bytes); }
  void finish() override {}

 private:
  OctetSink& below_;
};

/// Collects as many pieces as there are threads, then compresses them at once.
class Pieces final : public CompressedSink::Encoder {
 public:
  Pieces(OctetSink& below, const Compression& compression, std::size_t threads,
         const std::stop_token& stop)
      : below_(below),
        compressor_(make_compressor(compression)),
        capacity_(std::max<std::size_t>(threads, 1)),
        stop_(stop) {
    below_.write(compressor_->start());
  }

  void write(ByteView bytes) override {
    while (!bytes.empty()) {
      if (pieces_.empty() || pieces_.back().size() == piece_size) begin_piece();
      Bytes& piece = pieces_.back();
      const auto part =
          bytes.first(std::min<std::uint64_t>(bytes.size(), piece_size - piece.size()));
      piece.insert(piece.end(), part.begin(), part.end());
      bytes = bytes.subspan(part.size());
    }
  }

  void finish() override {
    compress();
    below_.write(compressor_->end(crc_, size_));
  }

 private:
  void begin_piece() {
    if (pieces_.size() == capacity_) compress();
    pieces_.emplace_back().reserve(piece_size);
  }

  void compress() {
    std::vector<CompressedPiece> made(pieces_.size());
    parallel_for(
        pieces_.size(), capacity_,
        [&](std::size_t i) { made[i] = compressor_->compress(pieces_[i]); }, stop_);
    pieces_.clear();
    for (const CompressedPiece& piece : made) {
      below_.write(piece.bytes);
      crc_ = crc32_combine(crc_, piece.crc, piece.tar_size);
      size_ += piece.tar_size;
    }
  }

  OctetSink& below_;
  std::unique_ptr<PieceCompressor> compressor_;
  std::size_t capacity_;
  std::stop_token stop_;
  std::vector<Bytes> pieces_;
  std::uint32_t crc_ = 0;
  std::uint64_t size_ = 0;
};

/// One frame, because Linux unpacks no initramfs whose frames end in the middle of a file.
class Frame final : public CompressedSink::Encoder {
 public:
  Frame(OctetSink& below, int level, const std::stop_token& stop)
      : below_(below), buffer_(ZSTD_CStreamOutSize()), stop_(stop) {
    if (!context_) throw Error(ErrorKind::failed, "compressing: out of memory");
    check(ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, level));
    check(ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1));
  }

  void write(ByteView bytes) override {
    throw_if_stopped(stop_);
    ZSTD_inBuffer input{bytes.data(), bytes.size(), 0};
    while (input.pos < input.size) step(input, ZSTD_e_continue);
  }
  void finish() override {
    ZSTD_inBuffer nothing{nullptr, 0, 0};
    while (step(nothing, ZSTD_e_end) != 0) {
    }
  }

 private:
  static std::size_t check(std::size_t status) {
    if (ZSTD_isError(status) != 0U)
      throw Error(ErrorKind::failed, std::string("compressing: ") + ZSTD_getErrorName(status));
    return status;
  }
  std::size_t step(ZSTD_inBuffer& input, ZSTD_EndDirective directive) {
    ZSTD_outBuffer output{buffer_.data(), buffer_.size(), 0};
    const std::size_t left =
        check(ZSTD_compressStream2(context_.get(), &output, &input, directive));
    below_.write(ByteView(buffer_).first(output.pos));
    return left;
  }

  OctetSink& below_;
  std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context_{ZSTD_createCCtx(), &ZSTD_freeCCtx};
  Bytes buffer_;
  std::stop_token stop_;
};

std::unique_ptr<CompressedSink::Encoder> make_encoder(OctetSink& below,
                                                      const Compression& compression,
                                                      std::size_t threads,
                                                      const std::stop_token& stop) {
  switch (compression.codec) {
    case Codec::none:
      return std::make_unique<Plain>(below);
    case Codec::gzip:
      return std::make_unique<Pieces>(below, compression, threads, stop);
    case Codec::zstd:
      make_compressor(compression);  // refuses a wrong level
      return std::make_unique<Frame>(below, compression.level.value_or(default_zstd_level), stop);
  }
  throw Error(ErrorKind::failed, "unknown compression");
}

}  // namespace

CompressedSink::CompressedSink(OctetSink& below, const Compression& compression,
                               std::size_t threads, const std::stop_token& stop)
    : encoder_(make_encoder(below, compression, threads, stop)) {}

CompressedSink::~CompressedSink() = default;

void CompressedSink::write(ByteView bytes) {
  encoder_->write(bytes);
}

void CompressedSink::finish() {
  encoder_->finish();
}

}  // namespace tarn::builder
