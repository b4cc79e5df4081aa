// Any two lines as versions: the order is one, and fuzzy equality follows from equality.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "apk/model/version.h"
#include "expect.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tarn::apk;
  using tarn::test::expect;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto end = input.find('\n');
  const auto left = input.substr(0, end);
  const auto right = end == std::string_view::npos ? std::string_view() : input.substr(end + 1);
  const auto order = compare_versions(left, right);
  expect(compare_versions(left, left) == std::strong_ordering::equal, "a version equals itself");
  expect((0 <=> order) == compare_versions(right, left), "the order is antisymmetric");
  if (order == std::strong_ordering::equal)
    expect(compare_versions_fuzzy(left, right) == order, "equal is fuzzily equal");
  if (is_valid_version(left) && is_valid_version(right) && left == right)
    expect(order == std::strong_ordering::equal, "the same version is equal");
  return 0;
}
