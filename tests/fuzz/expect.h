#pragma once

#include <cstdio>
#include <cstdlib>

namespace tarn::test {

/// Ends the program, so that the fuzzer keeps the input, when a property does not hold.
inline void expect(bool holds, const char* property) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", property);
  std::abort();
}

}  // namespace tarn::test
