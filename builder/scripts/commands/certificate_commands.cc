#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <map>
#include <memory>

#include <fmt/core.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "builder/scripts/commands/file_access.h"
#include "builder/scripts/commands/system_commands.h"

namespace tarn::builder {
namespace {

using Follow = ScriptRootfs::Follow;

constexpr std::string_view list_path = "/etc/ca-certificates.conf";
constexpr std::string_view shared_folder = "/usr/share/ca-certificates/";
constexpr std::string_view local_folder = "/usr/local/share/ca-certificates/";
constexpr std::string_view links_folder = "/etc/ssl/certs/";
constexpr std::string_view bundle_name = "ca-certificates.crt";
constexpr std::string_view hooks_folder = "/etc/ca-certificates/update.d";
/// The only hook that is built: the one of Alpine's package.
constexpr std::string_view hash_hook = "certhash";
constexpr std::string_view hash_hook_text = "#!/bin/sh\nexec /usr/bin/c_rehash /etc/ssl/certs\n";
constexpr std::string_view hash_program = "/usr/bin/c_rehash";
constexpr std::size_t hash_digits = 8;

const Node* find_node(const Invocation& invocation, std::string_view path, Follow follow) {
  const Entry* const entry = invocation.files.find(path, follow);
  return entry == nullptr ? nullptr : entry->node.get();
}

/// A certificate that is asked for and the link it gets in /etc/ssl/certs.
struct Source {
  std::string path;
  std::string link;
  bool is_listed =
      false;  ///< in the list of packages' certificates; its text is followed by a newline
};

/// "My (odd), one.crt" becomes "ca-cert-My_=odd=__one.pem".
std::string link_name(std::string_view path) {
  std::string name(path.substr(path.rfind('/') + 1));
  if (name.ends_with(".crt")) name.resize(name.size() - 4);
  for (char& c : name) {
    if (c == ' ' || c == ',') c = '_';
    if (c == '(' || c == ')') c = '=';
  }
  return "ca-cert-" + name + ".pem";
}

/// The certificates of the list, in its order, then the machine's own.
std::vector<Source> read_sources(const Invocation& invocation) {
  std::vector<Source> sources;
  std::string text;
  invocation.files.read(list_path, text);
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto end = std::min(rest.find('\n'), rest.size());
    const auto line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    invocation.budget.spend_steps();
    if (line.starts_with('#') || line.starts_with('!')) continue;
    const std::string path = fmt::format("{}{}", shared_folder, line);
    sources.push_back({path, link_name(path), true});
  }
  const Node* const local = find_node(invocation, local_folder, Follow::last);
  if (local == nullptr || local->type != NodeType::directory) return sources;
  for (const auto& [name, entry] : local->children) {
    if (name.starts_with('.')) continue;
    const std::string path = fmt::format("{}{}", local_folder, name);
    sources.push_back({path, link_name(path), false});
  }
  return sources;
}

/// Writes the bundle anew; what stood in its place, be it a link, is replaced.
bool write_bundle(const Invocation& invocation, const std::vector<Source>& sources) {
  const Node* const folder = find_node(invocation, links_folder, Follow::last);
  if (folder == nullptr || folder->type != NodeType::directory) {
    invocation.error.write(
        fmt::format("Failed to open temporary file {}bundleXXXXXX for ca bundle\n", links_folder));
    return false;
  }
  std::string bundle;
  for (const auto& source : sources) {
    std::string text;
    const Node* const node = find_node(invocation, source.path, Follow::last);
    if (node == nullptr || node->type != NodeType::file)
      invocation.error.write(fmt::format("Warning! Cannot copy to bundle: {}\n", source.path));
    else
      invocation.files.read(source.path, text);
    invocation.budget.spend_octets(text.size() + 1);
    bundle += text;
    if (source.is_listed) bundle += '\n';
  }
  const std::string path = fmt::format("{}{}", links_folder, bundle_name);
  const int gone = invocation.files.remove_file(path);
  if (gone != 0 && gone != ENOENT) throw NotNative("update-ca-certificates: " + path);
  return invocation.files.write(path, bundle, ScriptRootfs::Writing::exclusive, 0644) == 0;
}

/// Removes the links of certificates that are not asked for and makes those that are missing.
void update_links(const Invocation& invocation, const std::vector<Source>& sources) {
  ScriptRootfs& files = invocation.files;
  std::map<std::string, std::string> wanted;
  for (const auto& source : sources)
    if (!wanted.emplace(source.link, source.path).second && wanted[source.link] != source.path)
      throw NotNative("update-ca-certificates: two certificates of one name");
  std::vector<std::string> stale;
  const Node* const folder = find_node(invocation, links_folder, Follow::last);
  for (const auto& [name, entry] : folder->children) {
    if (!name.starts_with("ca-cert-") || entry.node->type != NodeType::symlink) continue;
    const auto place = wanted.find(name);
    if (place == wanted.end() || place->second != entry.node->target) stale.push_back(name);
  }
  for (const auto& name : stale) files.remove_file(fmt::format("{}{}", links_folder, name));
  std::map<std::string, int> made;
  for (const auto& source : sources) {
    const std::string place = fmt::format("{}{}", links_folder, source.link);
    const Node* const there = find_node(invocation, place, Follow::not_last);
    const bool is_kept =
        there != nullptr && there->type == NodeType::symlink && there->target == source.path;
    const bool is_again = ++made[source.link] > 1;
    if (is_kept && !is_again) continue;
    if (files.make_symlink(source.path, place) != 0)
      invocation.error.write(fmt::format("Warning! Cannot symlink {} -> {}\n", source.path, place));
  }
}

/// What a PEM file holds for c_rehash.
struct Identity {
  std::string hash;         ///< of the subject, 8 digits
  std::string fingerprint;  ///< SHA-1, as octets
};

struct InfoStackDeleter {
  void operator()(STACK_OF(X509_INFO) * infos) const {
    sk_X509_INFO_pop_free(infos, X509_INFO_free);
  }
};

/// The one certificate of a text; nothing when there is none or more. A revocation list is not
/// built.
std::optional<Identity> read_identity(const std::string& text) {
  if (text.size() > std::numeric_limits<int>::max()) return std::nullopt;
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(
      BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free);
  const std::unique_ptr<STACK_OF(X509_INFO), InfoStackDeleter> infos(
      PEM_X509_INFO_read_bio(bio.get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  if (infos == nullptr || sk_X509_INFO_num(infos.get()) != 1) return std::nullopt;
  const X509_INFO* const info = sk_X509_INFO_value(infos.get(), 0);
  if (info->crl != nullptr) throw NotNative("update-ca-certificates: a revocation list");
  if (info->x509 == nullptr) return std::nullopt;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (X509_digest(info->x509, EVP_sha1(), digest.data(), &size) != 1) return std::nullopt;
  const unsigned long hash = X509_subject_name_hash(info->x509);
  return Identity{fmt::format("{:08x}", hash & 0xffffffffUL),
                  std::string(digest.begin(), digest.begin() + size)};
}

/// Whether c_rehash looks into a file of that name.
bool is_certificate_name(std::string_view name) {
  if (name == bundle_name) return false;
  const auto dot = name.rfind('.');
  if (dot == std::string_view::npos) return false;
  std::string ending(name.substr(dot + 1));
  for (char& c : ending)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return ending == "pem" || ending == "crt" || ending == "cer" || ending == "crl";
}

/// "002c0b4f.0", of a link c_rehash made.
bool is_hash_name(std::string_view name) {
  if (name.size() <= hash_digits + 1 || name[hash_digits] != '.') return false;
  const auto digits = name.substr(0, hash_digits);
  const auto number = name.substr(hash_digits + 1);
  return digits.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos &&
         number.find_first_not_of("0123456789") == std::string_view::npos;
}

/// The links c_rehash makes in a folder that has none of its links yet. Certificates with one
/// subject would be numbered in the order of the file system.
std::map<std::string, std::string> hash_links(const Invocation& invocation, const Node& folder) {
  std::map<std::string, std::string> links;
  for (const auto& [name, entry] : folder.children) {
    if (!is_certificate_name(name)) continue;
    const std::string path = fmt::format("{}{}", links_folder, name);
    const Node* const node = find_node(invocation, path, Follow::last);
    if (node == nullptr) continue;
    std::string text;
    invocation.files.read(path, text);
    invocation.budget.spend_octets(text.size());
    const auto identity = read_identity(text);
    if (!identity) {
      invocation.error.write(fmt::format(
          "WARNING: {} does not contain exactly one certificate or CRL: skipping\n", name));
      continue;
    }
    if (!links.emplace(identity->hash + ".0", name).second)
      throw NotNative("update-ca-certificates: certificates with one subject");
  }
  return links;
}

void rehash(const Invocation& invocation) {
  const Node& folder = *find_node(invocation, links_folder, Follow::last);
  const auto wanted = hash_links(invocation, folder);
  std::vector<std::string> stale;
  for (const auto& [name, entry] : folder.children) {
    if (!is_hash_name(name) || entry.node->type != NodeType::symlink) continue;
    const auto place = wanted.find(name);
    if (place != wanted.end() && place->second == entry.node->target) continue;
    // Links of the same subject would be kept and counted.
    if (wanted.contains(name.substr(0, hash_digits) + ".0"))
      throw NotNative("update-ca-certificates: a link to another certificate with one subject");
    stale.push_back(name);
  }
  for (const auto& name : stale)
    invocation.files.remove_file(fmt::format("{}{}", links_folder, name));
  for (const auto& [name, target] : wanted) {
    const int problem =
        invocation.files.make_symlink(target, fmt::format("{}{}", links_folder, name));
    if (problem != 0 && problem != EEXIST)
      throw NotNative("update-ca-certificates: the link " + name);
  }
}

/// Whether the package's hook is to run; throws NotNative for others.
bool has_hash_hook(const Invocation& invocation) {
  const Node* const folder = find_node(invocation, hooks_folder, Follow::last);
  if (folder == nullptr) {
    invocation.error.write(
        fmt::format("run-parts: {}/: No such file or directory\n", hooks_folder));
    return false;
  }
  if (folder->children.empty()) return false;
  const std::string path = join_path(hooks_folder, hash_hook);
  std::string text;
  const Node* const hook = find_node(invocation, path, Follow::last);
  if (folder->children.size() > 1 || hook == nullptr || invocation.files.read(path, text) != 0 ||
      text != hash_hook_text || (hook->mode & 0111U) == 0 ||
      find_node(invocation, hash_program, Follow::last) == nullptr)
    throw NotNative(fmt::format("update-ca-certificates: the hooks in {}", hooks_folder));
  return true;
}

}  // namespace

/// As Alpine's program: the bundle, a link for each certificate, and by the hook that comes with
/// it a link with the hash of each subject, under which OpenSSL looks certificates up.
int run_update_ca_certificates(const Invocation& invocation) {
  const auto sources = read_sources(invocation);
  if (!write_bundle(invocation, sources)) return 1;
  update_links(invocation, sources);
  if (has_hash_hook(invocation)) rehash(invocation);
  return 0;
}

}  // namespace tarn::builder
