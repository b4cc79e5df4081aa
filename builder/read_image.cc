#include "builder/read_image.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "builder/image/json.h"
#include "builder/sink/layer_stream.h"

namespace tarn::builder {
namespace {

constexpr std::uint64_t largest_text = 16U << 20U;
constexpr std::uint64_t largest_blob = std::uint64_t{16} << 30U;
constexpr std::size_t most_layers = 1000;
constexpr std::size_t most_manifests = 1000;
constexpr int deepest_index = 4;
constexpr const char* config_type = "application/vnd.oci.image.config.v1+json";
constexpr const char* index_type = "application/vnd.oci.image.index.v1+json";
constexpr const char* docker_list_type =
    "application/vnd.docker.distribution.manifest.list.v2+json";
constexpr const char* manifest_type = "application/vnd.oci.image.manifest.v1+json";

Error malformed(const std::string& what) {
  return {ErrorKind::failed, "the image is malformed: " + what};
}

Json parse_object(const std::string& text, const char* what) {
  Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) throw malformed(fmt::format("its {} is no JSON object", what));
  return json;
}

std::string text_at(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

const Json& list_at(const Json& json, const char* key, std::size_t most) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_array() || found->size() > most)
    throw malformed(fmt::format("it has no list '{}', or too long a one", key));
  return *found;
}

Sha256Digest parse_digest(const std::string& text) {
  const auto digest = parse_digest_text(text);
  if (!digest) throw malformed(fmt::format("'{}' is no sha256 digest", text.substr(0, 100)));
  return *digest;
}

struct Descriptor {
  Sha256Digest digest;
  std::uint64_t size = 0;
  std::string media_type;
};

Descriptor parse_descriptor(const Json& json) {
  if (!json.is_object()) throw malformed("a descriptor is no JSON object");
  const auto size = json.find("size");
  if (size == json.end() || !size->is_number_unsigned() ||
      size->get<std::uint64_t>() > largest_blob)
    throw malformed("a descriptor has no size, or too big a one");
  return {parse_digest(text_at(json, "digest")), size->get<std::uint64_t>(),
          text_at(json, "mediaType")};
}

/// OCI's media type for a layer; docker's are of the same content.
std::string layer_type(const std::string& type) {
  const std::string base = "application/vnd.oci.image.layer.v1.tar";
  if (type == base || type == base + "+gzip" || type == base + "+zstd") return type;
  if (type == "application/vnd.docker.image.rootfs.diff.tar") return base;
  if (type == "application/vnd.docker.image.rootfs.diff.tar.gzip") return base + "+gzip";
  throw Error(ErrorKind::failed, fmt::format("a layer of type '{}' cannot be built upon", type));
}

/// A manifest with its config.
struct Candidate {
  std::string manifest_text;
  Json manifest;
  std::string config_text;
  Json config;
};

bool fits(const Json& config, const apk::Architecture& architecture) {
  const std::string variant = text_at(config, "variant");
  // arm64's only variant, v8, is written or not.
  const bool same_variant = variant == architecture.variant ||
                            (architecture.oci != "arm" && architecture.variant.empty()) ||
                            (variant.empty() && architecture.variant == "v7");
  return text_at(config, "os") == "linux" && text_at(config, "architecture") == architecture.oci &&
         same_variant;
}

class ImageFinder {
 public:
  ImageFinder(ImageSource& source, const apk::Architecture& architecture)
      : source_(source), architecture_(architecture) {}

  Candidate find() {
    if (auto found = look_at(source_.top(), 0)) return std::move(*found);
    Error error(ErrorKind::failed,
                fmt::format("{} has no image for {}", source_.name(), architecture_.platform()));
    for (const std::string& platform : there_) error.detail("there is one for", platform);
    throw error;
  }

 private:
  std::optional<Candidate> look_at(std::string text, int depth) {
    Json json = parse_object(text, "manifest or index");
    if (!json.contains("manifests")) return look_at_manifest(std::move(text), std::move(json));
    if (depth == deepest_index) throw malformed("it has indexes in indexes without end");
    for (const Json& entry : list_at(json, "manifests", most_manifests)) {
      const Descriptor descriptor = parse_descriptor(entry);
      if (++looked_at_ > most_manifests) throw malformed("it has too many manifests");
      if (is_for_another(entry)) continue;
      auto found = look_at(source_.manifest(descriptor.digest, largest_text), depth + 1);
      if (found) return found;
    }
    return std::nullopt;
  }

  /// By the platform in an index, where it is given.
  bool is_for_another(const Json& entry) {
    const auto platform = entry.find("platform");
    if (platform == entry.end() || !platform->is_object() || fits(*platform, architecture_))
      return false;
    note(*platform);
    return true;
  }

  std::optional<Candidate> look_at_manifest(std::string text, Json manifest) {
    if (!manifest.contains("config")) throw malformed("a manifest has no config");
    const Descriptor descriptor = parse_descriptor(manifest["config"]);
    std::string config_text = source_.config(descriptor.digest, largest_text);
    Json config = parse_object(config_text, "config");
    if (!fits(config, architecture_)) {
      note(config);
      return std::nullopt;
    }
    return Candidate{std::move(text), std::move(manifest), std::move(config_text),
                     std::move(config)};
  }

  void note(const Json& platform) {
    const std::string variant = text_at(platform, "variant");
    there_.push_back(fmt::format("{}/{}{}{}", text_at(platform, "os"),
                                 text_at(platform, "architecture"), variant.empty() ? "" : "/",
                                 variant));
  }

