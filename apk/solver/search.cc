#include "apk/solver/search.h"

#include <algorithm>

namespace tarn::apk {

Search::Search(Universe& universe, const std::vector<Dependency>& world) : universe_(universe) {
  for (const Dependency& dependency : world) {
    const Need need{universe.add_name(dependency.name), dependency.match, dependency.conflict,
                    dependency.version};
    world_.push_back({need, &dependency});
  }
  std::stable_sort(world_.begin(), world_.end(), [](const WorldEntry& a, const WorldEntry& b) {
    return name_less(a.dependency->name, b.dependency->name);
  });
  names_.resize(universe.name_count());
  packages_.resize(universe.package_count());
}

void Search::run() {
  discover();
  for (const WorldEntry& entry : world_) apply_world(entry);
  do {
    while (!dirty_.empty()) {
      const NameId id = dirty_.front();
      dirty_.pop_front();
      names_[id].dirty = false;
      reconsider(id);
    }
  } while (decide_next());
}

}  // namespace tarn::apk
