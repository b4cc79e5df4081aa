#include "builder/registry/authorizer.h"

#include <algorithm>

#include <fmt/core.h>

#include "apk/support/hash.h"
#include "builder/image/json.h"

namespace tarn::builder {
namespace {

constexpr std::chrono::seconds usual_life{60};  ///< where the service does not say (docker's)
constexpr std::chrono::seconds longest_life{24 * 3600};
constexpr std::chrono::seconds margin{10};  ///< a token is not used so shortly before its end
constexpr std::size_t longest_token = 64U << 10U;
constexpr std::size_t shortest_hidden = 4;  ///< shorter words would garble every message
constexpr const char* client = "tarn";

std::string text_of(const Json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::string basic(const Credentials& credentials) {
  return "Basic " + to_base64(as_bytes(credentials.user + ":" + credentials.password));
}

bool is_header_text(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    const auto octet = static_cast<unsigned char>(c);
    return octet > ' ' && octet < 0x7f;
  });
}

/// Bearer before Basic: who has a token service means it to be used.
std::optional<Challenge> best_challenge(const HttpResponse& response) {
  std::optional<Challenge> best;
  for (const auto& [name, value] : response.headers) {
    if (name != "www-authenticate") continue;
    for (Challenge& challenge : parse_challenges(value)) {
      const bool is_bearer = challenge.scheme == "bearer";
      if (is_bearer || (challenge.scheme == "basic" && !best)) best = std::move(challenge);
      if (is_bearer) return best;
    }
  }
  return best;
}

}  // namespace

const std::optional<Credentials>& Authorizer::credentials() {
  if (credentials_known_) return credentials_;
  if (options_.credentials) credentials_ = options_.credentials();
  credentials_known_ = true;
  if (credentials_) {
    secrets_.insert(credentials_->password);
    secrets_.insert(credentials_->identity_token);
    secrets_.insert(to_base64(as_bytes(credentials_->user + ":" + credentials_->password)));
  }
  return credentials_;
}

std::string Authorizer::header(const Scopes& scopes, const std::stop_token& stop) {
  const std::lock_guard lock(mutex_);
  if (!challenge_) return {};
  if (challenge_->scheme == "bearer") return "Bearer " + token(scopes, stop);
  return credentials() ? basic(*credentials_) : std::string();
}

bool Authorizer::take_refusal(const HttpResponse& refusal, const std::string& used,
                              Scopes& scopes) {
  const std::lock_guard lock(mutex_);
  auto challenge = best_challenge(refusal);
  if (!challenge) return false;
  challenge_ = std::move(challenge);
  if (challenge_->scheme == "basic") return used.empty() && credentials().has_value();
  std::erase_if(tokens_, [&](const auto& entry) { return "Bearer " + entry.second.text == used; });
  // "scope" is a list, parted by blanks; only what has not been asked for yet is added.
  std::string asked = challenge_->parameter("scope");
  while (!asked.empty()) {
    const auto end = asked.find(' ');
    if (const std::string scope = asked.substr(0, end); !scope.empty()) scopes.insert(scope);
    asked = end == std::string::npos ? std::string() : asked.substr(end + 1);
  }
  return true;
}

Url Authorizer::token_realm() const {
  const auto realm = Url::parse(challenge_->parameter("realm"));
  if (!realm || realm->is_local())
    throw Error(ErrorKind::network, options_.registry + " names no token service that can be asked")
        .detail("found", redact_urls(challenge_->parameter("realm")));
  if (realm->scheme() != "https" && options_.plain_tokens == PlainTokens::refused)
    throw Error(ErrorKind::network,
                options_.registry +
                    " names a token service without https, which would not keep "
                    "credentials secret")
        .detail("found", shown(*realm));
  return realm->without_credentials();
}

