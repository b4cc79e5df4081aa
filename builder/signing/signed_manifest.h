#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apk/support/hash.h"
#include "builder/image/image.h"
#include "builder/image/json.h"
#include "builder/registry/session.h"

namespace tarn::builder {

/// A payload in such a manifest, as it is listed.
struct SignedLayer {
  Sha256Digest digest;
  std::uint64_t size = 0;  ///< octets, as the manifest says
  std::string media_type;
  std::string signature;  ///< base64; empty: the payload has its own, or there is none
};

/// What is to be added.
struct NewLayer {
  JsonBlob payload;
  std::string signature;
  std::string predicate_type;  ///< of an attestation; empty: none

  SignedLayer listed() const {
    return {payload.digest, payload.text.size(), payload.media_type, signature};
  }
};

/// The manifest in which cosign keeps the signatures, or the attestations, of an image: under a tag
/// made of the image's digest, a layer for each.
class SignedManifest {
 public:
  /// The one under `tag`; an empty one where there is none. Throws Error: network; trust for what
  /// is no such manifest.
  static SignedManifest read(RegistrySession& session, const std::string& tag);

  /// Those that are well formed, in order; at most as many as anybody signs with.
  const std::vector<SignedLayer>& layers() const { return layers_; }
  bool has(const SignedLayer& layer) const;
  /// Adds one; all else of the manifest stays.
  void add(const NewLayer& layer);
  /// Stores it under the tag.
  void store(RegistrySession& session, const std::string& tag);

 private:
  void list_layers();

  Json manifest_;
  std::vector<SignedLayer> layers_;
};

/// The octets of a layer's payload. Throws Error: network for more than `limit`, trust.
std::string fetch_payload(RegistrySession& session, const Sha256Digest& digest,
                          std::uint64_t limit);

/// Whether something was done, or had been done before.
enum class Addition { made, there };

/// Brings the layer into the manifest under `tag`, unless that has one for which `is_same` holds.
/// When another writer comes in between, it is done again: neither's is lost. Throws Error
/// (network).
Addition add_signed_layer(RegistrySession& session, const std::string& tag, const NewLayer& layer,
                          const std::function<bool(const SignedLayer&)>& is_same);

}  // namespace tarn::builder
