#include "builder/registry/content.h"

#include <algorithm>
#include <map>

#include "apk/support/error.h"
#include "builder/image/descriptors.h"
#include "builder/image/json.h"

namespace tarn::builder {
namespace {

constexpr const char* docker_manifest = "application/vnd.docker.distribution.manifest.v2+json";
constexpr const char* docker_list = "application/vnd.docker.distribution.manifest.list.v2+json";

const char* docker_type(const std::string& oci_type) {
  static const std::map<std::string, const char*> types = {
      {"application/vnd.oci.image.config.v1+json",
       "application/vnd.docker.container.image.v1+json"},
      {"application/vnd.oci.image.layer.v1.tar", "application/vnd.docker.image.rootfs.diff.tar"},
      {"application/vnd.oci.image.layer.v1.tar+gzip",
       "application/vnd.docker.image.rootfs.diff.tar.gzip"},
  };
  const auto found = types.find(oci_type);
  if (found != types.end()) return found->second;
  throw Error(ErrorKind::usage, "docker's media types have none for " + oci_type)
      .hint("choose gzip as the recipe's compression, or leave --docker-media-types out");
}

void translate(Json& descriptor) {
  descriptor["mediaType"] = docker_type(descriptor["mediaType"].get<std::string>());
}

JsonBlob blob_of(const Json& json, const char* media_type) {
  JsonBlob blob{dump_json(json), {}, media_type};
  blob.digest = sha256(blob.text);
  return blob;
}

JsonBlob docker_manifest_of(const JsonBlob& manifest) {
  Json json = Json::parse(manifest.text);
  json["mediaType"] = docker_manifest;
  translate(json["config"]);
  for (Json& layer : json["layers"]) translate(layer);
  json.erase("annotations");
  return blob_of(json, docker_manifest);
}

/// A list of docker's manifests, with the platforms of the index.
JsonBlob docker_list_of(const std::vector<const Image*>& images,
                        const std::vector<JsonBlob>& manifests) {
  Json list;
  list["schemaVersion"] = 2;
  list["mediaType"] = docker_list;
  list["manifests"] = Json::array();
  for (std::size_t i = 0; i < images.size(); ++i) {
    Json entry = make_descriptor(manifests[i]);
    entry["platform"] = make_descriptor(*images[i])["platform"];
    list["manifests"].push_back(std::move(entry));
  }
  return blob_of(list, docker_list);
}

}  // namespace

PushContent push_content(const std::vector<Image>& images, const JsonBlob& index,
                         MediaTypes types) {
  if (images.empty()) throw Error(ErrorKind::failed, "there is no image to push");
  PushContent content;
  std::map<Sha256Digest, ByteView> blobs;
  const auto sorted = by_platform(images);
  for (const Image* image : sorted) {
    content.manifests.push_back(types == MediaTypes::docker ? docker_manifest_of(image->manifest)
                                                            : image->manifest);
    content.platforms.push_back(image->architecture.platform());
    blobs.emplace(image->config.digest, as_bytes(image->config.text));
    for (const Layer& layer : image->layers) blobs.emplace(layer.digest, layer.blob.bytes());
  }
  for (const auto& [digest, bytes] : blobs) content.blobs.push_back({digest, bytes});
  std::ranges::stable_sort(content.blobs, std::greater(),
                           [](const ContentBlob& blob) { return blob.bytes.size(); });
  content.top = types == MediaTypes::docker ? docker_list_of(sorted, content.manifests) : index;
  return content;
}

}  // namespace tarn::builder
