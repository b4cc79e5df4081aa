#include "builder/cli/image_signatures.h"

#include <cstdlib>
#include <optional>

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include "apk/support/error.h"
#include "builder/cli/image_reader.h"
#include "builder/cli/opened_image.h"
#include "builder/image/json.h"
#include "builder/registry/client.h"
#include "builder/signing/sign_image.h"

namespace tarn::builder {
namespace {

std::optional<std::string> key_password() {
  for (const char* name : {"TARN_KEY_PASSWORD", "COSIGN_PASSWORD"})
    if (const char* password = std::getenv(name)) return password;
  return std::nullopt;
}

}  // namespace

void add_signature_options(CLI::App& command, SignatureOptions& options) {
  command
      .add_option("--key", options.key,
                  "The image must lie in a registry and be signed by this key (public, PEM)")
      ->option_text("PUBLIC");
}

SignedImage check_signatures(const std::string& image, const SignatureOptions& options,
                             const RegistryWorld& world) {
  const VerifyingKey key = VerifyingKey::read(options.key);
  const auto reference = names_recipe(image) ? std::nullopt : registry_image(image);
  if (!reference)
    throw Error(ErrorKind::usage, image + " lies in no registry: it has no signatures")
        .hint("leave --key out, or name the image in the registry that it was pushed to");
  RegistrySession session(world, reference->name.domain, reference->name.path);
  const auto manifest = get_manifest(session, reference->manifest());
  if (!manifest)
    throw Error(ErrorKind::network,
                fmt::format("{} has no image '{}'", session.name(), reference->manifest()));
  check_image_signature(session, manifest->digest, key);
  return {session.name() + "@" + digest_text(manifest->digest), manifest->digest,
          key.fingerprint()};
}

SigningKey read_signing_key(const std::filesystem::path& path) {
  return SigningKey::read(path, key_password());
}

}  // namespace tarn::builder
