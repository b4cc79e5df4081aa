#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "apk/support/hash.h"
#include "builder/image/image.h"
#include "builder/registry/session.h"
#include "builder/signing/keys.h"
#include "builder/signing/signed_manifest.h"

namespace tarn::builder {

/// The tags under which cosign keeps what belongs to an image: "sha256-<hex>.sig" and ".att".
std::string signature_tag(const Sha256Digest& image);
std::string attestation_tag(const Sha256Digest& image);

/// Signs a manifest or index of the session's repository, beside the signatures that it has. One
/// that the key has signed before is left as it is. Throws Error (network).
Addition sign_image(RegistrySession& session, const Sha256Digest& image, const SigningKey& key);

/// Signs a statement (in-toto, JSON) about a manifest or index and puts it beside its attestations;
/// the very statement that the key has signed before is left as it is. Throws Error (network).
Addition attest_image(RegistrySession& session, const Sha256Digest& image,
                      const JsonBlob& statement, const std::string& predicate_type,
                      const SigningKey& key);

/// Looks for a signature of the image by the key; one suffices, whatever else is there. Throws
/// Error: trust that names what was found in its place; network.
void check_image_signature(RegistrySession& session, const Sha256Digest& image,
                           const VerifyingKey& key);

/// The digests of `top` and, where that is an index, of everything that it lists, each once, in
/// order. Throws Error: network; trust for an index that is malformed or too deep.
std::vector<Sha256Digest> digests_below(RegistrySession& session, const JsonBlob& top);

}  // namespace tarn::builder
