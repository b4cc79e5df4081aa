#include "builder/registry/session.h"

#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "apk/support/parallel.h"

namespace tarn::builder {
namespace {

constexpr unsigned most_redirects = 10;
constexpr std::string_view api = "/v2/";

/// Where a registry's API is: Docker Hub's is not at the name people write.
std::string api_host(const std::string& domain) {
  return domain == "docker.io" ? "registry-1.docker.io" : domain;
}

bool is_redirect(const HttpResponse& response) {
  constexpr std::array statuses{301L, 302L, 303L, 307L, 308L};
  return response.failure == HttpFailure::none &&
         std::ranges::find(statuses, response.status) != statuses.end();
}

/// Whether this answers as a registry's base address does.
bool is_registry_answer(const HttpResponse& response) {
  return response.failure == HttpFailure::none &&
         (response.status == 200 || response.status == 401 || response.status == 403 ||
          response.status == 404);
}

}  // namespace

RegistrySession::RegistrySession(RegistryWorld world, std::string domain, std::string path)
    : world_(std::move(world)), domain_(std::move(domain)), path_(std::move(path)) {}

Scopes RegistrySession::scopes(std::string_view actions) const {
  if (path_.empty()) return {};
  return {fmt::format("repository:{}:{}", path_, actions)};
}

Url RegistrySession::url(std::string_view rest) {
  const Url& base = connect().url;
  return *Url::parse(
      fmt::format("{}{}{}{}", base.with_secrets(), path_, path_.empty() ? "" : "/", rest));
}

RegistrySession::Base& RegistrySession::connect() {
  const std::lock_guard lock(mutex_);
  if (!base_) base_ = find_registry();
  return *base_;
}

Error RegistrySession::unreachable(const HttpResponse& response) const {
  Error error(ErrorKind::network,
              fmt::format("the registry {} cannot be asked: {}", domain_, describe(response)));
  if (response.failure == HttpFailure::wrong_certificate)
    error.hint(
        fmt::format("give its certificate authority with --ca-file, or put it into "
                    "/etc/docker/certs.d/{0}/ca.crt; or name it with --insecure {0}",
                    domain_));
  else if (response.failure == HttpFailure::no_tls && !world_.hosts.is_insecure(domain_))
    error.hint(
        "only registries on this machine, and those named with --insecure, are asked over "
        "plain http");
  return error;
}

/// The answer of a registry at `url`; nothing, with the answer in `failed`, when there is none.
std::optional<HttpResponse> RegistrySession::ask_base(const Url& url, HttpResponse& failed) const {
  HttpRequest request;
  request.url = url;
  HttpResponse response = world_.http.send(request, world_.stop);
  note(request, response);
  if (is_registry_answer(response)) return response;
  // What https says tells more than what http says to a server that speaks https.
  if (failed.status == 0 && (failed.failure == HttpFailure::none || url.scheme() == "https" ||
                             failed.failure == HttpFailure::no_tls))
    failed = std::move(response);
  return std::nullopt;
}

RegistrySession::Base RegistrySession::find_registry() const {
  const std::string host = api_host(domain_);
  const bool may_be_plain = world_.hosts.is_insecure(host) || is_loopback(host);
  std::vector<std::string> schemes{"https"};
  if (may_be_plain) schemes.emplace_back("http");
  for (unsigned failures = 0;;) {
    HttpResponse failed;
    for (const std::string& scheme : schemes) {
      const auto url = Url::parse(scheme + "://" + host + std::string(api));
      if (!url) throw Error(ErrorKind::usage, domain_ + " cannot be the name of a registry");
      const auto answer = ask_base(*url, failed);
      if (!answer) {
        if (failed.failure == HttpFailure::wrong_certificate) throw unreachable(failed);
        continue;
      }
      Authorizer::Options options;
      options.registry = domain_;
      options.credentials = [this] { return world_.credentials(domain_, path_); };
      options.plain_tokens = may_be_plain ? PlainTokens::allowed : PlainTokens::refused;
      options.retry = world_.retry;
      Base base{*url, std::make_unique<Authorizer>(world_.http, std::move(options))};
      Scopes none;
      if (answer->status == 401) base.authorizer->take_refusal(*answer, {}, none);
      return base;
    }
    if (!is_passing(failed) || ++failures >= world_.retry.attempts) throw unreachable(failed);
    world_.progress.count("retries", 1);
    wait(wait_after(failed, failures, world_.retry), world_.stop);
  }
}

void RegistrySession::note(const HttpRequest& request, const HttpResponse& response) const {
  const std::string result =
      response.failure == HttpFailure::none ? std::to_string(response.status) : response.reason;
  world_.progress.note(NoteLevel::detail,
                       fmt::format("{} {}: {}", request.method, shown(request.url), result));
}

HttpResponse RegistrySession::send_once(HttpRequest request, Scopes& scopes, Url* final_url) {
  Base& base = connect();
  const HttpHeaders own_headers = request.headers;
  bool asked_again = false;
  for (unsigned redirects = 0;;) {
    const bool is_own = is_same_origin(request.url, base.url);
    const std::string authorization =
        is_own ? base.authorizer->header(scopes, world_.stop) : std::string();
    request.headers = own_headers;
    if (!authorization.empty()) request.headers.emplace_back("Authorization", authorization);
    HttpResponse response = world_.http.send(request, world_.stop);
    note(request, response);
    if (response.failure == HttpFailure::none && response.status == 401 && is_own && !asked_again &&
        base.authorizer->take_refusal(response, authorization, scopes)) {
      asked_again = true;
      continue;
    }
    if (final_url != nullptr) *final_url = request.url;
    if (!is_redirect(response)) return response;
    const auto next = resolve_location(request.url, response.header("location"));
    if (!next || ++redirects > most_redirects ||
        (request.url.scheme() == "https" && next->scheme() != "https")) {
      response.failure = HttpFailure::final;
      response.reason = !next ? "redirected to nowhere"
                        : redirects > most_redirects
                            ? fmt::format("redirected more than {} times", most_redirects)
                            : "redirected from https to " + shown(*next);
      return response;
    }
    const bool keeps_method = response.status == 307 || response.status == 308 ||
                              request.method == "GET" || request.method == "HEAD";
    if (!keeps_method) {
      request.method = "GET";
      request.body = {};
    }
    request.url = *next;
  }
}

HttpResponse RegistrySession::send(HttpRequest request, Scopes scopes, Retries retries,
                                   Url* final_url) {
  for (unsigned failures = 0;;) {
    HttpResponse response = send_once(request, scopes, final_url);
    if (retries == Retries::none || !is_passing(response) || ++failures >= world_.retry.attempts)
      return response;
    const auto time = wait_after(response, failures, world_.retry);
    world_.progress.count("retries", 1);
    world_.progress.note(NoteLevel::detail,
                         fmt::format("{}: trying again in {:.1f} s", domain_,
                                     std::chrono::duration<double>(time).count()));
    wait(time, world_.stop);
  }
}

Error RegistrySession::failure(const std::string& what, const HttpResponse& response) {
  Authorizer& authorizer = *connect().authorizer;
  const std::string reason = authorizer.without_secrets(describe(response));
  const bool is_denied =
      response.failure == HttpFailure::none && (response.status == 401 || response.status == 403);
  const std::string who = is_denied ? authorizer.who() : std::string();
  if (!is_denied) return {ErrorKind::network, fmt::format("{}: {}", what, reason)};
  if (who.empty())
    return Error(ErrorKind::network, fmt::format("{} refuses access: {}", domain_, what))
        .detail("answer", reason)
        .detail("credentials", "none are known for this registry")
        .hint("log in with: tarn login " + domain_);
  if (response.status == 401 && !authorizer.credentials_were_taken())
    return Error(ErrorKind::network, fmt::format("{} refuses the credentials of {}", domain_, who))
        .detail("for", what)
        .detail("answer", reason)
        .hint("log in again with: tarn login " + domain_);
  return Error(ErrorKind::network, fmt::format("{} refuses access: {}", domain_, what))
      .detail("answer", reason)
      .detail("credentials", who)
      .hint("use an account that may do this: tarn login " + domain_);
}

bool RegistrySession::check_credentials() {
  HttpRequest request;
  request.url = connect().url;
  const HttpResponse response = send(request, {});
  if (!response.is_success()) throw failure("asking " + shown(request.url), response);
  return !connect().authorizer->who().empty();
}

}  // namespace tarn::builder