HttpRequest Authorizer::token_request(const Url& realm, const Scopes& scopes,
                                      std::string& body) const {
  HttpRequest request;
  request.limit = 1U << 20U;
  const std::string service = challenge_->parameter("service");
  if (credentials_ && !credentials_->identity_token.empty()) {
    std::string scope_list;
    for (const std::string& scope : scopes) scope_list += (scope_list.empty() ? "" : " ") + scope;
    body = fmt::format("grant_type=refresh_token&client_id={}&service={}&scope={}&refresh_token={}",
                       client, percent_encode(service), percent_encode(scope_list),
                       percent_encode(credentials_->identity_token));
    request.method = "POST";
    request.url = realm;
    request.body = as_bytes(body);
    request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    return request;
  }
  request.url = realm;
  if (!service.empty()) request.url = with_query(request.url, "service", service);
  for (const std::string& scope : scopes) request.url = with_query(request.url, "scope", scope);
  if (credentials_) {
    request.url = with_query(request.url, "account", credentials_->user);
    request.url = with_query(request.url, "client_id", client);
    request.headers.emplace_back("Authorization", basic(*credentials_));
  }
  return request;
}

HttpResponse Authorizer::ask_for_token(HttpRequest request, const std::stop_token& stop) {
  const Url asked = request.url;
  unsigned redirects = 0;
  for (unsigned failures = 0;;) {
    HttpResponse response = http_.send(request, stop);
    const auto next = response.status / 100 == 3 && response.failure == HttpFailure::none
                          ? resolve_location(request.url, response.header("location"))
                          : std::nullopt;
    // Only within the service that the registry named, so that credentials stay there.
    if (next && is_same_origin(*next, asked) && ++redirects <= 5) {
      request.url = *next;
      continue;
    }
    if (!is_passing(response) || ++failures >= options_.retry.attempts) return response;
    wait(wait_after(response, failures, options_.retry), stop);
  }
}

Authorizer::Token Authorizer::read_token(const HttpResponse& response) {
  const Json json = Json::parse(response.body, nullptr, false);
  std::string text = text_of(json, "token");
  if (text.empty()) text = text_of(json, "access_token");
  if (text.empty() || text.size() > longest_token || !is_header_text(text))
    throw Error(ErrorKind::network,
                fmt::format("the token service of {} answers without a token", options_.registry));
  auto life = usual_life;
  if (const auto found = json.find("expires_in"); found != json.end() && found->is_number())
    life = std::chrono::seconds(static_cast<long long>(
        std::clamp(found->get<double>(), 0.0, static_cast<double>(longest_life.count()))));
  secrets_.insert(text);
  had_token_ = true;
  return {std::move(text), options_.now() + life};
}

std::string Authorizer::token(const Scopes& scopes, const std::stop_token& stop) {
  const auto known = tokens_.find(scopes);
  if (known != tokens_.end() && options_.now() + margin < known->second.expires)
    return known->second.text;
  credentials();
  const Url realm = token_realm();
  std::string body;
  const HttpResponse response = ask_for_token(token_request(realm, scopes, body), stop);
  if (!response.is_success())
    throw refused(response).context("asking the token service " + shown(realm));
  Token fresh = read_token(response);
  std::string text = fresh.text;
  tokens_.insert_or_assign(scopes, std::move(fresh));
  return text;
}

Error Authorizer::refused(const HttpResponse& response) {
  const std::string reason = without_secrets(describe(response));
  const bool is_denied =
      response.failure == HttpFailure::none && (response.status == 401 || response.status == 403);
  if (!is_denied)
    return {ErrorKind::network,
            fmt::format("the token service of {} gives no token: {}", options_.registry, reason)};
  if (!credentials_)
    return Error(ErrorKind::network, options_.registry + " wants to know who asks: " + reason)
        .hint("log in with: tarn login " + options_.registry);
  return Error(ErrorKind::network,
               fmt::format("{} refuses the credentials of {}", options_.registry, who()))
      .detail("answer", reason)
      .hint("log in again with: tarn login " + options_.registry);
}

std::string Authorizer::who() {
  const std::lock_guard lock(mutex_);
  if (!challenge_ || !credentials()) return {};
  if (credentials_->user.empty()) return fmt::format("a token (from {})", credentials_->source);
  return fmt::format("user {} (from {})", credentials_->user, credentials_->source);
}

bool Authorizer::credentials_were_taken() const {
  const std::lock_guard lock(mutex_);
  return credentials_.has_value() && had_token_;
}

std::string Authorizer::without_secrets(std::string text) const {
  const std::lock_guard lock(mutex_);
  for (const std::string& secret : secrets_) {
    if (secret.size() < shortest_hidden) continue;
    for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at + 3))
      text.replace(at, secret.size(), "***");
  }
  return text;
}

}  // namespace tarn::builder
