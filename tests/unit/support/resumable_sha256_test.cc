#include "apk/support/resumable_sha256.h"

#include <algorithm>
#include <string>

#include <doctest/doctest.h>

namespace tarn {

TEST_CASE("a resumable hash gives the digests of the plain one, whatever the pieces") {
  std::string text;
  for (int i = 0; i < 300; ++i) text += static_cast<char>(i * 7);
  for (std::size_t size = 0; size <= text.size(); ++size) {
    const std::string_view run = std::string_view(text).substr(0, size);
    const Sha256Digest expected = sha256(run);
    for (const std::size_t step : {1UL, 55UL, 56UL, 63UL, 64UL, 65UL, 128UL, 300UL}) {
      ResumableSha256 hash;
      for (std::size_t at = 0; at < size; at += step) hash.update(as_bytes(run.substr(at, step)));
      CHECK(hash.digest() == expected);
      CHECK(hash.size() == size);
    }
  }
}

TEST_CASE("a hash goes on from its state") {
  const std::string text(1000, 'x');
  for (std::size_t cut = 0; cut <= text.size(); cut += 37) {
    ResumableSha256 first;
    first.update(as_bytes(text).subspan(0, cut));
    auto second = ResumableSha256::resume(first.state());
    REQUIRE(second);
    CHECK(second->state() == first.state());
    second->update(as_bytes(text).subspan(cut));
    CHECK(second->digest() == sha256(text));
    first.update(as_bytes(text).subspan(cut));
    CHECK(first.digest() == sha256(text));
  }
}

TEST_CASE("a state that no hash has is refused") {
  ResumableSha256 hash;
  hash.update(as_bytes("abc"));
  auto state = hash.state();
  state.back() = std::byte{1};
  CHECK_FALSE(ResumableSha256::resume(state));
}

}  // namespace tarn
