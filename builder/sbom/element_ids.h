#pragma once

#include <set>
#include <string>
#include <string_view>

namespace tarn::builder {

/// Names for the elements of a document, of [A-Za-z0-9.-] alone (SPDX 2.3, 7.2), each given once: a
/// function of what is asked for, and in which order.
class ElementIds {
 public:
  /// `wanted` with '-' for all other characters; with a number behind it where that was given.
  std::string take(std::string_view wanted);

 private:
  std::set<std::string> taken_;
};

}  // namespace tarn::builder
