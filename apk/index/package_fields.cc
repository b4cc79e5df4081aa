#include "apk/index/package_fields.h"

#include <algorithm>

namespace tarn::apk {

bool is_path_part(std::string_view text) {
  return !text.empty() && text != "." && text != ".." &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return c > ' ' && c < '\x7f' && c != '/'; });
}

std::optional<DependencyView> parse_stated_dependency(std::string_view word) {
  auto dependency = DependencyView::parse(word);
  if (dependency && (dependency->broken || !dependency->tag.empty())) return std::nullopt;
  return dependency;
}

std::optional<ProvideView> parse_stated_provide(std::string_view word) {
  if (auto provide = ProvideView::parse(word)) return provide;
  const auto dependency = DependencyView::parse(word);
  const bool is_named_version = dependency && dependency->match == VersionMatch::equal &&
                                !dependency->conflict && dependency->tag.empty() &&
                                !dependency->version.empty();
  if (!is_named_version) return std::nullopt;
  return ProvideView{dependency->name, dependency->version};
}

}  // namespace tarn::apk
