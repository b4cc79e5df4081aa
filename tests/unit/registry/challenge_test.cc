#include "builder/registry/challenge.h"

#include <doctest/doctest.h>

using namespace tarn::builder;

TEST_CASE("challenge: schemes and their parameters") {
  const auto bearer = parse_challenges(
      R"(Bearer realm="https://auth.example.org/token",service="registry.example.org",)"
      R"(scope="repository:a/b:pull,push")");
  REQUIRE(bearer.size() == 1);
  CHECK(bearer[0].scheme == "bearer");
  CHECK(bearer[0].parameter("realm") == "https://auth.example.org/token");
  CHECK(bearer[0].parameter("service") == "registry.example.org");
  CHECK(bearer[0].parameter("scope") == "repository:a/b:pull,push");
  CHECK(bearer[0].parameter("error").empty());
}

TEST_CASE("challenge: several in one header, odd spelling") {
  struct Case {
    std::string header;
    std::vector<std::string> schemes;
    std::string realm_of_last;
  };
  const Case cases[] = {
      {"", {}, ""},
      {"Basic", {"basic"}, ""},
      {"BASIC Realm=plain", {"basic"}, "plain"},
      {R"(Basic realm="a \"b\" c")", {"basic"}, R"(a "b" c)"},
      {R"(Negotiate, Basic realm="x", charset="UTF-8")", {"negotiate", "basic"}, "x"},
      {R"(Negotiate YIIabc/+==, Bearer realm="y")", {"negotiate", "bearer"}, "y"},
      {R"(Digest realm="d", nonce="n,m", Basic realm = "b")", {"digest", "basic"}, "b"},
      {R"( , Basic realm="never ends)", {"basic"}, ""},
      {R"(@@@)", {}, ""},
  };
  for (const Case& one : cases) {
    CAPTURE(one.header);
    const auto found = parse_challenges(one.header);
    std::vector<std::string> schemes;
    for (const auto& challenge : found) schemes.push_back(challenge.scheme);
    CHECK(schemes == one.schemes);
    if (!found.empty()) CHECK(found.back().parameter("realm") == one.realm_of_last);
  }
}