  ImageSource& source_;
  const apk::Architecture& architecture_;
  std::size_t looked_at_ = 0;
  std::vector<std::string> there_;
};

JsonBlob as_blob(std::string text, std::string media_type) {
  JsonBlob blob{std::move(text), {}, std::move(media_type)};
  blob.digest = sha256(blob.text);
  return blob;
}

std::optional<apk::Architecture> architecture_of(const Json& platform) {
  const std::string name = text_at(platform, "architecture");
  const std::string variant = text_at(platform, "variant");
  if (text_at(platform, "os") != "linux") return std::nullopt;
  return apk::Architecture::parse(name == "arm" && !variant.empty() ? name + "/" + variant : name);
}

/// The architectures among the entries of an index that says what each is for.
std::vector<apk::Architecture> architectures_of(const Json& index) {
  std::vector<apk::Architecture> architectures;
  for (const Json& entry : list_at(index, "manifests", most_manifests)) {
    if (!entry.is_object() || !entry.contains("platform")) continue;
    const auto architecture = architecture_of(entry["platform"]);
    if (architecture && std::ranges::find(architectures, *architecture) == architectures.end())
      architectures.push_back(*architecture);
  }
  return architectures;
}

/// A layout's index.json may list one image for several platforms and nothing else: that one's own
/// index is what the image is known by.
void enter_only_index(ImageSource& source, std::string& text, Json& top) {
  for (int depth = 0; depth < deepest_index && top.contains("manifests"); ++depth) {
    const Json& entries = list_at(top, "manifests", most_manifests);
    if (entries.size() != 1) return;
    const Descriptor only = parse_descriptor(entries.front());
    const std::string& type = only.media_type;
    if (type != index_type && type != docker_list_type) return;
    text = source.manifest(only.digest, largest_text);
    top = parse_object(text, "index");
  }
}

/// Whether the index lists these images' manifests, and nothing else.
bool lists_exactly(const Json& index, const std::vector<Image>& images) {
  const Json& entries = list_at(index, "manifests", most_manifests);
  if (entries.size() != images.size()) return false;
  return std::ranges::all_of(entries, [&](const Json& entry) {
    const Sha256Digest digest = parse_descriptor(entry).digest;
    return std::ranges::any_of(images,
                               [&](const Image& image) { return image.manifest.digest == digest; });
  });
}

}  // namespace

Image read_image(ImageSource& source, const apk::Architecture& architecture,
                 const std::filesystem::path& scratch, const std::stop_token& stop) {
  return with_context("reading " + source.name(), [&] {
    Candidate found = ImageFinder(source, architecture).find();
    const Json& layers = list_at(found.manifest, "layers", most_layers);
    const auto rootfs = found.config.find("rootfs");
    if (rootfs == found.config.end() || !rootfs->is_object())
      throw malformed("its config has no rootfs");
    const Json& diff_ids = list_at(*rootfs, "diff_ids", most_layers);
    if (diff_ids.size() != layers.size())
      throw malformed("its manifest and its config list different numbers of layers");
    Image image;
    image.architecture = architecture;
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const Descriptor descriptor = parse_descriptor(layers[i]);
      Layer layer;
      layer.media_type = layer_type(descriptor.media_type);
      layer.digest = descriptor.digest;
      layer.size = descriptor.size;
      layer.diff_id = parse_digest(diff_ids[i].is_string() ? diff_ids[i].get<std::string>() : "");
      layer.blob = source.blob(layer.digest, layer.size, scratch);
      measure_layer(layer, largest_blob, stop);
      image.layers.push_back(std::move(layer));
    }
    image.config = as_blob(std::move(found.config_text), config_type);
    const std::string type = text_at(found.manifest, "mediaType");
    image.manifest = as_blob(std::move(found.manifest_text), type.empty() ? manifest_type : type);
    return image;
  });
}

ImageTop read_top(ImageSource& source) {
  return with_context("reading " + source.name(), [&] {
    std::string text = source.top();
    Json json = parse_object(text, "manifest or index");
    enter_only_index(source, text, json);
    ImageTop top;
    top.is_index = json.contains("manifests");
    if (top.is_index) {
      top.architectures = architectures_of(json);
    } else if (json.contains("config")) {
      const Descriptor config = parse_descriptor(json["config"]);
      const auto found =
          architecture_of(parse_object(source.config(config.digest, largest_text), "config"));
      if (found) top.architectures.push_back(*found);
    }
    const std::string type = text_at(json, "mediaType");
    top.blob = as_blob(std::move(text), !type.empty()  ? type
                                        : top.is_index ? index_type
                                                       : manifest_type);
    return top;
  });
}

std::optional<JsonBlob> own_index(const ImageTop& top, const std::vector<Image>& images) {
  if (!top.is_index || !lists_exactly(parse_object(top.blob.text, "index"), images))
    return std::nullopt;
  return top.blob;
}

Images read_images(ImageSource& source, std::vector<apk::Architecture> architectures,
                   const std::filesystem::path& scratch, const std::stop_token& stop) {
  return with_context("reading " + source.name(), [&] {
    ImageTop top = read_top(source);
    if (architectures.empty()) architectures = top.architectures;
    if (architectures.empty())
      throw Error(ErrorKind::failed, source.name() + " has no image for a platform known here");
    Images images;
    for (const apk::Architecture& architecture : architectures)
      images.images.push_back(read_image(source, architecture, scratch, stop));
    auto index = own_index(top, images.images);
    images.index = index ? *std::move(index) : make_image_index(images.images, {});
    return images;
  });
}

}  // namespace tarn::builder
