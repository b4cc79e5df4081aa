#include <filesystem>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "apk/support/error.h"
#include "builder/cli/commands.h"
#include "builder/cli/image_signatures.h"
#include "builder/cli/opened_image.h"
#include "builder/cli/registry_options.h"
#include "builder/image/json.h"
#include "builder/registry/client.h"
#include "builder/signing/sign_image.h"

namespace tarn::builder {
namespace {

struct SignOptions {
  std::string image;
  std::filesystem::path key;
  std::filesystem::path ca_file;
  RegistryOptions registry;
  bool is_alone = false;
  bool json = false;
};

/// A manifest or index, and whether the key has signed it before.
struct SignedOne {
  Sha256Digest digest;
  Addition addition;
};

nlohmann::ordered_json sign_json(const RegistrySession& session, const std::vector<SignedOne>& ones,
                                 const SigningKey& key) {
  auto list = nlohmann::ordered_json::array();
  for (const SignedOne& one : ones)
    list.push_back({{"digest", digest_text(one.digest)},
                    {"signatures", session.name() + ":" + signature_tag(one.digest)},
                    {"added", one.addition == Addition::made}});
  return {{"reference", session.name() + "@" + digest_text(ones.front().digest)},
          {"digest", digest_text(ones.front().digest)},
          {"key_sha256", to_hex(key.verifying_key().fingerprint())},
          {"signed", std::move(list)}};
}

void run_sign(const SignOptions& options, const Context& context) {
  const SigningKey key = read_signing_key(options.key);
  const auto reference = registry_image(options.image);
  if (!reference)
    throw Error(ErrorKind::usage, options.image + " lies in no registry")
        .hint("a signature stands beside the image in its registry: push it first");
  RegistryAccess registries(options.registry, options.ca_file, context);
  RegistrySession session(registries.world(), reference->name.domain, reference->name.path);
  const auto top = get_manifest(session, reference->manifest());
  if (!top)
    throw Error(ErrorKind::network,
                fmt::format("{} has no image '{}'", session.name(), reference->manifest()));
  std::vector<SignedOne> ones;
  for (const Sha256Digest& digest :
       options.is_alone ? std::vector{top->digest} : digests_below(session, *top)) {
    ones.push_back({digest, sign_image(session, digest, key)});
    context.progress.note(
        NoteLevel::info,
        fmt::format("{} {}@{}",
                    ones.back().addition == Addition::made ? "signed" : "had signed before:",
                    session.name(), digest_text(digest)));
  }
  if (options.json)
    print_json(context, sign_json(session, ones, key));
  else
    context.out << session.name() << '@' << digest_text(top->digest) << '\n';
}

}  // namespace

void add_sign_command(Commands& commands) {
  auto options = std::make_shared<SignOptions>();
  CLI::App& command = commands.add(
      commands.root(), "sign",
      "Sign an image of a registry with a key, as cosign does; print its name by digest",
      "  openssl ecparam -name prime256v1 -genkey -noout -out key.pem\n"
      "  openssl pkey -in key.pem -pubout -out key.pub\n"
      "  tarn sign --key key.pem registry.example.org/team/base:3.22\n"
      "  cosign verify --key key.pub --insecure-ignore-tlog registry.example.org/team/base:3.22");
  command
      .add_option(
          "IMAGE", options->image,
          "[docker://][REGISTRY/]NAME[:TAG][@sha256:…]; an index is signed with all that it "
          "lists")
      ->required()
      ->option_text(" ");
  command
      .add_option("--key", options->key,
                  "Private key, ECDSA or RSA (PEM); the password of an encrypted one is taken from "
                  "$TARN_KEY_PASSWORD or $COSIGN_PASSWORD")
      ->required()
      ->option_text("KEY");
  command.add_flag("--no-recursive", options->is_alone,
                   "Sign only what the name stands for, not the images that an index lists");
  command.add_option("--ca-file", options->ca_file, "More certificates to trust for https (PEM)")
      ->option_text("FILE")
      ->check(CLI::ExistingFile);
  add_registry_options(command, options->registry);
  command.add_flag("--json", options->json, "Print what was signed as JSON");
  commands.on(command, [options](const Context& context) { run_sign(*options, context); });
}

}  // namespace tarn::builder
