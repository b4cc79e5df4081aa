#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>

#include "apk/support/error.h"
#include "builder/registry/challenge.h"
#include "builder/registry/credentials.h"
#include "builder/registry/http.h"
#include "builder/registry/retry.h"

namespace tarn::builder {

/// What a token is asked for: "repository:team/base:pull,push".
using Scopes = std::set<std::string>;

/// Whether a token service may be spoken to over plain http.
enum class PlainTokens { refused, allowed };

/// Makes the Authorization header for a registry: Basic, or Bearer with tokens of the service that
/// the registry names (GET with Basic, or POST with an identity token: docker's token
/// specification and its OAuth2 form). Tokens are kept by scope until they expire. To be used from
/// any thread.
class Authorizer {
 public:
  using Clock = std::chrono::steady_clock;
  struct Options {
    std::string registry;  ///< for messages
    /// Asked once, when the registry first wants to know who asks.
    std::function<std::optional<Credentials>()> credentials;
    PlainTokens plain_tokens = PlainTokens::refused;
    RetryOptions retry{};
    std::function<Clock::time_point()> now = Clock::now;
  };
  Authorizer(HttpClient& http, Options options) : http_(http), options_(std::move(options)) {}

  /// The header's value for these scopes; empty while nothing was asked for, or there is nothing to
  /// show. Throws Error (network) when the token service refuses.
  std::string header(const Scopes& scopes, const std::stop_token& stop);

  /// Takes from a 401 answer what the registry wants, and forgets the token that was refused
  /// (`used`: the header of that request). Gives whether another attempt may end otherwise.
  bool take_refusal(const HttpResponse& refusal, const std::string& used, Scopes& scopes);

  /// Who asks: "user ann (from /root/.docker/config.json)"; empty when no credentials are used.
  std::string who();
  /// Whether a token service has taken the credentials: what is refused then is not who asks.
  bool credentials_were_taken() const;
  /// The text without any secret of this registry that occurs in it.
  std::string without_secrets(std::string text) const;

 private:
  struct Token {
    std::string text;
    Clock::time_point expires;
  };

  const std::optional<Credentials>& credentials();
  std::string token(const Scopes& scopes, const std::stop_token& stop);
  HttpRequest token_request(const Url& realm, const Scopes& scopes, std::string& body) const;
  Url token_realm() const;
  HttpResponse ask_for_token(HttpRequest request, const std::stop_token& stop);
  Token read_token(const HttpResponse& response);
  Error refused(const HttpResponse& response);

  HttpClient& http_;
  Options options_;
  mutable std::recursive_mutex mutex_;
  std::optional<Challenge> challenge_;
  bool credentials_known_ = false;
  std::optional<Credentials> credentials_;
  std::map<Scopes, Token> tokens_;
  bool had_token_ = false;
  std::set<std::string> secrets_;
};

}  // namespace tarn::builder
