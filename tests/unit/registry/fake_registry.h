#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "builder/registry/hosts.h"
#include "builder/registry/http.h"
#include "builder/registry/session.h"

namespace tarn::test {

/// A registry in memory, in the place of HTTP: blobs, uploads in one request and in chunks, mounts,
/// manifests. What goes wrong is for a test to say.
class FakeRegistry : public builder::HttpClient {
 public:
  using Request = builder::HttpRequest;
  using Response = builder::HttpResponse;

  /// Asked first, with the number of requests before; an answer of it counts.
  std::function<std::optional<Response>(const Request&, std::size_t nth)> interfere;
  /// After how many octets of a body the connection breaks. What came before is kept.
  std::function<std::optional<std::size_t>(const Request&, std::size_t nth)> cut;
  bool tells_ranges = true;    ///< PATCH and status answers have Range
  bool mounts = true;          ///< grants mounts
  bool has_referrers = false;  ///< has the referrers API
  std::string chunk_minimum;   ///< OCI-Chunk-Min-Length

  std::map<std::string, std::set<std::string>> blobs;                    ///< repository → content
  std::map<std::string, std::string> uploads;                            ///< path → octets
  std::map<std::string, std::pair<std::string, std::string>> manifests;  ///< path → type, text

  Response send(const Request& request, const std::stop_token& stop) override;

  struct Seen {
    std::string method;
    std::string url;
    std::string authorization;
    std::string content_range;
    std::size_t body = 0;
    std::string line() const { return method + " " + url; }
  };
  std::vector<Seen> seen() const;
  /// How many requests had this method and had `part` in their address.
  std::size_t count(const std::string& method, const std::string& part = {}) const;

 private:
  Response answer(const Request& request, std::size_t nth);
  Response upload(const Request& request, const std::string& path, const std::string& query,
                  std::size_t nth);
  Response begin_upload(const std::string& repository, const std::string& query);

  mutable std::mutex mutex_;
  std::vector<Seen> seen_;
  int next_upload_ = 0;
};

/// An answer of a test's own.
builder::HttpResponse reply(long status, builder::HttpHeaders headers = {}, std::string body = {});
/// No answer: a connection that broke.
builder::HttpResponse broken();

std::string sha256_of(std::string_view text);

/// What a session needs, without waits and with anonymous access.
struct FakeWorld {
  FakeRegistry registry;
  builder::Hosts hosts{{.insecure = {}}};
  SilentProgress progress;
  std::optional<builder::Credentials> credentials;

  builder::RegistryWorld world();
};

}  // namespace tarn::test
