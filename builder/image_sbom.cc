#include "builder/image_sbom.h"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "apk/support/error.h"
#include "builder/base_image.h"
#include "builder/image/descriptors.h"
#include "builder/image/json.h"
#include "builder/sbom/cyclonedx.h"
#include "builder/sbom/spdx.h"

namespace tarn::builder {
namespace {

/// A number of so many digits; nothing for another text.
std::optional<int> digits_at(std::string_view text, std::size_t at, std::size_t count) {
  if (text.size() < at + count) return std::nullopt;
  int number = 0;
  for (const char c : text.substr(at, count)) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + (c - '0');
  }
  return number;
}

/// What stands behind the seconds: a fraction, which does not count, and how far the time is from
/// UTC, in seconds.
std::optional<std::int64_t> offset_of(std::string_view text) {
  if (text.starts_with('.'))
    text.remove_prefix(std::min(text.find_first_not_of("0123456789", 1), text.size()));
  if (text == "Z" || text == "z") return 0;
  if (text.size() != 6 || text[3] != ':' || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const auto hours = digits_at(text, 1, 2);
  const auto minutes = digits_at(text, 4, 2);
  if (!hours || !minutes) return std::nullopt;
  const std::int64_t seconds = *hours * 3600 + *minutes * 60;
  return text[0] == '-' ? -seconds : seconds;
}

/// Seconds since 1970 of a time of RFC 3339; 0 where there is none.
std::int64_t parse_time(std::string_view text) {
  const auto year = digits_at(text, 0, 4);
  const auto month = digits_at(text, 5, 2);
  const auto day = digits_at(text, 8, 2);
  const auto hour = digits_at(text, 11, 2);
  const auto minute = digits_at(text, 14, 2);
  const auto second = digits_at(text, 17, 2);
  if (!year || !month || !day || !hour || !minute || !second) return 0;
  const auto offset = offset_of(text.substr(19));
  const std::chrono::year_month_day date(std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!offset || !date.ok()) return 0;
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  const std::int64_t seconds = days * 86'400 + *hour * 3600 + *minute * 60 + *second - *offset;
  return std::max<std::int64_t>(seconds, 0);
}

std::int64_t created_of(const Image& image) {
  const Json config = Json::parse(image.config.text, nullptr, false);
  if (!config.is_object() || !config.contains("created") || !config["created"].is_string())
    return 0;
  return parse_time(config["created"].get<std::string>());
}

SbomDocument write_document(SbomFormat format, const Sbom& sbom) {
  return format == SbomFormat::spdx ? write_spdx(sbom) : write_cyclonedx(sbom);
}

SbomDocument write_index(SbomFormat format, const SbomImage& index, const std::vector<Sbom>& sboms,
                         const std::vector<SbomDocument>& documents) {
  std::vector<ListedSbom> listed;
  for (const Sbom& sbom : sboms) {
    const auto document = std::ranges::find_if(documents, [&](const SbomDocument& one) {
      return one.format == format && one.architecture == sbom.architecture.apk;
    });
    listed.push_back({sbom, *document});
  }
  return format == SbomFormat::spdx ? write_spdx(index, listed) : write_cyclonedx(index, listed);
}

}  // namespace

Sbom describe_image(const Image& image, const std::string& name,
                    const std::filesystem::path& scratch, const std::stop_token& stop) {
  ElementIds ids;
  Sbom sbom;
  sbom.architecture = image.architecture;
  sbom.image = {.id = ids.take("Image"),
                .name = name,
                .digest = image.manifest.digest,
                .platform = image.architecture.platform(),
                .purl = image_url(name, image.manifest.digest, image.architecture.oci),
                .created = created_of(image)};
  for (const Layer& layer : image.layers)
    sbom.layers.push_back({.id = ids.take("Layer-" + to_hex(layer.digest)),
                           .digest = layer.digest,
                           .diff_id = layer.diff_id,
                           .size = layer.size,
                           .unpacked_size = layer.tar_size,
                           .media_type = layer.media_type});
  sbom.root = describe_root(unpack_layers(image.layers, scratch, stop), ids);
  return sbom;
}

std::vector<SbomDocument> describe_images(const Images& images, const SbomSettings& settings,
                                          Progress& progress, const std::stop_token& stop) {
  std::vector<Sbom> sboms;
  std::vector<SbomDocument> documents;
  std::int64_t newest = 0;
  for (const Image* image : by_platform(images.images)) {
    const std::string platform = image->architecture.platform();
    const Span span(progress, "sbom", platform);
    sboms.push_back(with_context("describing the image for " + platform, [&] {
      return describe_image(*image, images.tag, settings.scratch, stop);
    }));
    newest = std::max(newest, sboms.back().image.created);
    for (const std::string& problem : sboms.back().root.problems)
      progress.note(NoteLevel::warning, platform + ": " + problem);
    for (const SbomFormat format : settings.formats)
      documents.push_back(write_document(format, sboms.back()));
  }
  if (settings.index == IndexSbom::never ||
      (settings.index == IndexSbom::of_several && sboms.size() < 2))
    return documents;
  const SbomImage index{.id = "Index",
                        .name = images.tag,
                        .digest = images.index.digest,
                        .platform = {},
                        .purl = image_url(images.tag, images.index.digest, {}),
                        .created = newest};
  const std::size_t count = settings.formats.size();
  for (std::size_t i = 0; i < count; ++i)
    documents.push_back(write_index(settings.formats[i], index, sboms, documents));
  return documents;
}

}  // namespace tarn::builder
