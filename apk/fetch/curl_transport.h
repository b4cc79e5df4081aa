#pragma once

#include <memory>

#include "apk/fetch/transport.h"

namespace tarn::apk {

/// HTTP and HTTPS over libcurl: connections are kept and reused over all runs, HTTP/2 shares one
/// for many transfers. Failures that may pass (5xx, 429, time-outs, connections that end early)
/// are tried again after a growing wait (or the server's Retry-After), from where the body broke
/// off when the server can do that. Proxies come from the environment (http_proxy, https_proxy,
/// all_proxy, no_proxy), credentials from the URL or netrc, trusted certificates from
/// $SSL_CERT_FILE or the system, and from the options. Redirects are followed, but never from https
/// to http, and credentials are not given to another host. When a host cannot be reached at all,
/// the transfers that still wait for it fail with its error.
///
/// To be used from one thread at a time.
class CurlTransport : public Transport {
 public:
  /// Throws Error when the certificates cannot be read.
  explicit CurlTransport(TransportOptions options);
  ~CurlTransport() override;

  std::vector<TransferResult> run(std::vector<Transfer> transfers,
                                  const std::stop_token& stop) override;

 private:
  class Run;
  struct Session;
  std::unique_ptr<Session> session_;
};

}  // namespace tarn::apk
