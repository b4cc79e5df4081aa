#pragma once

#include <cstdio>
#include <cstdlib>

#include "apk/support/error.h"

namespace tarn::test {

/// Ends the program, so that the fuzzer keeps the input, when a property does not hold.
inline void expect(bool holds, const char* property) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", property);
  std::abort();
}

/// Runs a check on input that may be refused: an Error is an answer, nothing else is.
template <typename Check>
void attempt(Check&& check) {
  try {
    check();
  } catch (const Error&) {
    return;
  }
}

}  // namespace tarn::test
