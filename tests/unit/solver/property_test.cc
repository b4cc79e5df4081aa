// What holds for every world: 2,000 random ones over two whole indexes.

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <future>
#include <map>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "apk/index/index.h"
#include "apk/solver/universe.h"
#include "apk/support/file.h"
#include "mentions.h"
#include "plan_checker.h"
#include "random_world.h"
#include "unit/shared.h"

namespace tarn::apk {
namespace {

using test::Dice;
using test::Stock;
using World = std::vector<Dependency>;

Index read_index(const std::filesystem::path& path) {
  const std::string file = read_file(path);
  return parse_index_text(IndexFile::parse(as_bytes(file), path.string()).text.lines);
}

std::string text_of(const World& world) {
  std::string text;
  for (const Dependency& entry : world) text += (text.empty() ? "" : " ") + entry.str();
  return text;
}

std::vector<Package> packages_of(const Plan& plan) {
  std::vector<Package> packages;
  for (const PlannedPackage& planned : plan.packages) packages.push_back(planned.package);
  return packages;
}

std::set<std::string> labels_of(const std::vector<Package>& packages) {
  std::set<std::string> labels;
  for (const Package& package : packages) labels.insert(package.label());
  return labels;
}

/// One entry of a world taken away: what the rest needs of the old plan is kept, what only the
/// entry brought in is dropped.
///
/// A greedy solver does not promise that the plan for the rest is what is kept: an entry may have
/// had a part in choices, by what it forbids, or by making one provider of many the one to take.
/// The promise is made where that cannot be:
///
///   1. what is kept depends on no name that several packages of the plan have, for which of them
///      is meant is then open;
///   2. no constraint of the entry or of what is dropped rules out a package that has a name which
///      what is kept speaks of, nor wants such a name that nothing kept depends on;
///   3. no package that what is dropped excludes, having the same names, has such a name;
///   4. no install_if wants what is dropped to be absent.
class Removal {
 public:
  Removal(const Stock& stock, const World& world, std::size_t entry,
          const std::vector<Package>& plan)
      : stock_(stock), rest_(world), entry_(world[entry]) {
    rest_.erase(rest_.begin() + static_cast<std::ptrdiff_t>(entry));
    const auto needed = test::needed_by(rest_, plan);
    for (std::size_t place = 0; place < plan.size(); ++place) {
      (needed.count(place) != 0 ? kept_ : dropped_).push_back(plan[place]);
    }
    for (const Dependency& constraint : rest_) speak_of(constraint);
    for (const Package& package : kept_) {
      for (const Dependency& constraint : package.depends) speak_of(constraint);
      for (const Dependency& condition : package.install_if) spoken_.insert(condition.name);
      for (const Provide& name : test::names_of(package)) spoken_.insert(name.name);
    }
  }

  const World& rest() const { return rest_; }
  const std::vector<Package>& kept() const { return kept_; }

  bool had_no_part_in_choices() const {
    return is_clear_what_is_meant() && is_harmless(entry_, "") &&
           std::all_of(dropped_.begin(), dropped_.end(),
                       [&](const Package& package) { return is_harmless(package); });
  }

 private:
  void speak_of(const Dependency& constraint) {
    spoken_.insert(constraint.name);
    if (!constraint.conflict) required_.insert(constraint.name);
  }

  bool is_spoken_of(const Package& package) const {
    const auto names = test::names_of(package);
    return std::any_of(names.begin(), names.end(),
                       [&](const Provide& name) { return spoken_.count(name.name) != 0; });
  }

  bool is_clear_what_is_meant() const {
    std::map<std::string, std::size_t> holders;
    for (const auto* packages : {&kept_, &dropped_}) {
      for (const Package& package : *packages) {
        for (const Provide& name : test::names_of(package)) ++holders[name.name];
      }
    }
    return std::all_of(required_.begin(), required_.end(),
                       [&](const std::string& name) { return holders[name] == 1; });
  }

  /// Whether a constraint, stated by the package `by`, rules nothing out that might matter.
  bool is_harmless(const Dependency& constraint, const std::string& by) const {
    if (!constraint.conflict && spoken_.count(constraint.name) != 0 &&
        required_.count(constraint.name) == 0) {
      return false;
    }
    const auto found = stock_.holders.find(constraint.name);
    if (found == stock_.holders.end()) return true;
    return std::none_of(found->second.begin(), found->second.end(), [&](const auto& holder) {
      const auto& [package, version] = holder;
      return package->label() != by &&
             test::is_meant(constraint, version, *package) == constraint.conflict &&
             is_spoken_of(*package);
    });
  }

  bool is_harmless(const Package& dropped) const {
    for (const Dependency& constraint : dropped.depends) {
      if (!is_harmless(constraint, dropped.label())) return false;
    }
    for (const Provide& name : test::names_of(dropped)) {
      if (stock_.unwanted.count(name.name) != 0) return false;
      for (const auto& [rival, version] : stock_.holders.at(name.name)) {
        const bool is_excluded = !name.version.empty() || !version.empty();
        if (is_excluded && rival->label() != dropped.label() && is_spoken_of(*rival)) return false;
      }
    }
    return true;
  }

