#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "apk/support/error.h"
#include "apk/support/progress.h"
#include "builder/registry/authorizer.h"
#include "builder/registry/credentials.h"
#include "builder/registry/hosts.h"
#include "builder/registry/http.h"
#include "builder/registry/retry.h"

namespace tarn::builder {

/// What speaking to registries needs of the world. All of it outlives what uses it.
struct RegistryWorld {
  HttpClient& http;
  const Hosts& hosts;
  /// The credentials for a repository; tests and `login` put others in place of the store's.
  std::function<std::optional<Credentials>(const std::string& domain, const std::string& path)>
      credentials;
  Progress& progress;
  std::stop_token stop;
  RetryOptions retry{};
};

enum class Retries { as_usual, none };

/// One repository of one registry, as its API is spoken to (OCI distribution specification 1.1):
/// finds out the scheme, shows who asks, follows redirects, tries again. To be used from any
/// thread.
///
/// Registries are asked over https. Those on this machine (loopback) are asked over plain http when
/// they do not speak https; insecure ones over https without verification, else over http.
class RegistrySession {
 public:
  /// `domain` as in a Reference ("docker.io"); `path` may be empty for the registry itself.
  RegistrySession(RegistryWorld world, std::string domain, std::string path);

  const RegistryWorld& world() const { return world_; }
  const std::string& domain() const { return domain_; }
  const std::string& path() const { return path_; }
  /// "registry.example.org/team/base".
  std::string name() const { return path_.empty() ? domain_ : domain_ + "/" + path_; }

  /// The address of `rest` ("blobs/uploads/") in this repository's API; finds the registry first.
  /// Throws Error (network) when there is none.
  Url url(std::string_view rest);

  /// Scopes for this repository; `actions` is "pull" or "pull,push".
  Scopes scopes(std::string_view actions) const;

  /// Sends with authorization, following redirects; credentials go to the registry alone. Gives the
  /// last answer, whatever it is; `final_url`, where given, is set to the address that gave it.
  HttpResponse send(HttpRequest request, Scopes scopes, Retries retries = Retries::as_usual,
                    Url* final_url = nullptr);

  /// The Error (network) for an answer that ends it: what the registry says, and who asked.
  Error failure(const std::string& what, const HttpResponse& response);

  /// Asks the registry's base address with credentials. Gives whether it wanted any. Throws Error
  /// (network) when it refuses them.
  bool check_credentials();

 private:
  struct Base {
    Url url;
    std::unique_ptr<Authorizer> authorizer;
  };

  Base& connect();
  Base find_registry() const;
  std::optional<HttpResponse> ask_base(const Url& url, HttpResponse& failed) const;
  Error unreachable(const HttpResponse& response) const;
  HttpResponse send_once(HttpRequest request, Scopes& scopes, Url* final_url);
  void note(const HttpRequest& request, const HttpResponse& response) const;

  RegistryWorld world_;
  std::string domain_;
  std::string path_;
  std::mutex mutex_;
  std::optional<Base> base_;
};

}  // namespace tarn::builder
