#include "builder/registry/artifact.h"

#include <algorithm>

#include <fmt/core.h>

#include "apk/support/error.h"
#include "builder/image/descriptors.h"
#include "builder/image/json.h"
#include "builder/registry/client.h"
#include "builder/registry/upload.h"

namespace tarn::builder {
namespace {

constexpr const char* manifest_type = "application/vnd.oci.image.manifest.v1+json";
constexpr const char* index_type = "application/vnd.oci.image.index.v1+json";
constexpr const char* empty_type = "application/vnd.oci.empty.v1+json";
constexpr const char* empty_config = "{}";
constexpr unsigned most_rewrites = 5;

JsonBlob blob_of(const Json& json, const char* media_type) {
  JsonBlob blob{dump_json(json), {}, media_type};
  blob.digest = sha256(blob.text);
  return blob;
}

JsonBlob empty_blob() {
  return {empty_config, sha256(std::string_view(empty_config)), empty_type};
}

void bring_blob(RegistrySession& session, const JsonBlob& blob) {
  if (has_blob(session, blob.digest)) return;
  upload_blob(session, {blob.digest, as_bytes(blob.text)}, {});
}

/// The artifact's entry in a list of referrers.
Json listed(const JsonBlob& manifest, const Artifact& artifact) {
  Json entry = make_descriptor(manifest);
  entry["artifactType"] = artifact.artifact_type;
  for (const auto& [key, value] : artifact.annotations) entry["annotations"][key] = value;
  return entry;
}

bool lists(const Json& index, const JsonBlob& manifest) {
  const std::string digest = digest_text(manifest.digest);
  return std::ranges::any_of(index["manifests"], [&](const Json& entry) {
    return entry.is_object() && entry.contains("digest") && entry["digest"] == digest;
  });
}

/// Whether the registry lists referrers by itself.
bool has_referrers_api(RegistrySession& session, const Sha256Digest& subject) {
  HttpRequest request;
  request.url = session.url("referrers/" + digest_text(subject));
  request.headers.emplace_back("Accept", index_type);
  request.limit = 16U << 20U;
  const HttpResponse response = session.send(std::move(request), session.scopes("pull"));
  if (response.is_success()) return response.header("content-type").starts_with(index_type);
  const bool is_missing = response.failure == HttpFailure::none && response.status / 100 == 4 &&
                          response.status != 401 && response.status != 403 &&
                          response.status != 429;
  if (is_missing) return false;
  throw session.failure(
      fmt::format("asking {} what refers to {}", session.name(), digest_text(subject)), response);
}

Json read_list(RegistrySession& session, const std::string& tag) {
  Json index;
  index["schemaVersion"] = 2;
  index["mediaType"] = index_type;
  index["manifests"] = Json::array();
  const auto there = get_manifest(session, tag, {index_type});
  if (!there) return index;
  Json found = Json::parse(there->text, nullptr, false);
  if (!found.is_object() || !found.contains("manifests") || !found["manifests"].is_array())
    throw Error(ErrorKind::network,
                fmt::format("the list of referrers {}:{} is no index", session.name(), tag));
  return found;
}

void list_under_tag(RegistrySession& session, const JsonBlob& manifest, const Artifact& artifact) {
  const std::string tag = referrers_tag(artifact.subject);
  for (unsigned attempt = 0; attempt < most_rewrites; ++attempt) {
    Json index = read_list(session, tag);
    if (lists(index, manifest)) return;
    index["manifests"].push_back(listed(manifest, artifact));
    put_manifest(session, blob_of(index, index_type), tag);
    // Another writer may have stored its list in between; then ours is not in what is there now.
  }
  if (lists(read_list(session, tag), manifest)) return;
  throw Error(ErrorKind::network,
              fmt::format("the list of referrers {}:{} is changed by others all the time",
                          session.name(), tag));
}

}  // namespace

JsonBlob artifact_manifest(const Artifact& artifact) {
  Json manifest;
  manifest["schemaVersion"] = 2;
  manifest["mediaType"] = manifest_type;
  manifest["artifactType"] = artifact.artifact_type;
  manifest["config"] = make_descriptor(empty_blob());
  manifest["layers"] = Json::array();
  for (const JsonBlob& file : artifact.files) manifest["layers"].push_back(make_descriptor(file));
  // A manifest has at least one layer.
  if (artifact.files.empty()) manifest["layers"].push_back(make_descriptor(empty_blob()));
  manifest["subject"] =
      make_descriptor(artifact.subject_type, artifact.subject, artifact.subject_size);
  for (const auto& [key, value] : artifact.annotations) manifest["annotations"][key] = value;
  return blob_of(manifest, manifest_type);
}

JsonBlob push_artifact(RegistrySession& session, const Artifact& artifact) {
  const JsonBlob manifest = artifact_manifest(artifact);
  bring_blob(session, empty_blob());
  for (const JsonBlob& file : artifact.files) bring_blob(session, file);
  const HttpResponse answer = put_manifest(session, manifest, digest_text(manifest.digest));
  const bool is_listed = !answer.header("oci-subject").empty();
  if (!is_listed && !has_referrers_api(session, artifact.subject))
    list_under_tag(session, manifest, artifact);
  return manifest;
}

std::string referrers_tag(const Sha256Digest& subject) {
  return "sha256-" + to_hex(subject);
}

}  // namespace tarn::builder
