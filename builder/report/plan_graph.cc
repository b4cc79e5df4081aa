#include "builder/report/plan_graph.h"

#include <algorithm>
#include <map>
#include <utility>

namespace tarn::builder {

PlanGraph::PlanGraph(const apk::Selection& selection, const std::vector<std::string>& origins) {
  const auto& packages = selection.packages();
  std::map<apk::PackageId, std::size_t> numbers;
  for (std::size_t i = 0; i < packages.size(); ++i) numbers[packages[i]] = i;
  needs_.resize(packages.size());
  needed_by_.resize(packages.size());

  for (std::size_t i = 0; i < selection.world().size(); ++i)
    for (const apk::PackageId id : selection.answers(selection.world()[i]))
      wishes_.push_back({selection.world()[i], origins[i], numbers.at(id)});

  for (std::size_t i = 0; i < packages.size(); ++i)
    for (const apk::Dependency& dependency : selection.depends(packages[i]))
      for (const apk::PackageId id : selection.answers(dependency))
        if (numbers.at(id) != i) add({i, numbers.at(id), LinkKind::depends, {dependency}});

  for (std::size_t i = 0; i < packages.size(); ++i) {
    if (!selection.is_triggered(packages[i])) continue;
    const auto conditions = selection.universe().package(packages[i]).install_if;
    for (const apk::Dependency& condition : conditions)
      for (const apk::PackageId id : selection.answers(condition))
        if (numbers.at(id) != i) add({numbers.at(id), i, LinkKind::install_if, conditions});
  }
  for (auto& links : needed_by_) std::ranges::stable_sort(links, {}, &Link::from);
}

void PlanGraph::add(Link link) {
  const auto join = [&](std::vector<Link>& links) {
    for (Link& known : links) {
      if (known.from != link.from || known.to != link.to || known.kind != link.kind) continue;
      if (link.kind == LinkKind::depends) known.dependencies.push_back(link.dependencies.front());
      return;
    }
    links.push_back(link);
  };
  join(needs_[link.from]);
  join(needed_by_[link.to]);
}

}  // namespace tarn::builder
