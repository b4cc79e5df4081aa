#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "builder/scripts/sandbox.h"

namespace tarn::builder {

/// Adds up what all processes of a sandbox use together, where the kernel limits only each. For the
/// first process of the process namespace, in the sandbox' root.
class UsageMeter {
 public:
  /// `tree_octets`: what the tree takes on disk before the script runs.
  UsageMeter(const SandboxLimits& limits, std::uint64_t tree_octets);
  /// The limit that is exceeded now, in words: "512 octets of memory". Costs up to a millisecond
  /// for each hundred processes.
  std::optional<std::string> exceeded();

 private:
  struct Usage;
  Usage processes() const;
  std::uint64_t disk_taken() const;

  const SandboxLimits& limits_;
  std::uint64_t tree_octets_;
  std::uint64_t taken_before_;
};

}  // namespace tarn::builder
