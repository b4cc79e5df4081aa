#include "builder/registry/session.h"

#include <doctest/doctest.h>

#include "apk/support/error.h"
#include "apk/support/hash.h"
#include "builder/registry/client.h"
#include "unit/registry/fake_registry.h"

using namespace tarn;
using namespace tarn::builder;
using namespace tarn::test;

namespace {

constexpr const char* password = "correct-horse";
constexpr const char* bearer =
    R"(Bearer realm="https://auth.example.org/token",service="registry")";

std::string header_of(const HttpRequest& request, const std::string& name) {
  for (const auto& [key, value] : request.headers)
    if (key == name) return value;
  return {};
}

/// A registry that wants tokens, and the service that gives them.
struct Tokens {
  FakeWorld world;
  int given = 0;
  int life = 300;
  std::string valid;  ///< the token that the registry takes
  std::vector<std::string> asked;

  Tokens() {
    world.registry.interfere = [this](const HttpRequest& request,
                                      std::size_t) -> std::optional<HttpResponse> {
      if (request.url.host() == "auth.example.org") return give(request);
      if (!valid.empty() && header_of(request, "Authorization") == "Bearer " + valid)
        return std::nullopt;
      return reply(401, {{"www-authenticate", bearer}});
    };
  }

  HttpResponse give(const HttpRequest& request) {
    asked.push_back(request.method + " " + request.url.path() + " " +
                    header_of(request, "Authorization") + std::string(as_text(request.body)));
    valid = "token-" + std::to_string(++given);
    return reply(200, {},
                 R"({"token":")" + valid + R"(","expires_in":)" + std::to_string(life) + "}");
  }
};

Error error_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error;
  }
  FAIL("no Error");
  return {ErrorKind::failed, ""};
}

}  // namespace

TEST_CASE("session: without a challenge nothing is shown") {
  FakeWorld world;
  world.credentials = Credentials{.user = "ann", .password = password, .source = "file"};
  RegistrySession session(world.world(), "registry.example.org", "a");
  CHECK_FALSE(has_blob(session, sha256("x")));
  for (const auto& one : world.registry.seen()) CHECK(one.authorization.empty());
}

