#include "builder/registry/hosts.h"

#include <algorithm>
#include <system_error>

#include "apk/fetch/certificates.h"
#include "apk/fetch/curl_library.h"
#include "apk/support/error.h"
#include "apk/support/file.h"

namespace tarn::builder {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t largest_certificate_file = 16U << 20U;

std::string_view without_port(std::string_view host) {
  const auto colon = host.rfind(':');
  if (colon == std::string_view::npos || host.ends_with(']')) return host;
  return host.substr(0, colon);
}

/// The files of a folder in order of name; none when there is no such folder.
std::vector<fs::path> files_of(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code status;
  for (fs::directory_iterator entry(folder, status), end; !status && entry != end;
       entry.increment(status))
    files.push_back(entry->path());
  std::sort(files.begin(), files.end());
  return files;
}

void add_folder(const fs::path& folder, HostTrust& trust, std::string& authorities) {
  for (const fs::path& file : files_of(folder)) {
    if (file.extension() == ".crt") {
      authorities += read_file(file, largest_certificate_file) + "\n";
    } else if (file.extension() == ".cert") {
      const fs::path key = fs::path(file).replace_extension(".key");
      if (!fs::exists(key))
        throw Error(ErrorKind::failed, "there is no key for the certificate " + file.string())
            .detail("expected", key.string());
      trust.certificate = file;
      trust.key = key;
    }
  }
}

}  // namespace

std::vector<fs::path> usual_certificate_folders(const fs::path& home) {
  std::vector<fs::path> folders;
  if (!home.empty()) folders.push_back(home / ".config/containers/certs.d");
  folders.emplace_back("/etc/containers/certs.d");
  folders.emplace_back("/etc/docker/certs.d");
  return folders;
}

bool Hosts::is_insecure(std::string_view host) const {
  return std::ranges::any_of(options_.insecure, [&](const std::string& named) {
    return named == host || named == without_port(host);
  });
}

HostTrust Hosts::trust(std::string_view host) const {
  HostTrust trust;
  trust.verified = !is_insecure(host);
  const apk::Certificates known =
      apk::trusted_certificates(apk::system_certificates(), options_.ca_file);
  trust.ca_file = known.file;
  std::string authorities;
  for (const fs::path& folder : options_.certificate_folders) {
    const fs::path of_host = folder / host;
    std::error_code ignored;
    if (!fs::is_directory(of_host, ignored)) continue;
    with_context("reading certificates for " + std::string(host),
                 [&] { add_folder(of_host, trust, authorities); });
    break;
  }
  trust.ca_bundle = known.bundle;
  if (authorities.empty()) return trust;
  if (known.bundle.empty() && !known.file.empty() && fs::exists(known.file))
    trust.ca_bundle = read_file(known.file, largest_certificate_file);
  trust.ca_bundle = authorities + trust.ca_bundle;
  return trust;
}

bool is_loopback(std::string_view host) {
  const std::string_view name = without_port(host);
  if (name == "localhost" || name == "[::1]") return true;
  if (!name.starts_with("127.")) return false;
  return name.find_first_not_of("0123456789.") == std::string_view::npos &&
         std::count(name.begin(), name.end(), '.') == 3 && !name.ends_with('.');
}

}  // namespace tarn::builder
