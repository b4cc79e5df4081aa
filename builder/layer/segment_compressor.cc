#include "builder/layer/segment_compressor.h"

#include <algorithm>
#include <utility>

namespace tarn::builder {
namespace {

/// Below this many octets for each entry there are too many headers, which lie between the files in
/// other places than in the package: matches that do not reach over them are lost, and searching
/// gives less.
constexpr std::uint64_t least_mean_size = 4096;

/// The source that all contents of the segment lie in, if tokens of it are worth it.
const ContentSource* source_of_tokens(const Segment& segment) {
  const ContentSource* source = nullptr;
  for (const SegmentRecord& record : segment.records) {
    if (record.content.size == 0) continue;
    if (source == nullptr) source = record.content.source.get();
    if (record.content.source.get() != source) return nullptr;
  }
  return segment.size / std::max<std::size_t>(segment.records.size(), 1) < least_mean_size ? nullptr
                                                                                           : source;
}

}  // namespace

SegmentCompressor::SegmentCompressor(const Segment& segment, const PieceCompressor& compressor)
    : segment_(segment),
      compressor_(compressor),
      source_(compressor.takes_tokens() ? source_of_tokens(segment) : nullptr),
      left_(segment.size) {}

CompressedPiece SegmentCompressor::compress(std::uint64_t begin, ByteView tar) {
  if (source_ == nullptr) return compressor_.compress(tar);
  CompressedPiece piece;
  if (const auto known = tokens())
    piece = compressor_.encode(tar, known->of_piece(begin, tar));
  else
    piece = compressor_.compress(tar);
  let_go(tar.size());
  return piece;
}

std::shared_ptr<const SegmentTokens> SegmentCompressor::tokens() {
  const std::lock_guard lock(mutex_);
  if (is_read_) return tokens_;
  if (const auto stream = source_->stream()) {
    if (auto read = SegmentTokens::read(segment_, stream->octets, stream->size))
      tokens_ = std::make_shared<const SegmentTokens>(*std::move(read));
  }
  is_read_ = true;
  return tokens_;
}

void SegmentCompressor::let_go(std::uint64_t size) {
  const std::lock_guard lock(mutex_);
  left_ -= std::min(left_, size);
  if (left_ == 0) tokens_.reset();
}

}  // namespace tarn::builder
