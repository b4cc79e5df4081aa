#include "apk/solver/install_order.h"

#include <algorithm>

namespace tarn::apk {
namespace {

class Walk {
 public:
  explicit Walk(const Search& search)
      : search_(search),
        universe_(search.universe()),
        reached_names_(universe_.name_count()),
        reached_packages_(universe_.package_count()) {}

  void start(NameId root) {
    enter(root);
    while (!steps_.empty()) {
      NameId next = 0;
      if (advance(steps_.back(), next)) {
        enter(next);
      } else {
        steps_.pop_back();
      }
    }
  }

  std::vector<PackageId> take() { return std::move(order_); }

 private:
  struct Step {
    PackageId package = kNoPackage;
    std::size_t depend = 0;
    std::size_t offer = 0;
    std::size_t triggered = 0;
  };

  void enter(NameId name) {
    if (reached_names_[name]) return;
    reached_names_[name] = true;
    const PackageId package = search_.name(name).chosen.package;
    if (package == kNoPackage || reached_packages_[package]) return;
    reached_packages_[package] = true;
    for (const Offer& offer : universe_.offers(package)) reached_names_[offer.name] = true;
    steps_.push_back(Step{.package = package});
  }

  /// The next name to visit before the step is done.
  bool advance(Step& step, NameId& next) {
    const auto depends = universe_.depends(step.package);
    while (step.depend < depends.size()) {
      const Need& need = depends[step.depend++];
      if (need.conflict) continue;
      next = need.name;
      return true;
    }
    if (step.depend++ == depends.size()) order_.push_back(step.package);
    const auto offers = universe_.offers(step.package);
    for (; step.offer < offers.size(); ++step.offer, step.triggered = 0) {
      const auto triggered = universe_.triggered_by(offers[step.offer].name);
      while (step.triggered < triggered.size()) {
        next = triggered[step.triggered++];
        if (is_complete(next)) return true;
      }
    }
    return false;
  }

  bool is_complete(NameId name) const {
    const PackageId package = search_.name(name).chosen.package;
    if (package == kNoPackage || reached_names_[name]) return false;
    const auto conditions = universe_.install_if(package);
    return std::all_of(conditions.begin(), conditions.end(), [&](const Need& need) {
      return need.conflict || reached_names_[need.name];
    });
  }

  const Search& search_;
  const Universe& universe_;
  std::vector<bool> reached_names_;
  std::vector<bool> reached_packages_;
  std::vector<Step> steps_;
  std::vector<PackageId> order_;
};

}  // namespace

std::vector<PackageId> install_order(const Search& search) {
  Walk walk(search);
  for (const WorldEntry& entry : search.world()) {
    if (!entry.need.conflict) walk.start(entry.need.name);
  }
  return walk.take();
}

}  // namespace tarn::apk
