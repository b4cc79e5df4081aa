#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "apk/trust/keyring.h"
#include "apk/trust/signature.h"
#include "builder/cli/command.h"

namespace tarn::builder {

/// The commands of `tarn apk`.
void add_apk_extract_command(Commands& commands, CLI::App& apk);
void add_apk_index_command(Commands& commands, CLI::App& apk);
void add_apk_info_command(Commands& commands, CLI::App& apk);
void add_apk_keygen_command(Commands& commands, CLI::App& apk);
void add_apk_list_command(Commands& commands, CLI::App& apk);
void add_apk_pack_command(Commands& commands, CLI::App& apk);
void add_apk_sign_command(Commands& commands, CLI::App& apk);
void add_apk_verify_command(Commands& commands, CLI::App& apk);

/// What a command needs to check signatures.
struct TrustOptions {
  std::vector<std::filesystem::path> key_folders;
  bool allow_untrusted = false;

  void declare(CLI::App& command);
  apk::Keyring keyring() const;
};

/// What a command needs to sign.
struct SigningOptions {
  std::filesystem::path key;  ///< empty: nothing is signed
  std::string key_name;
  apk::SignatureAlgorithm algorithm = apk::SignatureAlgorithm::rsa_sha256;

  enum class Need { required, optional };
  void declare(CLI::App& command, Need need);
  /// --key-name, or the name of the key's file with ".pub" added. Throws Error (usage) for one that
  /// cannot be a file name.
  std::string public_name() const;
};

/// What an .apk or APKINDEX.tar.gz holds, by its content.
enum class ApkFileKind { package, index };

/// Throws Error (failed) when `file` is neither; `name` is what the message calls it.
ApkFileKind classify_apk_file(ByteView file, const std::string& name);

}  // namespace tarn::builder
