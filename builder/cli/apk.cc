#include "builder/cli/apk.h"

#include <map>

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include "apk/index/tar_entry.h"
#include "apk/support/error.h"
#include "apk/support/gzip.h"
#include "builder/cli/commands.h"

namespace tarn::builder {
namespace {

constexpr std::size_t member_limit = 256U << 20U;

/// The path of the first entry of a tar archive; empty when there is none.
std::string first_path(ByteView tar) {
  return tar.empty() ? std::string() : apk::read_tar_entry(tar, 0).path;
}

}  // namespace

void TrustOptions::declare(CLI::App& command) {
  command
      .add_option("--keys-dir", key_folders,
                  "Folder of public keys that are trusted (may be repeated)")
      ->option_text("DIR")
      ->allow_extra_args(false);
  command.add_flag("--allow-untrusted", allow_untrusted,
                   "Do not ask for a signature by a trusted key");
}

apk::Keyring TrustOptions::keyring() const {
  apk::Keyring keyring;
  for (const auto& folder : key_folders) keyring.add_folder(folder);
  return keyring;
}

void SigningOptions::declare(CLI::App& command, Need need) {
  static const std::map<std::string, apk::SignatureAlgorithm> algorithms = {
      {"rsa", apk::SignatureAlgorithm::rsa_sha1},
      {"rsa256", apk::SignatureAlgorithm::rsa_sha256},
      {"rsa512", apk::SignatureAlgorithm::rsa_sha512}};
  auto* key_option =
      command.add_option("--key", key, "Private key to sign with (PEM)")->option_text("FILE");
  if (need == Need::required) key_option->required();
  command
      .add_option("--key-name", key_name,
                  "Name of the public key's file (default: that of the key, with .pub)")
      ->option_text("NAME")
      ->needs(key_option);
  command
      .add_option_function<std::string>(
          "--algorithm", [this](const std::string& name) { algorithm = algorithms.at(name); },
          "Signature: rsa (with SHA-1), rsa256 (default) or rsa512")
      ->check(CLI::IsMember(algorithms))
      ->option_text("NAME")
      ->needs(key_option);
}

std::string SigningOptions::public_name() const {
  std::string name = key_name.empty() ? key.filename().string() + ".pub" : key_name;
  if (name.find('/') != std::string::npos || name.starts_with('.'))
    throw Error(ErrorKind::usage, fmt::format("'{}' cannot be the name of a key's file", name));
  return name;
}

ApkFileKind classify_apk_file(ByteView file, const std::string& name) {
  if (as_text(file).starts_with("ADB"))
    throw Error(ErrorKind::failed, name +
                                       ": a file of the apk v3 format, which this command "
                                       "does not read");
  return with_context("reading " + name, [&] {
    auto member = inflate_gzip_member(file, member_limit);
    if (first_path(member.data).starts_with(".SIGN."))
      member = inflate_gzip_member(file.subspan(member.compressed_size), member_limit);
    const std::string first = first_path(member.data);
    if (first == "APKINDEX" || first == "DESCRIPTION") return ApkFileKind::index;
    if (first.starts_with('.')) return ApkFileKind::package;
    throw Error(ErrorKind::failed, name + ": neither a package nor an index");
  });
}

void add_apk_commands(Commands& commands) {
  CLI::App& apk = commands.add(commands.root(), "apk", "Work on packages, indexes and keys",
                               "  tarn apk keygen -o me\n"
                               "  tarn apk pack rootdir --name hello --version 1.0-r0 --key me.rsa "
                               "-d repo/x86_64\n"
                               "  tarn apk index repo/x86_64 --allow-untrusted --key me.rsa "
                               "-o repo/x86_64/APKINDEX.tar.gz");
  apk.require_subcommand(1);
  add_apk_pack_command(commands, apk);
  add_apk_index_command(commands, apk);
  add_apk_sign_command(commands, apk);
  add_apk_keygen_command(commands, apk);
  add_apk_info_command(commands, apk);
  add_apk_list_command(commands, apk);
  add_apk_verify_command(commands, apk);
  add_apk_extract_command(commands, apk);
}

}  // namespace tarn::builder
