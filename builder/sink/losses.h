#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace tarn::builder {

/// What an output does not hold of the tree: counted by kind, with the first examples.
class Losses {
 public:
  /// `kind`: what is lost ("owners"); `example`: where, and what it would have been.
  void add(const std::string& kind, const std::string& example);
  bool empty() const { return losses_.empty(); }
  /// "left out: 12 owners: etc/shadow (0:42), …", one line a kind, in order of kind.
  std::vector<std::string> lines() const;

 private:
  struct Loss {
    std::size_t count = 0;
    std::vector<std::string> examples;
  };
  std::map<std::string, Loss> losses_;
};

}  // namespace tarn::builder
