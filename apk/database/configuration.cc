#include "apk/database/configuration.h"

#include <algorithm>

#include <fmt/core.h>

#include "apk/model/package.h"
#include "apk/support/error.h"

namespace tarn::apk {

std::string world_text(std::vector<Dependency> world) {
  std::stable_sort(world.begin(), world.end(), [](const Dependency& left, const Dependency& right) {
    return name_less(left.name, right.name);
  });
  std::vector<std::string> lines;
  for (const Dependency& dependency : world) {
    const std::string line = dependency.str();
    if (std::find(lines.begin(), lines.end(), line) == lines.end()) lines.push_back(line);
  }
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

std::vector<Dependency> parse_world(std::string_view text, const std::string& name) {
  std::vector<Dependency> world;
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    for (const std::string_view word : split_words(text.substr(0, end))) {
      const auto dependency = Dependency::parse(word);
      if (!dependency) {
        throw Error(ErrorKind::failed, fmt::format("{}:{}: bad dependency '{}'", name, line, word));
      }
      world.push_back(*dependency);
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return world;
}

std::string architectures_text(const std::vector<std::string>& architectures) {
  std::string text;
  for (const std::string& architecture : architectures) text += architecture + "\n";
  return text;
}

std::string repositories_text(const std::vector<Repository>& repositories) {
  std::vector<std::string> lines;
  for (const Repository& repository : repositories) {
    std::string line = repository.line();
    if (std::find(lines.begin(), lines.end(), line) == lines.end()) {
      lines.push_back(std::move(line));
    }
  }
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

}  // namespace tarn::apk