TEST_CASE("session: Basic credentials, and their refusal without the secret") {
  FakeWorld world;
  world.credentials = Credentials{.user = "ann", .password = password, .source = "/x/auth.json"};
  bool refuses = false;
  world.registry.interfere = [&](const HttpRequest& request,
                                 std::size_t) -> std::optional<HttpResponse> {
    const bool right = header_of(request, "Authorization") ==
                       "Basic " + to_base64(as_bytes(std::string("ann:") + password));
    if (right && !refuses) return std::nullopt;
    return reply(
        401, {{"www-authenticate", "Basic realm=\"x\""}},
        std::string(R"({"errors":[{"code":"UNAUTHORIZED","message":"not )") + password + R"("}]})");
  };
  RegistrySession session(world.world(), "registry.example.org", "a");
  CHECK_FALSE(has_blob(session, sha256("x")));
  refuses = true;
  const Error error = error_of([&] { has_blob(session, sha256("x")); });
  CHECK(error.exit_status() == 4);
  CHECK(error.render().find(password) == std::string::npos);
  CHECK(error.render().find("user ann (from /x/auth.json)") != std::string::npos);
  CHECK(error.hint().find("tarn login registry.example.org") != std::string::npos);
}

TEST_CASE("session: without credentials a refusal says how to log in") {
  FakeWorld world;
  world.registry.interfere = [](const HttpRequest&, std::size_t) -> std::optional<HttpResponse> {
    return reply(401, {{"www-authenticate", "Basic realm=\"x\""}});
  };
  RegistrySession session(world.world(), "registry.example.org", "a");
  const Error error = error_of([&] { has_blob(session, sha256("x")); });
  CHECK(error.exit_status() == 4);
  CHECK(error.hint() == "log in with: tarn login registry.example.org");
}

TEST_CASE("session: tokens are asked for by scope, with credentials, and kept") {
  Tokens tokens;
  tokens.world.credentials = Credentials{.user = "ann", .password = password, .source = "file"};
  RegistrySession session(tokens.world.world(), "registry.example.org", "a/b");
  has_blob(session, sha256("x"));
  has_blob(session, sha256("y"));
  REQUIRE(tokens.asked.size() == 1);
  CHECK(tokens.asked[0].starts_with(
      "GET /token?service=registry&scope=repository:a/b:pull,push&account=ann&client_id=tarn "
      "Basic "));
  // Credentials go to the token service, the token to the registry.
  for (const auto& one : tokens.world.registry.seen()) {
    if (one.url.starts_with("https://registry."))
      CHECK_FALSE(one.authorization.starts_with("Basic"));
    if (one.url.starts_with("https://auth.")) CHECK(one.authorization.starts_with("Basic"));
  }
}

TEST_CASE("session: a token that expires or is refused is renewed") {
  Tokens expiring;
  expiring.life = 0;
  RegistrySession first(expiring.world.world(), "registry.example.org", "a");
  has_blob(first, sha256("x"));
  has_blob(first, sha256("y"));
  CHECK(expiring.given == 2);

  Tokens revoked;
  RegistrySession second(revoked.world.world(), "registry.example.org", "a");
  has_blob(second, sha256("x"));
  revoked.valid = "another";
  has_blob(second, sha256("y"));
  CHECK(revoked.given == 2);
}

TEST_CASE("session: an identity token is exchanged by POST") {
  Tokens tokens;
  tokens.world.credentials = Credentials{.identity_token = "identity+/1", .source = "helper"};
  RegistrySession session(tokens.world.world(), "registry.example.org", "a");
  has_blob(session, sha256("x"));
  REQUIRE(tokens.asked.size() == 1);
  CHECK(tokens.asked[0] ==
        "POST /token grant_type=refresh_token&client_id=tarn&service=registry&"
        "scope=repository:a:pull,push&refresh_token=identity%2B/1");
}

TEST_CASE("session: the token service's refusal names user and source, not the secret") {
  FakeWorld world;
  world.credentials = Credentials{.user = "ann", .password = password, .source = "/x/auth.json"};
  world.registry.interfere = [](const HttpRequest& request,
                                std::size_t) -> std::optional<HttpResponse> {
    if (request.url.host() == "auth.example.org")
      return reply(401, {}, std::string(R"({"details":"wrong password )") + password + "\"}");
    return reply(401, {{"www-authenticate", bearer}});
  };
  RegistrySession session(world.world(), "registry.example.org", "a");
  const Error error = error_of([&] { has_blob(session, sha256("x")); });
  CHECK(error.exit_status() == 4);
  CHECK(error.message() ==
        "registry.example.org refuses the credentials of user ann (from /x/auth.json)");
  CHECK(error.render().find(password) == std::string::npos);
}

TEST_CASE("session: a token service without https is not given credentials") {
  FakeWorld world;
  world.registry.interfere = [](const HttpRequest& request,
                                std::size_t) -> std::optional<HttpResponse> {
    if (request.url.scheme() == "http") FAIL("asked over http");
    return reply(401, {{"www-authenticate", R"(Bearer realm="http://auth.example.org/token")"}});
  };
  RegistrySession session(world.world(), "registry.example.org", "a");
  CHECK_THROWS_AS(has_blob(session, sha256("x")), Error);
}

TEST_CASE("session: credentials are not given to the host that a redirect leads to") {
  Tokens tokens;
  const auto usual = tokens.world.registry.interfere;
  const std::string content = "content of the blob";
  tokens.world.registry.interfere = [&](const HttpRequest& request,
                                        std::size_t nth) -> std::optional<HttpResponse> {
    if (request.url.host() == "cdn.example.org") return reply(200, {}, content);
    const auto refusal = usual(request, nth);
    if (refusal || request.url.path() == "/v2/") return refusal;
    return reply(307, {{"location", "https://cdn.example.org/x?signature=s"}});
  };
  RegistrySession session(tokens.world.world(), "registry.example.org", "a");
  std::string got;
  get_blob(session, sha256(content), 1000, [&](ByteView bytes) { got += as_text(bytes); });
  CHECK(got == content);
  const auto seen = tokens.world.registry.seen();
  CHECK(seen.back().url == "https://cdn.example.org/x?signature=s");
  CHECK(seen.back().authorization.empty());
}

TEST_CASE("session: redirects to http, and endless ones, are refused") {
  for (const std::string target : {"http://cdn.example.org/", "/v2/a/blobs/again", "ftp://x/"}) {
    FakeWorld world;
    world.registry.interfere = [&](const HttpRequest& request,
                                   std::size_t) -> std::optional<HttpResponse> {
      if (request.url.path() == "/v2/") return std::nullopt;
      return reply(307, {{"location", target}});
    };
    RegistrySession session(world.world(), "registry.example.org", "a");
    CHECK_THROWS_WITH_AS(has_blob(session, sha256("x")), doctest::Contains("redirected"), Error);
    CHECK(world.registry.seen().size() <= 13);
  }
}

TEST_CASE("session: what may pass is tried again, what may not is not") {
  struct Case {
    long status;
    std::size_t requests;
  };
  for (const Case& one : {Case{429, 4}, {503, 4}, {500, 4}, {400, 1}, {404, 1}, {501, 1}}) {
    CAPTURE(one.status);
    FakeWorld world;
    world.registry.interfere = [&](const HttpRequest& request,
                                   std::size_t) -> std::optional<HttpResponse> {
      if (request.url.path() == "/v2/") return std::nullopt;
      return reply(one.status, {{"retry-after", "7200"}});
    };
    RegistrySession session(world.world(), "registry.example.org", "a");
    if (one.status == 404)
      CHECK_FALSE(get_manifest(session, "1").has_value());
    else
      CHECK_THROWS_AS(get_manifest(session, "1"), Error);
    CHECK(world.registry.count("GET", "/manifests/") == one.requests);
  }
}

TEST_CASE("session: schemes") {
  struct Case {
    std::string domain;
    std::string insecure;
    std::vector<std::string> asked;
  };
  const Case cases[] = {
      {"registry.example.org", "", {"https://registry.example.org/v2/"}},
      {"docker.io", "", {"https://registry-1.docker.io/v2/"}},
      {"localhost:5000", "", {"https://localhost:5000/v2/", "http://localhost:5000/v2/"}},
      {"old.example.org",
       "old.example.org",
       {"https://old.example.org/v2/", "http://old.example.org/v2/"}},
  };
  for (const Case& one : cases) {
    CAPTURE(one.domain);
    FakeWorld world;
    world.hosts = Hosts({.insecure = {one.insecure}});
    world.registry.interfere = [](const HttpRequest& request,
                                  std::size_t) -> std::optional<HttpResponse> {
      if (request.url.scheme() == "http") return std::nullopt;
      HttpResponse none = broken();
      none.failure = HttpFailure::no_tls;
      return none;
    };
    RegistrySession session(world.world(), one.domain, "a");
    if (one.asked.size() == 1)
      CHECK_THROWS_AS(session.url(""), Error);
    else
      CHECK(session.url("x").with_secrets() == one.asked.back() + "a/x");
    const auto seen = world.registry.seen();
    for (std::size_t i = 0; i < seen.size(); ++i)
      CHECK(seen[i].url == one.asked[std::min(i, one.asked.size() - 1)]);
  }
}

TEST_CASE("session: an untrusted certificate never leads to http") {
  FakeWorld world;
  world.registry.interfere = [](const HttpRequest& request,
                                std::size_t) -> std::optional<HttpResponse> {
    if (request.url.scheme() == "http") FAIL("asked over http");
    HttpResponse none = broken();
    none.failure = HttpFailure::wrong_certificate;
    return none;
  };
  RegistrySession session(world.world(), "localhost:5000", "a");
  const Error error = error_of([&] { session.url(""); });
  CHECK(error.exit_status() == 4);
  CHECK(error.hint().find("--ca-file") != std::string::npos);
}
