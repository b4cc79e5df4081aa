#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

#include <doctest/doctest.h>

namespace tarn::test {

/// The folder of shared test material: $TARN_SHARED, else ../shared beside the checkout. Empty,
/// with a message in the test's output, where it is absent: a test that needs it then returns.
inline std::optional<std::filesystem::path> shared_folder() {
  const char* set = std::getenv("TARN_SHARED");
  const std::filesystem::path path = set != nullptr
                                         ? std::filesystem::path(set)
                                         : std::filesystem::path(TARN_SOURCE_DIR) / ".." / "shared";
  if (std::filesystem::exists(path / "README.md")) return path.lexically_normal();
  MESSAGE("skipped: no shared test material at " << path.string());
  return std::nullopt;
}

}  // namespace tarn::test
