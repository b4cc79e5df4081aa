#include "apk/solver/search.h"

#include <algorithm>
#include <utility>

namespace tarn::apk {

Terms terms_of(const Universe& universe, const Request& request) {
  Terms terms;
  if (!request.repositories.empty()) terms.available = 0;
  for (std::size_t i = 0; i < request.repositories.size(); ++i) {
    const Availability availability = request.repositories[i].availability;
    const Mask repository = Mask{1} << i;
    if (availability == Availability::given) terms.given |= repository;
    if (availability == Availability::cached) terms.cached |= repository;
    if (availability == Availability::reachable || availability == Availability::given) {
      terms.available |= repository;
    }
  }
  for (std::size_t i = 0; i < request.installed.size(); ++i) {
    const PresentPackage& present = request.installed[i];
    const auto name = universe.find(present.package.name);
    if (!name) continue;
    const auto tag = universe.tag_number(present.tag);
    for (const Provider& provider : universe.providers(*name)) {
      const PackageId id = provider.package;
      if (!universe.is_installed(id) || universe.name_of(id) != *name ||
          universe.identity(id) != present.package.identity ||
          universe.version(id) != present.package.version) {
        continue;
      }
      terms.installed.push_back({id, tag.has_value() ? Mask{1} << *tag : 0, i});
      break;
    }
  }
  terms.wish = request.wish;
  terms.wishes = request.wishes;
  terms.scope = request.scope;
  return terms;
}

Search::Search(Universe& universe, const std::vector<Dependency>& world, Terms terms)
    : universe_(universe), terms_(std::move(terms)) {
  for (std::size_t i = 0; i < world.size(); ++i) {
    const Dependency& dependency = world[i];
    const Need need{universe_.add_name(dependency.name), dependency.match, dependency.conflict,
                    dependency.version};
    const bool is_left_out = i < terms_.left_out.size() && terms_.left_out[i];
    world_.push_back({need, &dependency, is_left_out});
  }
  std::stable_sort(world_.begin(), world_.end(), [](const WorldEntry& a, const WorldEntry& b) {
    return name_less(a.dependency->name, b.dependency->name);
  });
  for (const InstalledState& installed : terms_.installed) {
    if (installed_tags_.size() <= installed.package) installed_tags_.resize(installed.package + 1);
    installed_tags_[installed.package] = installed.tag;
  }
  names_.resize(universe_.name_count());
  packages_.resize(universe_.package_count());
}

void Search::run() {
  discover();
  add_wishes();
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

void Search::add_wishes() {
  for (const NameWish& wish : terms_.wishes) {
    const auto name = universe_.find(wish.name);
    if (!name) continue;
    for (const Provider& provider : universe_.providers(*name)) {
      PackageState& state = packages_[provider.package];
      state.wish = state.wish | wish.wish;
      state.inherited = state.inherited | wish.inherited;
    }
  }
}

Mask Search::tags(PackageId id) const {
  const Mask installed = id < installed_tags_.size() ? installed_tags_[id] : 0;
  return universe_.tags(id) | installed;
}

}  // namespace tarn::apk
