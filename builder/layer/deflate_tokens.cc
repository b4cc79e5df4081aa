#include "builder/layer/deflate_tokens.h"

#include <iterator>

#include "apk/support/error.h"
#include "builder/layer/deflate_reader.h"

namespace tarn::builder {
namespace {

constexpr std::size_t tokens_between_places = 64;

}  // namespace

std::optional<DeflateTokenIndex> DeflateTokenIndex::read(ByteView deflated, std::uint64_t size) {
  DeflateTokens tokens;
  try {
    tokens.reserve(deflated.size() / 3);
    const DeflateEnd found = DeflateReader(deflated, tokens, size).run();
    if (found.size != size || (found.end + 7) / 8 != deflated.size()) return std::nullopt;
  } catch (const Error&) {
    return std::nullopt;
  }
  return DeflateTokenIndex(tokens.take());
}

DeflateTokenIndex::DeflateTokenIndex(std::vector<DeflateToken> tokens)
    : tokens_(std::move(tokens)) {
  std::uint64_t at = 0;
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    if (i % tokens_between_places == 0) begins_.push_back(at);
    at += tokens_[i].size();
  }
}

DeflateTokenIndex::Place DeflateTokenIndex::find(std::uint64_t offset) const {
  const auto behind = std::upper_bound(begins_.begin(), begins_.end(), offset);
  const auto nth = static_cast<std::size_t>(std::distance(begins_.begin(), behind)) - 1;
  Place place{nth * tokens_between_places, begins_[nth]};
  while (offset - place.begin >= tokens_[place.token].size())
    place.begin += tokens_[place.token++].size();
  return place;
}

}  // namespace tarn::builder
