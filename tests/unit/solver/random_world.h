#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "apk/index/index.h"
#include "apk/model/dependency.h"
#include "apk/model/package.h"

namespace tarn::test {

/// Numbers that are the same everywhere: the standard library's distributions are not.
class Dice {
 public:
  explicit Dice(std::uint32_t seed) : generator_(seed) {}

  /// 0 to `count` - 1.
  std::size_t below(std::size_t count) { return generator_() % count; }
  template <typename T>
  const T& one_of(const std::vector<T>& all) {
    return all[below(all.size())];
  }
  template <typename T>
  void shuffle(std::vector<T>& all) {
    for (std::size_t left = all.size(); left > 1; --left) {
      std::swap(all[left - 1], all[below(left)]);
    }
  }

 private:
  std::mt19937 generator_;
};

/// What worlds are drawn from.
struct Stock {
  std::vector<const apk::Package*> packages;
  std::vector<const apk::Package*> conditional;  ///< with install_if
  std::vector<apk::Provide> provided;
  /// Who has a name, with its version of it.
  std::map<std::string, std::vector<std::pair<const apk::Package*, std::string>>> holders;
  std::set<std::string> unwanted;  ///< names that an install_if wants to be absent

  /// The indexes must outlive it.
  explicit Stock(const std::vector<const apk::Index*>& indexes);

 private:
  void add(const apk::Package& package);
};

/// A world of 1 to 20 entries, each name once: packages, versions of them, names of the kinds
/// `so:`, `cmd:` and `pc:`, conflicts, what completes an install_if, and now and then a name that
/// nothing has. Most have a plan.
std::vector<apk::Dependency> draw_world(const Stock& stock, Dice& dice);

}  // namespace tarn::test
