#include "builder/registry/http.h"

#include <doctest/doctest.h>

#include "builder/registry/hosts.h"

using namespace tarn;
using namespace tarn::builder;

TEST_CASE("http: where a Location leads") {
  struct Case {
    std::string location;
    std::string expected;  ///< empty: nowhere
  };
  const Case cases[] = {
      {"https://other.example.org/x?y=1", "https://other.example.org/x?y=1"},
      {"https://ann:secret@other.example.org/x", "https://other.example.org/x"},
      {"//other.example.org/x", "https://other.example.org/x"},
      {"/v2/a/blobs/uploads/1?state=x#part",
       "https://r.example.org:5000/v2/a/blobs/uploads/1?state=x"},
      {"next", "https://r.example.org:5000/v2/a/blobs/next"},
      {"../up?x=/y", "https://r.example.org:5000/v2/a/up?x=/y"},
      {"./", "https://r.example.org:5000/v2/a/blobs/"},
      {"../../../../../x", "https://r.example.org:5000/x"},
      {"?page=2", "https://r.example.org:5000/v2/a/blobs/uploads?page=2"},
      {"", ""},
      {"#part", ""},
      {"ftp://other.example.org/x", ""},
      {"file:///etc/passwd", ""},
      {"https://", ""},
      {"/a b", ""},
  };
  const Url base = *Url::parse("https://r.example.org:5000/v2/a/blobs/uploads?state=old");
  for (const Case& one : cases) {
    CAPTURE(one.location);
    const auto found = resolve_location(base, one.location);
    CHECK((found ? found->with_secrets() : "") == one.expected);
  }
}

TEST_CASE("http: what is shown of an address has neither credentials nor query") {
  const Url url = *Url::parse("https://ann:secret@r.example.org/v2/x?_state=secret");
  CHECK(shown(url) == "https://r.example.org/v2/x");
}

TEST_CASE("http: queries and origins") {
  const Url plain = *Url::parse("https://r.example.org");
  CHECK(with_query(plain, "a", "x y&z").with_secrets() == "https://r.example.org/?a=x%20y%26z");
  CHECK(with_query(with_query(plain, "a", "1"), "digest", "sha256:ab").with_secrets() ==
        "https://r.example.org/?a=1&digest=sha256:ab");
  CHECK(is_same_origin(plain, *Url::parse("https://R.example.org:443/x")));
  CHECK_FALSE(is_same_origin(plain, *Url::parse("http://r.example.org/x")));
  CHECK_FALSE(is_same_origin(plain, *Url::parse("https://r.example.org:444/x")));
  CHECK_FALSE(is_same_origin(plain, *Url::parse("https://r.example.org.evil.org/")));
}

TEST_CASE("hosts: which are this machine, and which are insecure") {
  for (const char* host :
       {"localhost", "localhost:5000", "127.0.0.1", "127.8.9.1:80", "[::1]", "[::1]:5000"})
    CHECK_MESSAGE(is_loopback(host), host);
  for (const char* host : {"localhost.example.org", "127.0.0.1.example.org", "127.1", "128.0.0.1",
                           "[::2]", "example.org", "127.0.0.example.org"})
    CHECK_MESSAGE(!is_loopback(host), host);
  const Hosts hosts({.insecure = {"plain.example.org", "odd.example.org:5000"}});
  CHECK(hosts.is_insecure("plain.example.org"));
  CHECK(hosts.is_insecure("plain.example.org:81"));
  CHECK(hosts.is_insecure("odd.example.org:5000"));
  CHECK_FALSE(hosts.is_insecure("odd.example.org"));
  CHECK_FALSE(hosts.is_insecure("example.org"));
}
