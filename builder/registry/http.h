#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "apk/support/bytes.h"
#include "apk/support/url.h"

namespace tarn::builder {

/// Names and values of headers, in order.
using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

/// One request, as it goes over the wire.
struct HttpRequest {
  std::string method = "GET";
  Url url{};
  HttpHeaders headers{};
  ByteView body{};                  ///< kept by the caller until the answer is there
  std::uint64_t limit = 4U << 20U;  ///< of the answer's body
  /// Takes the body of a 2xx answer as it comes; without it the body is kept in the answer. Given
  /// the status, since 206 brings only a part.
  std::function<void(long status, ByteView)> take{};
  /// Octets of `body` that were sent so far. May be empty.
  std::function<void(std::uint64_t)> sent{};
};

/// Why no whole answer came.
enum class HttpFailure {
  none,
  passing,            ///< another attempt may well end otherwise
  no_tls,             ///< nothing there that speaks TLS (or nothing at all)
  wrong_certificate,  ///< the server's certificate is not trusted
  final,
};

/// The answer to one request. Failures are values: what follows from them depends on the request.
struct HttpResponse {
  long status = 0;        ///< 0 when no answer came
  HttpHeaders headers{};  ///< names in lower case
  std::string body{};
  HttpFailure failure = HttpFailure::none;
  std::string reason{};  ///< of the failure; has no credentials in it

  bool is_success() const { return failure == HttpFailure::none && status / 100 == 2; }
  /// The first header of that name (lower case); empty without.
  std::string_view header(std::string_view name) const;
};

/// Sends single requests: no redirects are followed, nothing is tried again, no credentials are
/// added. Tests put another in its place.
class HttpClient {
 public:
  virtual ~HttpClient() = default;
  HttpClient() = default;
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;
  /// May be called from any thread. An Error thrown by a callback of the request is rethrown.
  /// Throws Error (interrupted) when a stop is asked for.
  virtual HttpResponse send(const HttpRequest& request, const std::stop_token& stop) = 0;
};

/// Where a Location header points to, seen from the address that answered (RFC 3986 §5.2).
/// Credentials in it are dropped. Nothing for what is no http or https URL.
std::optional<Url> resolve_location(const Url& base, std::string_view location);

/// The address without its query (which may hold tokens of an upload or a signature): for messages.
std::string shown(const Url& url);

/// The address with NAME=VALUE added to its query, the value percent-encoded.
Url with_query(const Url& url, std::string_view name, std::string_view value);

/// Whether both have the same scheme, host and port.
bool is_same_origin(const Url& left, const Url& right);

/// All but letters, digits and "-._~:/,@" as %XX.
std::string percent_encode(std::string_view text);

}  // namespace tarn::builder
