#include "builder/layer/compressor.h"

#include <fmt/core.h>
#include <libdeflate.h>
#include <zstd.h>

#include "apk/support/error.h"
#include "builder/layer/gzip_joiner.h"

namespace tarn::builder {
namespace {

constexpr int default_level = 9;

Error out_of_memory() {
  return {ErrorKind::failed, "compressing the layer: out of memory"};
}

/// The parts of one gzip member.
class GzipCompressor final : public PieceCompressor {
 public:
  explicit GzipCompressor(int level) : level_(level) {}

  CompressedPiece compress(ByteView tar) const override {
    CompressedPiece piece{{}, crc32(tar), tar.size()};
    if (tar.empty()) return piece;
    const std::unique_ptr<libdeflate_compressor, decltype(&libdeflate_free_compressor)> compressor(
        libdeflate_alloc_compressor(level_), &libdeflate_free_compressor);
    if (!compressor) throw out_of_memory();
    Bytes deflated(libdeflate_deflate_compress_bound(compressor.get(), tar.size()));
    deflated.resize(libdeflate_deflate_compress(compressor.get(), tar.data(), tar.size(),
                                                deflated.data(), deflated.size()));
    piece.bytes = make_joinable(std::move(deflated), tar.size());
    return piece;
  }
  Bytes start() const override { return gzip_start(); }
  Bytes end(std::uint32_t crc, std::uint64_t tar_size) const override {
    return gzip_end(crc, tar_size);
  }
  std::string media_type() const override { return "application/vnd.oci.image.layer.v1.tar+gzip"; }
  std::string identity() const override {
    return fmt::format("gzip {} libdeflate {} cut {}", level_, LIBDEFLATE_VERSION_STRING,
                       piece_size);
  }

 private:
  int level_;
};

/// A zstd frame for each piece (RFC 8878), with content size and checksum.
class ZstdCompressor final : public PieceCompressor {
 public:
  explicit ZstdCompressor(int level) : level_(level) {}

  CompressedPiece compress(ByteView tar) const override {
    CompressedPiece piece{{}, 0, tar.size()};
    if (tar.empty()) return piece;
    const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(),
                                                                       &ZSTD_freeCCtx);
    if (!context) throw out_of_memory();
    set(context.get(), ZSTD_c_compressionLevel, level_);
    set(context.get(), ZSTD_c_contentSizeFlag, 1);
    set(context.get(), ZSTD_c_checksumFlag, 1);
    piece.bytes.resize(ZSTD_compressBound(tar.size()));
    piece.bytes.resize(checked(ZSTD_compress2(context.get(), piece.bytes.data(), piece.bytes.size(),
                                              tar.data(), tar.size())));
    return piece;
  }
  Bytes start() const override { return {}; }
  Bytes end(std::uint32_t, std::uint64_t) const override { return {}; }
  std::string media_type() const override { return "application/vnd.oci.image.layer.v1.tar+zstd"; }
  std::string identity() const override {
    return fmt::format("zstd {} libzstd {} cut {}", level_, ZSTD_versionString(), piece_size);
  }

 private:
  static std::size_t checked(std::size_t result) {
    if (ZSTD_isError(result) != 0)
      throw Error(ErrorKind::failed,
                  fmt::format("compressing the layer: zstd: {}", ZSTD_getErrorName(result)));
    return result;
  }
  static void set(ZSTD_CCtx* context, ZSTD_cParameter parameter, int value) {
    checked(ZSTD_CCtx_setParameter(context, parameter, value));
  }

  int level_;
};

/// The tar as it is.
class NoCompressor final : public PieceCompressor {
 public:
  CompressedPiece compress(ByteView tar) const override {
    return {Bytes(tar.begin(), tar.end()), 0, tar.size()};
  }
  Bytes start() const override { return {}; }
  Bytes end(std::uint32_t, std::uint64_t) const override { return {}; }
  std::string media_type() const override { return "application/vnd.oci.image.layer.v1.tar"; }
  std::string identity() const override { return "none"; }
};

int level_within(const Compression& compression, const char* codec, int highest) {
  const int level = compression.level.value_or(default_level);
  if (level < 1 || level > highest)
    throw Error(ErrorKind::usage, fmt::format("compression level {} is not one of {}'s: 1 to {}",
                                              level, codec, highest));
  return level;
}

}  // namespace

std::unique_ptr<PieceCompressor> make_compressor(const Compression& compression) {
  switch (compression.codec) {
    case Codec::gzip:
      return std::make_unique<GzipCompressor>(level_within(compression, "gzip", 12));
    case Codec::zstd:
      return std::make_unique<ZstdCompressor>(level_within(compression, "zstd", 19));
    case Codec::none:
      return std::make_unique<NoCompressor>();
  }
  throw Error(ErrorKind::failed, "compressing the layer: an unknown codec");
}

}  // namespace tarn::builder
