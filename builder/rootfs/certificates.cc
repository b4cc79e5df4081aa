#include "builder/rootfs/certificates.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/core.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "apk/support/error.h"
#include "builder/rootfs/entry_fault.h"

namespace tarn::builder {
namespace {

constexpr std::string_view bundle_path = "etc/ssl/certs/ca-certificates.crt";
constexpr std::string_view local_folder = "usr/local/share/ca-certificates/";
constexpr std::string_view begin_mark = "-----BEGIN ";
constexpr std::string_view end_mark = "-----END ";

bool is_name(std::string_view name) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  };
  return !name.empty() && is_plain(name.front()) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return is_plain(c) || c == '.'; });
}

bool is_certificate(std::string_view pem) {
  if (pem.size() > std::numeric_limits<int>::max()) return false;
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), &X509_free);
  ERR_clear_error();
  return certificate != nullptr;
}

/// The PEM blocks of a text, lines ended by '\n' alone; what stands between them is comment. Empty
/// when there is none, or one that is cut short or no certificate.
std::vector<std::string> certificates_in(std::string_view text) {
  std::vector<std::string> blocks;
  for (;;) {
    const auto begin = text.find(begin_mark);
    if (begin == std::string_view::npos) return blocks;
    text.remove_prefix(begin);
    const auto end = text.find(end_mark);
    if (end == std::string_view::npos) return {};
    const auto line_end = std::min(text.find('\n', end), text.size());
    std::string block(text.substr(0, line_end));
    std::erase(block, '\r');
    block += '\n';
    if (!is_certificate(block)) return {};
    blocks.push_back(std::move(block));
    text.remove_prefix(line_end);
  }
}

void append_to_bundle(Rootfs& rootfs, const std::vector<std::string>& blocks) {
  std::string bundle = rootfs.read_file(bundle_path).value_or("");
  const std::size_t size = bundle.size();
  for (const auto& block : blocks) {
    if (bundle.find(block) != std::string::npos) continue;
    if (!bundle.empty() && !bundle.ends_with('\n')) bundle += '\n';
    bundle += block;
  }
  if (bundle.size() != size) rootfs.write_file(bundle_path, std::move(bundle), Owner{});
}

}  // namespace

void add_certificates(Rootfs& rootfs, const std::vector<Certificate>& certificates) {
  std::set<std::string> names;
  for (const auto& certificate : certificates) {
    const auto& name = certificate.name;
    if (!is_name(name))
      throw entry_fault(certificate.position,
                        fmt::format("'{}' is no name for a certificate", name))
          .hint("a name has letters, digits, '_', '-' and, but not first, '.'");
    if (!names.insert(name).second)
      throw entry_fault(certificate.position, fmt::format("certificate '{}' is given twice", name));
    const auto blocks = certificates_in(certificate.content);
    if (blocks.empty())
      throw entry_fault(certificate.position,
                        fmt::format("certificate '{}': not a certificate in PEM form", name))
          .hint("its text begins with -----BEGIN CERTIFICATE-----");
    std::string text;
    for (const auto& block : blocks) text += block;
    blame_entry(certificate.position, [&] {
      rootfs.write_file(std::string(local_folder) + name + ".crt", std::move(text), Owner{}, 0644);
      append_to_bundle(rootfs, blocks);
    });
  }
}

void add_packaged_certificates(Rootfs& rootfs, const std::vector<std::string>& paths) {
  const Entry* const bundle = rootfs.find(bundle_path, Rootfs::Follow::last);
  const Node* const bundle_node = bundle == nullptr ? nullptr : bundle->node.get();
  for (const auto& path : paths) {
    if (!path.ends_with(".crt") && !path.ends_with(".pem")) continue;
    const Entry* const entry = rootfs.find(path, Rootfs::Follow::last);
    if (entry == nullptr || entry->node->type != NodeType::file) continue;
    if (entry->node.get() == bundle_node) continue;
    const auto blocks = certificates_in(entry->node->content.read());
    if (blocks.empty())
      throw Error(ErrorKind::failed, fmt::format("'/{}' holds no certificates in PEM form", path));
    append_to_bundle(rootfs, blocks);
  }
}

}  // namespace tarn::builder
