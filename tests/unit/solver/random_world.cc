#include "random_world.h"

#include "apk/model/version.h"
#include "plan_checker.h"

namespace tarn::test {
namespace {

using apk::Dependency;
using apk::Package;
using apk::Provide;
using apk::VersionMatch;
using World = std::vector<Dependency>;

Dependency wanted(const std::string& name) {
  Dependency entry;
  entry.name = name;
  return entry;
}

/// Draws a world: 1 to 20 entries, each name once.
class WorldDraw {
 public:
  WorldDraw(const Stock& stock, Dice& dice) : stock_(stock), dice_(dice) {}

  World take() {
    const std::size_t size = 1 + dice_.below(1 + dice_.below(20));
    while (world_.size() < size) add_entry(size);
    if (dice_.below(40) == 0) world_.back() = wanted("nothing-has-this-name");
    return world_;
  }

 private:
  void add_entry(std::size_t size) {
    const std::size_t kind = dice_.below(100);
    const Package& package = *dice_.one_of(stock_.packages);
    if (kind < 45) {
      add(wanted(package.name));
    } else if (kind < 65) {
      add(versioned(package.name, package.version));
    } else if (kind < 80) {
      const Provide& provide = dice_.one_of(stock_.provided);
      const bool is_versioned = !provide.version.empty() && apk::is_valid_version(provide.version);
      add(is_versioned && dice_.below(3) == 0 ? versioned(provide.name, provide.version)
                                              : wanted(provide.name));
    } else if (kind < 90) {
      add_conflict(package);
    } else {
      for (const Dependency& condition : dice_.one_of(stock_.conditional)->install_if) {
        if (!condition.conflict && world_.size() < size) add(wanted(condition.name));
      }
    }
  }

  /// Mostly what the existing version satisfies; now and then what it may not.
  Dependency versioned(const std::string& name, const std::string& version) {
    static constexpr VersionMatch usual[] = {VersionMatch::equal, VersionMatch::greater_or_equal,
                                             VersionMatch::fuzzy, VersionMatch::greater_or_equal};
    Dependency entry = wanted(name);
    entry.match = usual[dice_.below(4)];
    entry.version = version;
    if (dice_.below(16) == 0) {
      entry.match = dice_.below(2) == 0 ? VersionMatch::less : VersionMatch::greater;
      entry.version = dice_.one_of(stock_.packages)->version;
    } else if (entry.match != VersionMatch::equal) {
      const std::string shorter = version.substr(0, version.rfind('.'));
      if (apk::is_valid_version(shorter)) entry.version = shorter;
    }
    return entry;
  }

  /// Forbids any package, or something near what the world wants so far.
  void add_conflict(const Package& package) {
    Dependency entry = wanted(package.name);
    entry.conflict = true;
    const auto known = world_.empty() || dice_.below(3) != 0
                           ? stock_.holders.end()
                           : stock_.holders.find(dice_.one_of(world_).name);
    if (known != stock_.holders.end()) {
      const Package& near = *known->second.front().first;
      if (!near.depends.empty() && dice_.below(4) == 0) {
        entry.name = dice_.one_of(near.depends).name;
      } else if (!near.provides.empty() && dice_.below(4) == 0) {
        entry.name = dice_.one_of(near.provides).name;
      } else {
        entry.name = near.name + (dice_.below(2) == 0 ? "-doc" : "-openrc");
      }
    }
    if (dice_.below(8) == 0) {
      entry.match = dice_.below(2) == 0 ? VersionMatch::less : VersionMatch::greater_or_equal;
      entry.version = package.version;
    }
    if (stock_.holders.count(entry.name) != 0) add(entry);
  }

  void add(Dependency entry) {
    if (names_.insert(entry.name).second) world_.push_back(std::move(entry));
  }

  const Stock& stock_;
  Dice& dice_;
  World world_;
  std::set<std::string> names_;
};

}  // namespace

Stock::Stock(const std::vector<const apk::Index*>& indexes) {
  for (const apk::Index* index : indexes) {
    for (const Package& package : index->packages) add(package);
  }
}

void Stock::add(const Package& package) {
  packages.push_back(&package);
  if (!package.install_if.empty()) conditional.push_back(&package);
  for (const Provide& provide : package.provides) {
    if (provide.name.find(':') != std::string::npos) provided.push_back(provide);
  }
  for (const Provide& name : names_of(package)) {
    holders[name.name].emplace_back(&package, name.version);
  }
  for (const Dependency& condition : package.install_if) {
    if (condition.conflict) unwanted.insert(condition.name);
  }
}

std::vector<Dependency> draw_world(const Stock& stock, Dice& dice) {
  return WorldDraw(stock, dice).take();
}

}  // namespace tarn::test
