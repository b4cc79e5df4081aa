#include "builder/sink/layer_stream.h"

#include <algorithm>
#include <array>
#include <limits>

#include <zlib.h>
#include <zstd.h>

#include "apk/support/error.h"
#include "apk/support/hash.h"
#include "apk/support/parallel.h"

namespace tarn::builder {
namespace {

Error damaged(const std::string& why) {
  return {ErrorKind::failed, "reading a layer: " + why};
}

bool starts_with(ByteView bytes, std::string_view magic) {
  return as_text(bytes).starts_with(magic);
}

}  // namespace

/// Gives decompressed octets: at least one but at the end.
class LayerStream::Decoder {
 public:
  virtual ~Decoder() = default;
  Decoder() = default;
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
  virtual std::size_t read(std::span<std::byte> buffer) = 0;
  /// As LayerStream::consumed().
  virtual std::uint64_t consumed() const = 0;
};

class LayerStream::Stored final : public Decoder {
 public:
  explicit Stored(ByteView blob) : blob_(blob) {}
  std::size_t read(std::span<std::byte> buffer) override {
    const auto part = blob_.subspan(given_, std::min(blob_.size() - given_, buffer.size()));
    std::ranges::copy(part, buffer.begin());
    given_ += part.size();
    return part.size();
  }
  std::uint64_t consumed() const override { return given_; }

 private:
  ByteView blob_;
  std::size_t given_ = 0;
};

class LayerStream::Gzip final : public Decoder {
 public:
  explicit Gzip(ByteView blob) : size_(blob.size()), blob_(blob) {
    constexpr int largest_window_of_gzip = 15 + 16;
    if (inflateInit2(&stream_, largest_window_of_gzip) != Z_OK) throw damaged("out of memory");
  }
  ~Gzip() override { inflateEnd(&stream_); }
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;

  std::size_t read(std::span<std::byte> buffer) override {
    if (ended_) return 0;
    stream_.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream_.avail_out = static_cast<uInt>(buffer.size());
    while (stream_.avail_out != 0 && !ended_) step();
    return buffer.size() - stream_.avail_out;
  }
  std::uint64_t consumed() const override { return size_ - blob_.size(); }

 private:
  void step() {
    const auto part =
        blob_.first(std::min<std::size_t>(blob_.size(), std::numeric_limits<uInt>::max()));
    // zlib takes no const pointer, and writes nothing.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(part.data()));
    stream_.avail_in = static_cast<uInt>(part.size());
    const int status = inflate(&stream_, Z_NO_FLUSH);
    blob_ = blob_.subspan(part.size() - stream_.avail_in);
    if (status == Z_STREAM_END) {
      // A gzip file may have several members (RFC 1952 §2.2).
      ended_ = blob_.empty();
      if (!ended_ && inflateReset(&stream_) != Z_OK) throw damaged("its gzip stream is damaged");
    } else if (status != Z_OK) {
      throw damaged(blob_.empty() ? "its gzip stream is cut short" : "its gzip stream is damaged");
    }
  }

  std::uint64_t size_;
  ByteView blob_;  ///< what is left of it
  z_stream stream_{};
  bool ended_ = false;
};

class LayerStream::Zstd final : public Decoder {
 public:
  explicit Zstd(ByteView blob)
      : input_{blob.data(), blob.size(), 0}, block_(ZSTD_DStreamOutSize()) {
    if (!context_) throw damaged("out of memory");
  }
  std::size_t read(std::span<std::byte> buffer) override {
    if (given_ == held_) next_block();
    const auto part = ByteView(block_).subspan(given_, std::min(held_ - given_, buffer.size()));
    std::ranges::copy(part, buffer.begin());
    given_ += part.size();
    return part.size();
  }
  std::uint64_t consumed() const override {
    // No overflow: a block holds 128 KiB at most.
    return given_ == held_ ? input_.pos : begin_ + (input_.pos - begin_) * given_ / held_;
  }

 private:
  /// Decodes what the next octets hold: never more than a block, as zstd says up to where it ends.
  void next_block() {
    begin_ = input_.pos;
    given_ = held_ = 0;
    while (held_ == 0) {
      const std::size_t end =
          input_.pos + std::min(input_.size - input_.pos, std::max(hint_, least));
      ZSTD_inBuffer part{input_.src, end, input_.pos};
      ZSTD_outBuffer output{block_.data(), block_.size(), 0};
      const std::size_t status = ZSTD_decompressStream(context_.get(), &output, &part);
      if (ZSTD_isError(status) != 0U) throw damaged(ZSTD_getErrorName(status));
      const bool is_stuck = part.pos == input_.pos && output.pos == 0;
      input_.pos = part.pos;
      held_ = output.pos;
      if (is_stuck && input_.pos == input_.size) {
        if (hint_ != 0) throw damaged("its zstd frame is cut short");
        return;
      }
      hint_ = status;
    }
  }

  /// The beginning of a frame, where zstd says nothing of what it needs.
  static constexpr std::size_t least = 1;

  std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context_{ZSTD_createDCtx(), &ZSTD_freeDCtx};
  ZSTD_inBuffer input_;
  std::size_t hint_ = 0;  ///< octets that zstd needs next; 0 at the end of a frame
  Bytes block_;
  std::size_t begin_ = 0;  ///< where in the blob the block begins
  std::size_t held_ = 0;   ///< octets that the block holds
  std::size_t given_ = 0;  ///< how many of them were read
};

std::unique_ptr<LayerStream::Decoder> LayerStream::make_decoder(ByteView blob) {
  if (starts_with(blob, "\x1f\x8b")) return std::make_unique<Gzip>(blob);
  if (starts_with(blob, "\x28\xb5\x2f\xfd")) return std::make_unique<Zstd>(blob);
  return std::make_unique<Stored>(blob);
}

LayerStream::LayerStream(const Layer& layer)
    : decoder_(make_decoder(layer.blob.bytes())), left_(layer.tar_size) {}

LayerStream::LayerStream(ByteView blob, std::uint64_t limit)
    : decoder_(make_decoder(blob)), left_(limit), is_exact_(false) {}

LayerStream::~LayerStream() = default;

std::size_t LayerStream::read(std::span<std::byte> buffer) {
  std::size_t done = 0;
  while (done < buffer.size()) {
    const std::size_t got = decoder_->read(buffer.subspan(done));
    if (got == 0) break;
    done += got;
    if (got > left_)
      throw damaged(is_exact_ ? "it holds more than it says" : "it holds more than is allowed");
    left_ -= got;
  }
  if (is_exact_ && done < buffer.size() && left_ != 0) throw damaged("it holds less than it says");
  return done;
}

std::uint64_t LayerStream::consumed() const {
  return decoder_->consumed();
}

void measure_layer(Layer& layer, std::uint64_t limit, const std::stop_token& stop) {
  LayerStream stream(layer.blob.bytes(), limit);
  Sha256 hasher;
  Bytes buffer(1U << 20U);
  layer.tar_size = 0;
  while (const std::size_t got = stream.read(buffer)) {
    throw_if_stopped(stop);
    hasher.update(ByteView(buffer).first(got));
    layer.tar_size += got;
  }
  const Sha256Digest found = hasher.finish();
  if (found != layer.diff_id)
    throw Error(ErrorKind::trust, "a layer's tar is not the one that the image's config names")
        .detail("expected", "sha256:" + to_hex(layer.diff_id))
        .detail("found", "sha256:" + to_hex(found));
}

}  // namespace tarn::builder
