#include "apk/solver/wording.h"

#include <algorithm>

#include <fmt/core.h>

namespace tarn::apk {
namespace {

/// Of packages between world and the requirer.
constexpr std::size_t kLongestChain = 6;

}  // namespace

std::string Wording::world() const {
  return facts_.positions.empty() ? "world" : "the recipe";
}

std::string Wording::entry(const Dependency& entry) const {
  const std::string position = facts_.position(entry);
  return position.empty() ? fmt::format("'{}'", entry.str())
                          : fmt::format("'{}' ({})", entry.str(), position);
}

/// Where world says it; the words too, unless they are `known` already.
std::string Wording::place(const Dependency& entry, const std::string& known) const {
  const std::string position = facts_.position(entry);
  const std::string text = entry.str();
  if (position.empty()) return fmt::format("world ({})", text);
  return text == known ? position : fmt::format("{} ({})", position, text);
}

std::string Wording::requirer(const Requirer& requirer, const std::string& known) const {
  if (requirer.package.empty()) return place(requirer.dependency, known);
  std::vector<std::string> packages;
  for (auto link = requirer.chain.rbegin(); link != requirer.chain.rend(); ++link) {
    packages.push_back(link->package);
  }
  packages.push_back(requirer.package);
  // A bare name is plain from the package that follows it.
  const std::string entry = requirer.world.str();
  std::string text = place(requirer.world, packages.front().starts_with(entry + "-") ? entry : "");
  for (std::size_t i = 0; i < packages.size(); ++i) {
    if (packages.size() > kLongestChain && i == kLongestChain / 2) {
      text += " -> ...";
      i = packages.size() - kLongestChain / 2;
    }
    text += " -> " + packages[i];
  }
  const std::string wanted = requirer.dependency.str();
  return wanted == known ? text : fmt::format("{} ({})", text, wanted);
}

std::string Wording::repository(std::size_t number) const {
  return number < facts_.repositories.size() ? facts_.repositories[number] : std::string();
}

std::string Wording::likely_repository() const {
  constexpr std::string_view main = "/main";
  for (const std::string& label : facts_.repositories) {
    if (!label.ends_with(main)) continue;
    const std::string other = label.substr(0, label.size() - main.size()) + "/community";
    if (std::find(facts_.repositories.begin(), facts_.repositories.end(), other) ==
        facts_.repositories.end()) {
      return ", perhaps " + other;
    }
  }
  return {};
}

std::string Wording::architecture() const {
  return joined(facts_.architectures, facts_.architectures.size());
}

std::string joined(const std::vector<std::string>& texts, std::size_t most) {
  std::string list;
  for (std::size_t i = 0; i < texts.size() && i < most; ++i) {
    if (i > 0) list += ", ";
    list += texts[i];
  }
  if (texts.size() > most) list += fmt::format(" and {} more", texts.size() - most);
  return list;
}

std::string alternatives(const std::vector<std::string>& texts) {
  std::string list;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (i > 0) list += i + 1 == texts.size() ? " or " : ", ";
    list += texts[i];
  }
  return list;
}

std::string suggestion_list(const Problem& problem) {
  std::vector<std::string> texts;
  for (const Suggestion& suggestion : problem.suggestions) {
    texts.push_back(suggestion.why.empty()
                        ? suggestion.name
                        : fmt::format("{} ({})", suggestion.name, suggestion.why));
  }
  return joined(texts, texts.size());
}

}  // namespace tarn::apk
