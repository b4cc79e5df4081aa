#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "builder/registry/hosts.h"
#include "builder/registry/http.h"

namespace tarn::builder {

struct CurlClientOptions {
  HostOptions hosts{};
  std::chrono::seconds connect_timeout{15};
  /// No octet for so long ends a request. Registries are silent while they check a large blob.
  std::chrono::seconds stall_timeout{300};
  std::string user_agent = "tarn";
};

/// HTTP and HTTPS over libcurl. Connections are kept and reused. Proxies come from the environment
/// (http_proxy, https_proxy, all_proxy, no_proxy), but never for this machine's own addresses.
class CurlClient : public HttpClient {
 public:
  explicit CurlClient(CurlClientOptions options);
  ~CurlClient() override;
  HttpResponse send(const HttpRequest& request, const std::stop_token& stop) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tarn::builder
