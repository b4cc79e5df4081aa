#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "apk/solver/selection.h"
#include "builder/report/plan_graph.h"
#include "builder/report/symbols.h"

namespace tarn::builder {

/// Which way a tree of packages grows.
enum class Direction {
  needs,      ///< below a package stands what it needs
  needed_by,  ///< below a package stands who needs it, and the recipe's lines
};

/// What a tree is drawn of.
struct Tree {
  const apk::Selection& selection;
  const PlanGraph& graph;
  std::string title;  ///< of the whole: "base.yaml, x86_64"
  Direction direction = Direction::needs;
  /// Packages, by number in the plan, that the trees begin with. Empty: what the recipe asks for,
  /// or, in the other direction, the packages that need nothing.
  std::vector<std::size_t> roots;
};

/// One package a line, branches drawn with `symbols`. What stands below a package is drawn once;
/// where the package comes again it is marked with '*'. Levels below the hundredth are left out.
std::string tree_text(const Tree& tree, const Symbols& symbols);

/// The same as a graph in the language of Graphviz: a node a package, an edge a link.
std::string tree_dot(const Tree& tree);

/// {"roots": […], "packages": [{"package", "needs" or "needed_by": […]}]}, in install order.
nlohmann::ordered_json tree_json(const Tree& tree);

}  // namespace tarn::builder
