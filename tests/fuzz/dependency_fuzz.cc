// Any text as a list of dependencies: what is read is written so that it reads the same.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "apk/model/dependency.h"
#include "expect.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tarn::apk;
  using tarn::test::expect;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  for (const auto word : split_words(input)) {
    if (const auto dependency = Dependency::parse(word)) {
      expect(Dependency::parse(dependency->str()) == dependency, "a dependency reads as written");
      const bool satisfied = dependency->is_satisfied_by("1.2.3-r0", Identity{});
      auto inverse = *dependency;
      inverse.conflict = !inverse.conflict;
      expect(inverse.is_satisfied_by("1.2.3-r0", Identity{}) != satisfied, "a conflict inverts");
    }
    if (const auto provide = Provide::parse(word))
      expect(Provide::parse(provide->str()) == provide, "a provide reads as written");
    if (const auto identity = Identity::parse(word))
      expect(Identity::parse(identity->str()) == identity, "an identity reads as written");
  }
  return 0;
}
