#include "builder/signing/signed_manifest.h"

#include <algorithm>

#include <fmt/core.h>

#include "apk/support/error.h"
#include "builder/image/descriptors.h"
#include "builder/registry/client.h"
#include "builder/registry/upload.h"

namespace tarn::builder {
namespace {

constexpr const char* signed_manifest_type = "application/vnd.oci.image.manifest.v1+json";
constexpr const char* signed_config_type = "application/vnd.oci.image.config.v1+json";
constexpr const char* signature_key = "dev.cosignproject.cosign/signature";
constexpr const char* predicate_type_key = "predicateType";
constexpr std::size_t most_layers = 1000;
constexpr unsigned most_attempts = 5;

void bring_signed_blob(RegistrySession& session, const JsonBlob& blob) {
  if (has_blob(session, blob.digest)) return;
  upload_blob(session, {blob.digest, as_bytes(blob.text)}, {});
}

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

std::optional<SignedLayer> read_layer(const Json& entry) {
  if (!entry.is_object()) return std::nullopt;
  const auto octets = parse_digest_text(text_of(entry, "digest"));
  const auto size = entry.find("size");
  if (!octets || size == entry.end() || !size->is_number_unsigned()) return std::nullopt;
  SignedLayer layer{*octets, size->get<std::uint64_t>(), text_of(entry, "mediaType"), {}};
  const auto annotations = entry.find("annotations");
  if (annotations != entry.end() && annotations->is_object())
    layer.signature = text_of(*annotations, signature_key);
  return layer;
}

/// A config as other tools expect one beside layers; it says nothing of its own.
JsonBlob config_over(const Json& layers) {
  Json config;
  config["architecture"] = "";
  config["os"] = "";
  config["config"] = Json::object();
  config["rootfs"]["type"] = "layers";
  config["rootfs"]["diff_ids"] = Json::array();
  for (const Json& layer : layers) config["rootfs"]["diff_ids"].push_back(text_of(layer, "digest"));
  JsonBlob blob{dump_json(config), {}, signed_config_type};
  blob.digest = sha256(blob.text);
  return blob;
}

}  // namespace

SignedManifest SignedManifest::read(RegistrySession& session, const std::string& tag) {
  SignedManifest read;
  const auto there = get_manifest(session, tag);
  if (!there) {
    read.manifest_["schemaVersion"] = 2;
    read.manifest_["mediaType"] = signed_manifest_type;
    read.manifest_["config"] = Json::object();
    read.manifest_["layers"] = Json::array();
    return read;
  }
  read.manifest_ = Json::parse(there->text, nullptr, false);
  const Json& manifest = read.manifest_;
  if (there->media_type != signed_manifest_type || !manifest.is_object() ||
      !manifest.contains("layers") || !manifest["layers"].is_array() ||
      !std::ranges::all_of(manifest["layers"], [](const Json& layer) { return layer.is_object(); }))
    throw Error(ErrorKind::trust,
                fmt::format("{}:{} holds no signatures, but something else", session.name(), tag))
        .detail("found", there->media_type);
  if (manifest["layers"].size() > most_layers)
    throw Error(ErrorKind::trust,
                fmt::format("{}:{} lists {} signatures: more than {} are not read", session.name(),
                            tag, manifest["layers"].size(), most_layers));
  read.list_layers();
  return read;
}

void SignedManifest::list_layers() {
  layers_.clear();
  for (const Json& entry : manifest_["layers"])
    if (auto layer = read_layer(entry)) layers_.push_back(std::move(*layer));
}

bool SignedManifest::has(const SignedLayer& layer) const {
  return std::ranges::any_of(layers_, [&](const SignedLayer& one) {
    return one.digest == layer.digest && one.signature == layer.signature;
  });
}

void SignedManifest::add(const NewLayer& layer) {
  Json entry = make_descriptor(layer.payload);
  entry["annotations"][signature_key] = layer.signature;
  if (!layer.predicate_type.empty())
    entry["annotations"][predicate_type_key] = layer.predicate_type;
  manifest_["layers"].push_back(std::move(entry));
  list_layers();
}

void SignedManifest::store(RegistrySession& session, const std::string& tag) {
  const JsonBlob config = config_over(manifest_["layers"]);
  bring_signed_blob(session, config);
  manifest_["config"] = make_descriptor(config);
  JsonBlob blob{dump_json(manifest_), {}, signed_manifest_type};
  blob.digest = sha256(blob.text);
  put_manifest(session, blob, tag);
}

std::string fetch_payload(RegistrySession& session, const Sha256Digest& digest,
                          std::uint64_t limit) {
  std::string payload;
  get_blob(session, digest, limit, [&](ByteView bytes) { payload += as_text(bytes); });
  return payload;
}

Addition add_signed_layer(RegistrySession& session, const std::string& tag, const NewLayer& layer,
                          const std::function<bool(const SignedLayer&)>& is_same) {
  const SignedLayer listed = layer.listed();
  for (unsigned attempt = 0; attempt < most_attempts; ++attempt) {
    SignedManifest manifest = SignedManifest::read(session, tag);
    if (manifest.has(listed)) return attempt == 0 ? Addition::there : Addition::made;
    if (std::ranges::any_of(manifest.layers(), is_same)) return Addition::there;
    if (attempt == 0) bring_signed_blob(session, layer.payload);
    manifest.add(layer);
    // Another writer may store its manifest in between; then ours is not in what is there now.
    manifest.store(session, tag);
  }
  if (SignedManifest::read(session, tag).has(listed)) return Addition::made;
  throw Error(ErrorKind::network,
              fmt::format("{}:{} is changed by others all the time", session.name(), tag));
}

}  // namespace tarn::builder
