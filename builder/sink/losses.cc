#include "builder/sink/losses.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

namespace tarn::builder {
namespace {

constexpr std::size_t most_examples = 3;

}  // namespace

void Losses::add(const std::string& kind, const std::string& example) {
  Loss& loss = losses_[kind];
  ++loss.count;
  if (loss.examples.size() < most_examples) loss.examples.push_back(example);
}

std::vector<std::string> Losses::lines() const {
  std::vector<std::string> lines;
  for (const auto& [kind, loss] : losses_)
    lines.push_back(fmt::format(
        "left out of {} {}: {}: {}{}", loss.count, loss.count == 1 ? "file" : "files", kind,
        fmt::join(loss.examples, ", "), loss.count > loss.examples.size() ? ", …" : ""));
  return lines;
}

}  // namespace tarn::builder
