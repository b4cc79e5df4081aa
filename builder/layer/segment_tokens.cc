#include "builder/layer/segment_tokens.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

#include "builder/layer/deflate_format.h"
#include "builder/layer/match_search.h"

namespace tarn::builder {

/// One piece in the making. Places are those in the segment, if not said otherwise.
class SegmentTokens::Piece {
 public:
  Piece(const SegmentTokens& whole, std::uint64_t begin, ByteView tar)
      : whole_(whole), begin_(begin), end_(begin + tar.size()), tar_(tar), search_(tar) {
    tokens_.reserve(tar.size() / 8);
  }

  std::vector<DeflateToken> run() {
    std::uint64_t at = begin_;
    for (auto range = std::ranges::upper_bound(whole_.ranges_, begin_, {},
                                               [](const Range& r) { return r.segment + r.size; });
         range != whole_.ranges_.end() && range->segment < end_; ++range) {
      const std::uint64_t from = std::max(range->segment, begin_);
      const std::uint64_t to = std::min(range->segment + range->size, end_);
      add_unknown(at, from);
      add_content(*range, from, to);
      at = to;
    }
    add_unknown(at, end_);
    return tokens_.take();
  }

 private:
  void add_unknown(std::uint64_t from, std::uint64_t to) {
    search_.add(static_cast<std::size_t>(from - begin_), static_cast<std::size_t>(to - begin_),
                tokens_);
  }

  /// Goes through the package's tokens for a content from `from` up to `to`.
  void add_content(const Range& range, std::uint64_t from, std::uint64_t to) {
    const std::vector<DeflateToken>& tokens = whole_.index_.tokens();
    std::uint64_t at = from;
    // Where a place of the segment lies in the package's data.
    const auto source = [&](std::uint64_t place) { return range.source + (place - range.segment); };
    auto [next, next_begin] = whole_.index_.find(source(from));
    while (at < to) {
      const DeflateToken token = tokens[next++];
      const std::uint64_t literals_end = next_begin + token.literals();
      next_begin += token.size();
      if (source(at) < literals_end) {
        const std::uint64_t count = std::min(literals_end - source(at), to - at);
        tokens_.literals(count);
        at += count;
      }
      if (!token.has_match() || at == to) continue;
      const std::uint64_t count = std::min(next_begin - source(at), to - at);
      add_match(range, at, at + count, token.distance());
      at += count;
    }
  }

  /// Adds what the package repeats from `distance` before, part by part as that lies in this file,
  /// in others, or between them.
  void add_match(const Range& range, std::uint64_t at, std::uint64_t end, std::uint64_t distance) {
    const std::uint64_t lowest = std::max(range.segment, begin_);  // of the file in this piece
    while (at < end) {
      if (at - lowest >= distance) {
        add_repeated(at, end, distance);
        return;
      }
      // The part that begins before the file.
      const std::uint64_t part_end = std::min(end, lowest + distance);
      const std::uint64_t origin = range.source + (at - range.segment) - distance;
      at += add_from_elsewhere(origin, at, part_end);
    }
  }

  /// Adds octets that repeat those at `origin` in the package's data, outside of the file in this
  /// piece; gives how many.
  std::uint64_t add_from_elsewhere(std::uint64_t origin, std::uint64_t at, std::uint64_t end) {
    const auto behind = std::ranges::upper_bound(whole_.by_source_, origin, {}, &Range::source);
    if (behind != whole_.by_source_.begin()) {
      const Range& range = *std::prev(behind);
      if (origin - range.source < range.size) {
        const std::uint64_t to = std::min(end, at + (range.source + range.size - origin));
        const std::uint64_t place = range.segment + (origin - range.source);
        if (place >= begin_ && place < at)
          add_repeated(at, to, at - place);
        else
          add_unknown(at, to);
        return to - at;
      }
    }
    const std::uint64_t to =
        behind == whole_.by_source_.end() ? end : std::min(end, at + (behind->source - origin));
    add_unknown(at, to);
    return to - at;
  }

  /// As a match, where it is one: within the piece, near, long enough, and true.
  void add_repeated(std::uint64_t at, std::uint64_t end, std::uint64_t distance) {
    const std::byte* here = tar_.data() + (at - begin_);
    const std::uint64_t length = end - at;
    if (length >= shortest_match && distance <= farthest_match &&
        std::memcmp(here, here - distance, length) == 0)
      tokens_.match(static_cast<unsigned>(length), static_cast<unsigned>(distance));
    else
      add_unknown(at, end);
  }

  const SegmentTokens& whole_;
  std::uint64_t begin_;
  std::uint64_t end_;
  ByteView tar_;
  MatchSearch search_;
  DeflateTokens tokens_;
};

SegmentTokens::SegmentTokens(DeflateTokenIndex index, std::vector<Range> ranges)
    : index_(std::move(index)), ranges_(std::move(ranges)), by_source_(ranges_) {
  std::ranges::stable_sort(by_source_, {}, &Range::source);
}

std::optional<SegmentTokens> SegmentTokens::read(const Segment& segment, ByteView deflated,
                                                 std::uint64_t size) {
  std::vector<Range> ranges;
  for (const SegmentRecord& record : segment.records) {
    const Content& content = record.content;
    if (content.size == 0) continue;
    if (content.offset > size || content.size > size - content.offset) return std::nullopt;
    ranges.push_back({content.offset, record.offset + record.header.size(), content.size});
  }
  auto index = DeflateTokenIndex::read(deflated, size);
  if (!index) return std::nullopt;
  return SegmentTokens(*std::move(index), std::move(ranges));
}

std::vector<DeflateToken> SegmentTokens::of_piece(std::uint64_t begin, ByteView tar) const {
  return Piece(*this, begin, tar).run();
}

}  // namespace tarn::builder
