#pragma once

#include <cstddef>
#include <cstdint>

namespace tarn::builder {

/// What one script may use at most. It is counted, never timed, so that a script ends the same way
/// on every machine.
struct ScriptLimits {
  std::uint64_t steps = 2'000'000;     ///< commands, loop rounds, lines worked on
  std::uint64_t octets = 256U << 20U;  ///< written to files, pipes, variables, all together
  std::size_t depth = 200;             ///< functions, subshells, substitutions in each other
};

/// What a script has left of its limits. Every loop that a script or its input can prolong spends
/// from it. All functions throw Error (failed), saying which bound was reached.
class ScriptBudget {
 public:
  explicit ScriptBudget(const ScriptLimits& limits) : left_(limits) {}
  void spend_steps(std::uint64_t count = 1);
  void spend_octets(std::uint64_t count);

  /// One level deeper for as long as it lives.
  class Level {
   public:
    explicit Level(ScriptBudget& budget);
    ~Level() { ++budget_.left_.depth; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    ScriptBudget& budget_;
  };

 private:
  ScriptLimits left_;
};

}  // namespace tarn::builder
