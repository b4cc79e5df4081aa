#pragma once

#include <filesystem>
#include <string>

#include "apk/support/hash.h"
#include "builder/cli/command.h"
#include "builder/registry/session.h"
#include "builder/signing/keys.h"

namespace tarn::builder {

/// By whose key an image must be signed.
struct SignatureOptions {
  std::filesystem::path key;  ///< public; empty: by nobody's

  bool is_wanted() const { return !key.empty(); }
};

/// Declares --key, for commands that check signatures.
void add_signature_options(CLI::App& command, SignatureOptions& options);

/// An image of a registry whose signature was checked.
struct SignedImage {
  /// "registry.example.org/team/base@sha256:…": to be read by this name, since a tag may have been
  /// moved since.
  std::string name;
  Sha256Digest digest;
  Sha256Digest key;  ///< fingerprint
};

/// Resolves the name of an image to its digest and checks that it is signed by the key, as
/// check_image_signature() does. Throws Error: usage for an image that lies in no registry,
/// network, trust.
SignedImage check_signatures(const std::string& image, const SignatureOptions& options,
                             const RegistryWorld& world);

/// The private key at `path`; an encrypted one is opened with $TARN_KEY_PASSWORD, else
/// $COSIGN_PASSWORD. Throws Error as SigningKey::read() does.
SigningKey read_signing_key(const std::filesystem::path& path);

}  // namespace tarn::builder
