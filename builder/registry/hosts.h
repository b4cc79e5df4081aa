#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace tarn::builder {

/// What a person says about the hosts that are spoken to.
struct HostOptions {
  std::filesystem::path ca_file{};      ///< more trusted certificates (PEM), for every host
  std::vector<std::string> insecure{};  ///< "HOST" (any port) or "HOST:PORT"
  /// Folders in which "HOST" or "HOST:PORT" is a folder with *.crt (trusted), and NAME.cert with
  /// NAME.key (to show to the server), as docker and podman have them; the first that has the
  /// host counts.
  std::vector<std::filesystem::path> certificate_folders{};
};

/// The folders that docker and podman read: ~/.config/containers/certs.d, where `home` is not
/// empty, /etc/containers/certs.d, /etc/docker/certs.d.
std::vector<std::filesystem::path> usual_certificate_folders(const std::filesystem::path& home);

/// How the server at a host is known.
struct HostTrust {
  bool verified = true;                 ///< its certificate is checked
  std::filesystem::path ca_file{};      ///< a bundle in place of libcurl's own; empty: that one
  std::string ca_bundle{};              ///< the bundle itself (PEM); counts when not empty
  std::filesystem::path certificate{};  ///< to show to the server; may be empty
  std::filesystem::path key{};          ///< of `certificate`
};

/// What is known of hosts. `host` is always a name with its port where one is written.
class Hosts {
 public:
  explicit Hosts(HostOptions options) : options_(std::move(options)) {}

  /// Whether the person allows https without verification and plain http.
  bool is_insecure(std::string_view host) const;
  /// Throws Error when a file with certificates cannot be read.
  HostTrust trust(std::string_view host) const;

 private:
  HostOptions options_;
};

/// Whether the host is this machine by its name or address: localhost, 127.0.0.0/8, ::1.
bool is_loopback(std::string_view host);

}  // namespace tarn::builder
