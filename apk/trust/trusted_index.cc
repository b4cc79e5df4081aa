#include "apk/trust/trusted_index.h"

#include "apk/index/tar_writer.h"
#include "apk/support/error.h"
#include "apk/support/gzip.h"

namespace tarn::apk {
namespace {

constexpr int compression_level = 9;

std::vector<Signature> known_signatures(const IndexFile& file) {
  std::vector<Signature> signatures;
  for (const auto& [name, value] : file.signature_files)
    if (auto parsed = parse_signature_name(name))
      signatures.push_back({parsed->first, std::move(parsed->second), value});
  return signatures;
}

}  // namespace

std::string verify_index(ByteView file, const Keyring& keyring, SignaturePolicy policy,
                         const std::string& name) {
  if (policy == SignaturePolicy::ignored) return {};
  const IndexFile container = IndexFile::parse_signatures(file, name);
  return verify_signatures(known_signatures(container), container.signed_bytes, keyring,
                           "index " + name);
}

Index read_index(ByteView file, const Keyring& keyring, SignaturePolicy policy,
                 const std::string& name) {
  std::string signer = verify_index(file, keyring, policy, name);
  const IndexFile container = IndexFile::parse(file, name);
  Index index =
      with_context("reading index " + name, [&] { return parse_index_text(container.text.lines); });
  index.description = container.description;
  index.signer = std::move(signer);
  return index;
}

Bytes sign_index(ByteView file, const PrivateKey& key, SignatureAlgorithm algorithm,
                 const std::string& key_name) {
  const IndexFile container = IndexFile::parse(file, "to sign");
  Bytes tar;
  append_tar_file(tar, signature_file_name(algorithm, key_name),
                  key.sign(algorithm, container.signed_bytes));
  Bytes result = deflate_gzip(tar, compression_level);
  result.insert(result.end(), container.signed_bytes.begin(), container.signed_bytes.end());
  return result;
}

}  // namespace tarn::apk
