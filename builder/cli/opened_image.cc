#include "builder/cli/opened_image.h"

#include <filesystem>
#include <string_view>
#include <utility>

#include "apk/support/error.h"
#include "builder/archive_source.h"
#include "builder/image/json.h"
#include "builder/registry/reference.h"
#include "builder/sink/layout_content.h"

namespace tarn::builder {
namespace {

std::string without_scheme(const std::string& text) {
  constexpr std::string_view registry_scheme = "docker://";
  return text.starts_with(registry_scheme) ? text.substr(registry_scheme.size()) : text;
}

/// The name that index.json gives the image; empty where it gives none.
std::string name_in(ImageSource& source) {
  const Json index = Json::parse(source.top(), nullptr, false);
  if (!index.is_object() || !index.contains("manifests") || !index["manifests"].is_array() ||
      index["manifests"].empty())
    return {};
  const Json& entry = index["manifests"].front();
  if (!entry.is_object() || !entry.contains("annotations")) return {};
  const Json& annotations = entry["annotations"];
  if (!annotations.is_object() || !annotations.contains(image_name_key) ||
      !annotations[image_name_key].is_string())
    return {};
  return Reference::parse(annotations[image_name_key].get<std::string>()).familiar();
}

}  // namespace

std::optional<SourceReference> registry_image(const std::string& text) {
  std::error_code absent;
  if (std::filesystem::is_directory(text, absent) || std::filesystem::is_regular_file(text, absent))
    return std::nullopt;
  try {
    return SourceReference::parse(without_scheme(text));
  } catch (Error& error) {
    error.detail("looked for", "a layout's folder, an archive, or an image of a registry");
    throw;
  }
}

OpenedImage open_image(const std::string& text, const RegistryWorld& world) {
  std::error_code absent;
  OpenedImage opened;
  if (const auto reference = registry_image(text)) {
    opened.source = open_repository(world, *reference);
    opened.name = reference->digest.empty() ? reference->name.familiar() : without_scheme(text);
    return opened;
  }
  if (std::filesystem::is_directory(text, absent))
    opened.source = open_layout(text);
  else
    opened.source = open_archive(text);
  opened.name = name_in(*opened.source);
  return opened;
}

}  // namespace tarn::builder
