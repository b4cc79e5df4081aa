#include <memory>
#include <ostream>

#include <CLI/CLI.hpp>
#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "apk/package/package_file.h"
#include "apk/support/error.h"
#include "apk/support/file.h"
#include "apk/support/parallel.h"
#include "apk/trust/trusted_index.h"
#include "builder/cli/apk.h"

namespace tarn::builder {
namespace {

struct VerifyOptions {
  TrustOptions trust;
  std::vector<std::filesystem::path> files;
  bool json = false;
};

struct Verdict {
  std::string signer;          ///< empty: not asked for
  std::optional<Error> error;  ///< empty: the file is as it should be
  bool unreadable = false;     ///< the file could not even be opened
};

std::string verify_package(ByteView bytes, const std::string& name, const TrustOptions& trust,
                           const apk::Keyring& keyring) {
  const auto package = apk::PackageFile::parse(bytes, name);
  const std::string signer = trust.allow_untrusted ? "" : package.verify_signature(keyring);
  package.verify_data_hash();
  apk::read_package_data(package);
  return signer;
}

std::string verify_index(ByteView bytes, const std::string& name, const TrustOptions& trust,
                         const apk::Keyring& keyring) {
  const auto policy =
      trust.allow_untrusted ? apk::SignaturePolicy::ignored : apk::SignaturePolicy::required;
  return apk::read_index(bytes, keyring, policy, name).signer;
}

Verdict verify_file(const std::filesystem::path& path, const TrustOptions& trust,
                    const apk::Keyring& keyring) {
  Verdict verdict;
  MappedFile file;
  try {
    file = MappedFile::open(path);
  } catch (const Error& error) {
    verdict.error = error;
    verdict.unreadable = true;
    return verdict;
  }
  try {
    const bool is_index = classify_apk_file(file.bytes(), path.string()) == ApkFileKind::index;
    verdict.signer = is_index ? verify_index(file.bytes(), path.string(), trust, keyring)
                              : verify_package(file.bytes(), path.string(), trust, keyring);
  } catch (const Error& error) {
    verdict.error = error;
  }
  return verdict;
}

void print_verdict(std::ostream& out, const std::string& path, const Verdict& verdict) {
  if (!verdict.error) {
    out << path << ": ok ("
        << (verdict.signer.empty() ? "signature not checked" : "signed by " + verdict.signer)
        << ")\n";
    return;
  }
  const std::string& message = verdict.error->message();
  out << (message.starts_with(path) ? "" : path + ": ") << message << '\n';
  for (const auto& [label, text] : verdict.error->details())
    out << "  " << label << ": " << text << '\n';
}

nlohmann::ordered_json verdict_json(const std::string& path, const Verdict& verdict) {
  nlohmann::ordered_json json = {{"file", path}, {"ok", !verdict.error}};
  if (!verdict.error) {
    if (!verdict.signer.empty()) json["signer"] = verdict.signer;
    return json;
  }
  json["error"] = verdict.error->message();
  for (const auto& [label, text] : verdict.error->details()) json["details"][label] = text;
  return json;
}

void verify_files(const VerifyOptions& options, const Context& context) {
  const auto keyring = options.trust.keyring();
  std::vector<Verdict> verdicts(options.files.size());
  parallel_for(
      options.files.size(), context.options.threads,
      [&](std::size_t i) { verdicts[i] = verify_file(options.files[i], options.trust, keyring); },
      context.stop);
  auto report = nlohmann::ordered_json::array();
  std::size_t failures = 0;
  ErrorKind kind = ErrorKind::failed;
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    const std::string path = options.files[i].string();
    if (options.json)
      report.push_back(verdict_json(path, verdicts[i]));
    else
      print_verdict(context.out, path, verdicts[i]);
    if (!verdicts[i].error) continue;
    ++failures;
    if (!verdicts[i].unreadable) kind = ErrorKind::trust;
  }
  if (options.json) print_json(context, report);
  if (failures == 0) return;
  Error error(kind, fmt::format("{} of {} files did not verify", failures, verdicts.size()));
  if (keyring.empty() && !options.trust.allow_untrusted)
    error.hint("no key is trusted: name a folder of public keys with --keys-dir");
  throw error;
}

}  // namespace

void add_apk_verify_command(Commands& commands, CLI::App& apk) {
  const auto options = std::make_shared<VerifyOptions>();
  CLI::App& command = commands.add(
      apk, "verify",
      "Check packages (signature, data hash, the checksum of every file) and indexes (signature). "
      "All files are checked; the exit status is 5 when one is wrong. Only the keys of --keys-dir "
      "are trusted.",
      "  tarn apk verify --keys-dir /etc/apk/keys hello-1.0-r0.apk APKINDEX.tar.gz\n"
      "  tarn apk verify --allow-untrusted --json *.apk");
  options->trust.declare(command);
  command.add_flag("--json", options->json, "Report as JSON: an array, one object a file");
  command.add_option("files", options->files, "Packages and indexes")
      ->required()
      ->option_text("FILE…");
  commands.on(command, [options](const Context& context) { verify_files(*options, context); });
}

}  // namespace tarn::builder
