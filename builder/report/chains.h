#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "builder/report/plan_graph.h"

namespace tarn::builder {

/// A way from the recipe to a package: a wish, then link after link.
struct Chain {
  std::size_t wish = 0;  ///< number in PlanGraph::wishes()
  std::vector<Link> links;
};

/// Chains to one package.
struct Chains {
  std::vector<Chain> chains;
  std::uint64_t total = 0;  ///< with those left out; UINT64_MAX: at least so many
};

/// For each of the recipe's wishes from which `package` is reached: the shortest chains. The
/// shortest come first, then those of the wish that the recipe has first; at most `most`, 0 for all
/// (then at most 10,000). With `name`, only those whose last link or wish is about it.
Chains find_chains(const PlanGraph& graph, std::size_t package, std::size_t most,
                   std::optional<std::string_view> name = std::nullopt);

}  // namespace tarn::builder
