#include "builder/report/installed_needs.h"

#include <algorithm>
#include <set>
#include <utility>

namespace tarn::builder {
namespace {

/// The version under which a package has a name: its own, or that of what it provides.
std::string_view version_of(const apk::Package& package, std::string_view name) {
  if (package.name == name) return package.version;
  const auto found = std::ranges::find(package.provides, name, &apk::Provide::name);
  return found == package.provides.end() ? std::string_view() : found->version;
}

}  // namespace

InstalledNeeds::InstalledNeeds(std::span<const apk::InstalledPackage> packages)
    : packages_(packages), needs_(packages.size()), conditions_(packages.size()) {
  for (std::size_t i = 0; i < packages.size(); ++i) {
    const apk::Package& package = packages[i].package;
    holders_[package.name].with_version.push_back(i);
    for (const apk::Provide& provide : package.provides) {
      if (provide.name == package.name) continue;
      Holders& holders = holders_[provide.name];
      auto& list = provide.version.empty() ? holders.without : holders.with_version;
      if (list.empty() || list.back() != i) list.push_back(i);
    }
  }
  for (std::size_t i = 0; i < packages.size(); ++i) {
    const apk::Package& package = packages[i].package;
    for (const apk::Dependency& dependency : package.depends)
      if (!dependency.conflict) needs_[i].push_back(answers(dependency));
    for (const apk::Dependency& condition : package.install_if)
      // What must not be there is not there, and less packages bring none.
      if (!condition.conflict) conditions_[i].push_back(answers(condition));
    if (!conditions_[i].empty()) conditional_.push_back(i);
  }
}

InstalledNeeds::Answers InstalledNeeds::find_answers(std::span<const std::size_t> holders,
                                                     const apk::Dependency& dependency) const {
  Answers found;
  for (const std::size_t i : holders) {
    const apk::Package& package = packages_[i].package;
    if (dependency.is_satisfied_by(version_of(package, dependency.name), package.identity))
      found.push_back(i);
  }
  return found;
}

std::vector<std::size_t> InstalledNeeds::answers(const apk::Dependency& dependency) const {
  const auto found = holders_.find(dependency.name);
  if (dependency.conflict || found == holders_.end()) return {};
  const Holders& holders = found->second;
  return find_answers(holders.with_version.empty() ? holders.without : holders.with_version,
                      dependency);
}

std::size_t InstalledNeeds::choose(const Answers& answers, const std::vector<bool>& present) const {
  const auto there = std::ranges::find_if(answers, [&](std::size_t i) { return present[i]; });
  if (there != answers.end()) return *there;
  return *std::ranges::max_element(
      answers, {}, [&](std::size_t i) { return packages_[i].package.provider_priority; });
}

/// Gathers what is needed. What leaves a choice waits until all that leaves none is there.
class InstalledNeeds::Walk {
 public:
  explicit Walk(const InstalledNeeds& needs)
      : needs_(needs), present_(needs.packages_.size(), false) {}

  void need(const Answers& answers) {
    if (answers.size() == 1)
      add(answers.front());
    else if (answers.size() > 1)
      choices_.push_back(&answers);
  }

  std::vector<bool> finish() {
    do {
      while (!waiting_.empty()) {
        const std::size_t package = waiting_.back();
        waiting_.pop_back();
        for (const Answers& answers : needs_.needs_[package]) need(answers);
      }
    } while (add_brought() || add_chosen());
    return std::move(present_);
  }

 private:
  void add(std::size_t package) {
    if (present_[package]) return;
    present_[package] = true;
    waiting_.push_back(package);
  }

  bool has_any(const Answers& answers) const {
    return std::ranges::any_of(answers, [this](std::size_t i) { return present_[i]; });
  }

  /// Adds those whose install_if holds; whether there was one.
  bool add_brought() {
    for (const std::size_t package : needs_.conditional_)
      if (!present_[package] &&
          std::ranges::all_of(needs_.conditions_[package],
                              [this](const Answers& answers) { return has_any(answers); }))
        add(package);
    return !waiting_.empty();
  }

  /// Makes the first choice that is open.
  bool add_chosen() {
    for (; next_choice_ < choices_.size(); ++next_choice_) {
      const Answers& answers = *choices_[next_choice_];
      if (has_any(answers)) continue;
      add(needs_.choose(answers, present_));
      return true;
    }
    return false;
  }

  const InstalledNeeds& needs_;
  std::vector<bool> present_;
  std::vector<std::size_t> waiting_;
  std::vector<const Answers*> choices_;
  std::size_t next_choice_ = 0;  ///< those before it are answered
};

std::vector<InstalledNeeds::Answers> InstalledNeeds::answers_of(
    std::span<const apk::Dependency> world) const {
  std::vector<Answers> all;
  all.reserve(world.size());
  for (const apk::Dependency& dependency : world) all.push_back(answers(dependency));
  return all;
}

std::vector<bool> InstalledNeeds::needed_by(std::span<const apk::Dependency> world) const {
  const std::vector<Answers> wishes = answers_of(world);
  Walk walk(*this);
  for (const Answers& wish : wishes) walk.need(wish);
  return walk.finish();
}

std::vector<TopLevelPackage> InstalledNeeds::top_level(
    std::span<const apk::Dependency> world) const {
  const std::vector<Answers> wishes = answers_of(world);
  const std::vector<bool> all = needed_by(world);
  std::map<std::size_t, std::set<std::size_t>> lines;  // of world, by the package they count for
  for (std::size_t i = 0; i < wishes.size(); ++i)
    if (!wishes[i].empty()) lines[choose(wishes[i], all)].insert(i);
  std::vector<TopLevelPackage> tops;
  for (const auto& [package, own] : lines) {
    Walk walk(*this);
    for (std::size_t i = 0; i < wishes.size(); ++i)
      if (!own.contains(i)) walk.need(wishes[i]);
    const std::vector<bool> left = walk.finish();
    TopLevelPackage top{package, {}};
    for (std::size_t i = 0; i < packages_.size(); ++i)
      if (all[i] && !left[i]) top.alone.push_back(i);
    tops.push_back(std::move(top));
  }
  return tops;
}

}  // namespace tarn::builder