  const Stock& stock_;
  World rest_;
  Dependency entry_;
  std::vector<Package> kept_;
  std::vector<Package> dropped_;
  std::set<std::string> spoken_;    ///< names that what is kept has, or says anything about
  std::set<std::string> required_;  ///< of them, those it depends on
};

using Result = std::variant<Plan, std::vector<Problem>>;

/// All of a plan; without one, what its problems speak of.
std::string summary_of(const Result& result) {
  std::string text;
  if (const auto* plan = std::get_if<Plan>(&result)) {
    for (const PlannedPackage& planned : plan->packages) {
      text += fmt::format("{} {}\n", planned.package.label(), planned.repository);
    }
    return text;
  }
  const auto mentions = test::mentioned_by(std::get<std::vector<Problem>>(result));
  return fmt::format("no plan: {}", fmt::join(mentions, " "));
}

/// The order in which a recipe lists its packages does not count.
void check_order(Universe& universe, World world, const Result& result, Dice& dice) {
  const std::string expected = summary_of(result);
  for (int i = 0; i < 2; ++i) {
    dice.shuffle(world);
    INFO("as ", text_of(world));
    CHECK(summary_of(solve_in(universe, world)) == expected);
  }
}

/// Takes away the first entry, from a random one on, that had no part in choices: the plan for the
/// rest is what is kept, no more and no less. False where there is no such entry.
bool check_removal(const Stock& stock, Universe& universe, const World& world, const Plan& plan,
                   Dice& dice) {
  const auto packages = packages_of(plan);
  const std::size_t first = dice.below(world.size());
  for (std::size_t i = 0; i < world.size(); ++i) {
    const std::size_t entry = (first + i) % world.size();
    if (world[entry].conflict) continue;
    const Removal removal(stock, world, entry, packages);
    if (!removal.had_no_part_in_choices()) continue;
    INFO("without ", world[entry].str());
    const Result result = solve_in(universe, removal.rest());
    REQUIRE(std::holds_alternative<Plan>(result));
    const auto labels = labels_of(packages_of(std::get<Plan>(result)));
    CHECK(fmt::format("{}", fmt::join(labels, " ")) ==
          fmt::format("{}", fmt::join(labels_of(removal.kept()), " ")));
    return true;
  }
  return false;
}

struct Tally {
  std::size_t worlds = 0;
  std::size_t plans = 0;
  std::size_t removals = 0;
};

void check_world(const Stock& stock, Universe& universe, std::uint32_t number, Tally& tally) {
  Dice dice(number);
  const World world = test::draw_world(stock, dice);
  INFO("world ", number, ": ", text_of(world));
  const Result result = solve_in(universe, world);
  ++tally.worlds;
  check_order(universe, world, result, dice);
  const auto* plan = std::get_if<Plan>(&result);
  if (plan == nullptr) return;
  ++tally.plans;
  const auto faults = test::plan_faults(packages_of(*plan), world);
  CHECK(fmt::format("{}", fmt::join(faults, "\n")) == "");
  if (check_removal(stock, universe, world, *plan, dice)) ++tally.removals;
}

/// Without optimisation all of them take minutes: then every 50th, unless $TARN_ALL_WORLDS is set.
std::uint32_t stride() {
#ifdef NDEBUG
  return 1;
#else
  return std::getenv("TARN_ALL_WORLDS") != nullptr ? 1 : 50;
#endif
}

TEST_CASE("solver: what holds for every world") {
  const auto shared = test::shared_folder();
  if (!shared) return;
  const auto mirror = *shared / "mirror/alpine/v3.19";
  const Index main = read_index(mirror / "main/x86_64/APKINDEX.tar.gz");
  const Index community = read_index(mirror / "community/x86_64/APKINDEX.tar.gz");
  const Stock stock({&main, &community});
  const BinaryIndex binary_main = BinaryIndex::from_packages(main.packages);
  const BinaryIndex binary_community = BinaryIndex::from_packages(community.packages);

  constexpr std::uint32_t threads = 2;
  std::array<Tally, threads> tallies;
  std::array<std::future<void>, threads> running;
  for (std::uint32_t thread = 0; thread < threads; ++thread) {
    running[thread] = std::async(std::launch::async, [&, thread] {
      Universe universe({"x86_64"}, {{&binary_main, ""}, {&binary_community, ""}});
      for (auto number = thread * stride(); number < 2000; number += threads * stride()) {
        check_world(stock, universe, number, tallies[thread]);
      }
    });
  }
  Tally total;
  for (std::uint32_t thread = 0; thread < threads; ++thread) {
    running[thread].get();
    total.worlds += tallies[thread].worlds;
    total.plans += tallies[thread].plans;
    total.removals += tallies[thread].removals;
  }
  // Properties of nothing prove nothing.
  CHECK(total.worlds == 2000 / stride());
  CHECK(total.plans > total.worlds * 3 / 4);
  CHECK(total.plans < total.worlds);
  CHECK(total.removals > total.plans * 3 / 4);
}

}  // namespace
}  // namespace tarn::apk
