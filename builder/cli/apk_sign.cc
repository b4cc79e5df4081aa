#include <memory>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include "apk/package/package_writer.h"
#include "apk/support/error.h"
#include "apk/support/file.h"
#include "apk/support/parallel.h"
#include "apk/trust/trusted_index.h"
#include "builder/cli/apk.h"

namespace tarn::builder {
namespace {

struct SignOptions {
  SigningOptions signing;
  std::vector<std::filesystem::path> files;
};

void sign_file(const std::filesystem::path& path, const SigningOptions& signing,
               const apk::PrivateKey& key) {
  const MappedFile file = MappedFile::open(path);
  const std::string name = path.string();
  const Bytes out =
      classify_apk_file(file.bytes(), name) == ApkFileKind::index
          ? apk::sign_index(file.bytes(), key, signing.algorithm, signing.public_name())
          : apk::sign_package(file.bytes(), key, signing.algorithm, signing.public_name(), name);
  struct stat status = {};
  if (stat(path.c_str(), &status) != 0) throw system_error("reading " + name, errno);
  write_file(path, out, status.st_mode & 0777);
}

void sign_files(const SignOptions& options, const Context& context) {
  const auto key = apk::PrivateKey::read(options.signing.key);
  for (const auto& path : options.files) {
    throw_if_stopped(context.stop);
    with_context("signing " + path.string(), [&] { sign_file(path, options.signing, key); });
    context.progress.note(NoteLevel::info,
                          path.string() + ": signed as " + options.signing.public_name());
  }
}

}  // namespace

void add_apk_sign_command(Commands& commands, CLI::App& apk) {
  const auto options = std::make_shared<SignOptions>();
  CLI::App& command = commands.add(
      apk, "sign",
      "Sign packages and indexes in place. Earlier signatures are replaced. The public key must "
      "have the key name as its file name where the signature is checked.",
      "  tarn apk sign --key me.rsa repo/x86_64/APKINDEX.tar.gz\n"
      "  tarn apk sign --key secret.pem --key-name me.rsa.pub hello-1.0-r0.apk");
  options->signing.declare(command, SigningOptions::Need::required);
  command.add_option("files", options->files, "Packages and indexes")
      ->required()
      ->option_text("FILE…");
  commands.on(command, [options](const Context& context) { sign_files(*options, context); });
}

}  // namespace tarn::builder
