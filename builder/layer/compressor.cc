#include "builder/layer/compressor.h"

#include <fmt/core.h>
#include <libdeflate.h>
#include <zstd.h>

#include "apk/support/error.h"
#include "builder/layer/deflate_encoder.h"
#include "builder/layer/gzip_joiner.h"

namespace tarn::builder {
namespace {

// Smaller than `gzip -9` on every image measured, at twice the speed of libdeflate's 9
// (docs/compression.md).
constexpr int default_gzip_level = 6;
// Packages were compressed by `gzip -9`: who asks for more than the default gets more than that.
constexpr int highest_level_of_tokens = default_gzip_level;
constexpr int default_zstd_level = 9;

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
  bool takes_tokens() const override { return level_ <= highest_level_of_tokens; }
  CompressedPiece encode(ByteView tar, std::span<const DeflateToken> tokens) const override {
    return {encode_deflate(tar, tokens), crc32(tar), tar.size()};
  }
  std::optional<Bytes> decompress(ByteView compressed, std::uint64_t tar_size) const override {
    const std::unique_ptr<libdeflate_decompressor, decltype(&libdeflate_free_decompressor)>
        decompressor(libdeflate_alloc_decompressor(), &libdeflate_free_decompressor);
    if (!decompressor) throw out_of_memory();
    const Bytes whole = end_deflate_stream(compressed);
    Bytes tar(tar_size);
    std::size_t used = 0;
    if (libdeflate_deflate_decompress_ex(decompressor.get(), whole.data(), whole.size(), tar.data(),
                                         tar.size(), &used, nullptr) != LIBDEFLATE_SUCCESS ||
        used != whole.size())
      return std::nullopt;
    return tar;
  }
  Bytes start() const override { return gzip_start(); }
  Bytes end(std::uint32_t crc, std::uint64_t tar_size) const override {
    return gzip_end(crc, tar_size);
  }
  std::string media_type() const override { return "application/vnd.oci.image.layer.v1.tar+gzip"; }
  std::string identity() const override {
    const std::string tokens =
        takes_tokens() ? fmt::format(" tokens {}", deflate_encoder_version) : std::string();
    return fmt::format("gzip {} libdeflate {} cut {}{}", level_, LIBDEFLATE_VERSION_STRING,
                       piece_size, tokens);
  }

 private:
  int level_;
};

/// A zstd frame for each piece (RFC 8878), with content size and checksum.
class ZstdCompressor final : public PieceCompressor {
 public:
  explicit ZstdCompressor(int level) : level_(level) {}

  CompressedPiece compress(ByteView tar) const override {
    CompressedPiece piece{{}, crc32(tar), tar.size()};
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
  std::optional<Bytes> decompress(ByteView compressed, std::uint64_t tar_size) const override {
    Bytes tar(tar_size);
    const std::size_t size =
        ZSTD_decompress(tar.data(), tar.size(), compressed.data(), compressed.size());
    if (ZSTD_isError(size) != 0 || size != tar_size) return std::nullopt;
    return tar;
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
    return {Bytes(tar.begin(), tar.end()), crc32(tar), tar.size()};
  }
  std::optional<Bytes> decompress(ByteView compressed, std::uint64_t tar_size) const override {
    if (compressed.size() != tar_size) return std::nullopt;
    return Bytes(compressed.begin(), compressed.end());
  }
  Bytes start() const override { return {}; }
  Bytes end(std::uint32_t, std::uint64_t) const override { return {}; }
  std::string media_type() const override { return "application/vnd.oci.image.layer.v1.tar"; }
  std::string identity() const override { return fmt::format("none cut {}", piece_size); }
};

int level_within(const Compression& compression, const char* codec, int usual, int highest) {
  const int level = compression.level.value_or(usual);
  if (level < 1 || level > highest)
    throw Error(ErrorKind::usage, fmt::format("compression level {} is not one of {}'s: 1 to {}",
                                              level, codec, highest));
  return level;
}

}  // namespace

CompressedPiece PieceCompressor::encode(ByteView, std::span<const DeflateToken>) const {
  throw Error(ErrorKind::failed, "compressing the layer: a compressor that takes no tokens");
}

std::unique_ptr<PieceCompressor> make_compressor(const Compression& compression) {
  switch (compression.codec) {
    case Codec::gzip:
      return std::make_unique<GzipCompressor>(
          level_within(compression, "gzip", default_gzip_level, 12));
    case Codec::zstd:
      return std::make_unique<ZstdCompressor>(
          level_within(compression, "zstd", default_zstd_level, 19));
    case Codec::none:
      return std::make_unique<NoCompressor>();
  }
  throw Error(ErrorKind::failed, "compressing the layer: an unknown codec");
}

}  // namespace tarn::builder
