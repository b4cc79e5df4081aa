#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "apk/solver/problem.h"
#include "apk/solver/universe.h"

namespace tarn::apk {

/// Worlds tried on the side: what would become of the search if world were a little different.
class Trials {
 public:
  /// Of the request all but world counts. The universe must outlive it.
  Trials(Universe& universe, Request request, std::size_t most)
      : universe_(universe), request_(std::move(request)), left_(most) {
    request_.broken_world = BrokenWorld::refused;
  }

  bool any_left() const { return left_ > 0; }
  std::size_t left() const { return left_; }
  /// The problems `world` has; none: there is a plan. Counts as one trial.
  std::vector<Problem> problems(const std::vector<Dependency>& world);
  /// Whether `world` has `problem`.
  bool has(const std::vector<Dependency>& world, const Problem& problem);
  bool is_solvable(const std::vector<Dependency>& world) { return problems(world).empty(); }

  Universe& universe() const { return universe_; }
  const Request& request() const { return request_; }

 private:
  Universe& universe_;
  Request request_;
  std::size_t left_;
};

/// `world` after a change.
std::vector<Dependency> edited(std::vector<Dependency> world, const WorldEdit& edit);

}  // namespace tarn::apk
