#include <filesystem>
#include <memory>
#include <ostream>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "apk/support/error.h"
#include "apk/support/file.h"
#include "builder/cli/apk.h"

namespace tarn::builder {
namespace {

struct KeygenOptions {
  std::string name;
  unsigned bits = 4096;
  bool json = false;
};

void make_key(const KeygenOptions& options, const Context& context) {
  const auto key = apk::PrivateKey::generate(options.bits);
  const std::string public_pem = key.public_pem();
  const auto fingerprint = apk::PublicKey::from_pem("new", public_pem).fingerprint();
  // Without a name: one that tells the key from every other.
  std::string name =
      options.name.empty() ? "tarn-" + to_hex(fingerprint).substr(0, 8) : options.name;
  if (!name.ends_with(".rsa")) name += ".rsa";
  const std::filesystem::path private_path = name;
  const std::filesystem::path public_path = name + ".pub";
  for (const auto& path : {private_path, public_path})
    if (std::filesystem::exists(std::filesystem::symlink_status(path)))
      throw Error(ErrorKind::usage, path.string() + " exists already")
          .hint("give another name with -o; keys are never overwritten");
  write_file(private_path, key.pem(), 0600);
  write_file(public_path, public_pem, 0644);
  if (options.json)
    print_json(context, {{"private_key", private_path.string()},
                         {"public_key", public_path.string()},
                         {"sha256", to_hex(fingerprint)}});
  else
    context.out << private_path.string() << '\n' << public_path.string() << '\n';
}

}  // namespace

void add_apk_keygen_command(Commands& commands, CLI::App& apk) {
  const auto options = std::make_shared<KeygenOptions>();
  CLI::App& command = commands.add(
      apk, "keygen",
      "Make a key pair: NAME.rsa (secret, mode 0600) and NAME.rsa.pub. Files that exist are never "
      "overwritten.",
      "  tarn apk keygen -o me\n"
      "  tarn apk keygen -o keys/builder --bits 2048");
  command
      .add_option("-o,--output", options->name,
                  "Path of the keys without .rsa (default: tarn- and the key's fingerprint)")
      ->option_text("NAME");
  command.add_option("--bits", options->bits, "Size of the key: 2048, 3072 or 4096 (default)")
      ->check(CLI::IsMember({2048U, 3072U, 4096U}))
      ->option_text("N");
  command.add_flag("--json", options->json, "Report as JSON");
  commands.on(command, [options](const Context& context) { make_key(*options, context); });
}

}  // namespace tarn::builder
