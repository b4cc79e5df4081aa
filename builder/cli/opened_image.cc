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

OpenedImage open_image(const std::string& text, const RegistryWorld& world) {
  constexpr std::string_view registry_scheme = "docker://";
  std::error_code absent;
  OpenedImage opened;
  if (std::filesystem::is_directory(text, absent)) {
    opened.source = open_layout(text);
    opened.name = name_in(*opened.source);
  } else if (std::filesystem::is_regular_file(text, absent)) {
    opened.source = open_archive(text);
    opened.name = name_in(*opened.source);
  } else {
    const std::string name =
        text.starts_with(registry_scheme) ? text.substr(registry_scheme.size()) : text;
    try {
      const SourceReference reference = SourceReference::parse(name);
      opened.source = open_repository(world, reference);
      opened.name = reference.digest.empty() ? reference.name.familiar() : name;
    } catch (Error& error) {
      error.detail("looked for", "a layout's folder, an archive, or an image of a registry");
      throw;
    }
  }
  return opened;
}

}  // namespace tarn::builder
