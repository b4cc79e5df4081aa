#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "apk/solver/selection.h"

namespace tarn::builder {

/// Why one package of a plan needs another, or brings it.
enum class LinkKind {
  depends,     ///< it depends on one or more of its names
  install_if,  ///< it is one of those that its install_if asks for
};

/// That one package of a plan needs or brings another.
struct Link {
  std::size_t from = 0;  ///< number in the plan
  std::size_t to = 0;
  LinkKind kind = LinkKind::depends;
  /// depends: the dependencies of `from` that `to` satisfies. install_if: all conditions of `to`.
  std::vector<apk::Dependency> dependencies;
};

/// That the recipe asks for a package.
struct Wish {
  apk::Dependency dependency;  ///< as written
  std::string origin;          ///< where: "recipe.yaml:4:15"
  std::size_t package = 0;     ///< number in the plan
};

/// Who needs whom in a plan. Packages are numbered in install order.
class PlanGraph {
 public:
  /// `origins`: where each entry of the selection's world is written.
  PlanGraph(const apk::Selection& selection, const std::vector<std::string>& origins);

  std::size_t size() const { return needs_.size(); }
  /// In the recipe's order. One dependency may be answered by several packages that provide its
  /// name without version.
  const std::vector<Wish>& wishes() const { return wishes_; }
  /// What a package needs, in its order, then what it brings with others.
  std::span<const Link> needs(std::size_t package) const { return needs_[package]; }
  /// Who needs or brings a package, in install order.
  std::span<const Link> needed_by(std::size_t package) const { return needed_by_[package]; }

 private:
  void add(Link link);

  std::vector<Wish> wishes_;
  std::vector<std::vector<Link>> needs_;
  std::vector<std::vector<Link>> needed_by_;
};

}  // namespace tarn::builder
