#include "apk/index/package_fields.h"

#include <algorithm>

namespace tarn::apk {

bool is_path_part(std::string_view text) {
  return !text.empty() && text != "." && text != ".." &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return c > ' ' && c < '\x7f' && c != '/'; });
}

std::optional<Dependency> parse_stated_dependency(std::string_view word) {
  auto dependency = Dependency::parse(word);
  if (dependency && (dependency->broken || !dependency->tag.empty())) return std::nullopt;
  return dependency;
}

std::optional<Provide> parse_stated_provide(std::string_view word) {
  if (auto provide = Provide::parse(word)) return provide;
  const auto dependency = Dependency::parse(word);
  const bool is_named_version = dependency && dependency->match == VersionMatch::equal &&
                                !dependency->conflict && dependency->tag.empty() &&
                                !dependency->version.empty();
  if (!is_named_version) return std::nullopt;
  return Provide{dependency->name, dependency->version};
}

}  // namespace tarn::apk
