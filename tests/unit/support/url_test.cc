#include "apk/support/url.h"

#include <doctest/doctest.h>

namespace tarn {

TEST_CASE("urls: parts") {
  struct Case {
    std::string_view text, scheme, host, path, shown;
  };
  for (const auto& row : {
           Case{"https://h/x", "https", "h", "/x", "https://h/x"},
           {"HTTPS://H/x", "https", "H", "/x", "https://H/x"},
           {"http://h:8080", "http", "h:8080", "", "http://h:8080"},
           {"http://[::1]:80/x", "http", "[::1]:80", "/x", "http://[::1]:80/x"},
           {"http://[::1]", "http", "[::1]", "", "http://[::1]"},
           {"https://h?x=1", "https", "h", "?x=1", "https://h?x=1"},
           {"https://h/@scope/x", "https", "h", "/@scope/x", "https://h/@scope/x"},
           {"https://u:p@h/x", "https", "h", "/x", "https://***@h/x"},
           {"https://u@h/x", "https", "h", "/x", "https://***@h/x"},
           {"https://u:p@q@h/x", "https", "h", "/x", "https://***@h/x"},
           {"file:/x/y", "", "", "/x/y", "/x/y"},
           {"file:///x/y", "", "", "/x/y", "/x/y"},
           {"file://localhost/x", "", "", "/x", "/x"},
           {"/srv/x", "", "", "/srv/x", "/srv/x"},
           {"./x", "", "", "./x", "./x"},
           {"x", "", "", "x", "x"},
           {"a:b", "", "", "a:b", "a:b"},
           {"http://h/http://u:p@g/x", "http", "h", "/http://u:p@g/x", "http://h/http://***@g/x"},
       }) {
    const auto& [text, scheme, host, path, shown] = row;
    CAPTURE(row.text);
    const auto url = Url::parse(text);
    REQUIRE(url);
    CHECK(url->scheme() == scheme);
    CHECK(url->host() == host);
    CHECK(url->path() == path);
    CHECK(url->str() == shown);
    CHECK(url->is_local() == scheme.empty());
  }
}

TEST_CASE("urls: what is none") {
  for (const std::string_view text : {"",
                                      " ",
                                      "a b",
                                      "https://",
                                      "https:///x",
                                      "https://u:p@",
                                      "https://u:p@/x",
                                      "https:/h/x",
                                      "ftp://h/x",
                                      "test:/x",
                                      "file://h/x",
                                      "https://h:port/x",
                                      "https://h:123456/x",
                                      "https://h\n/x",
                                      "https://h/\x7f",
                                      "https://[::1/x",
                                      "https://[]/x",
                                      "https://h|x/",
                                      "https://user:pa/ss@h/x",
                                      "https://:80/x",
                                      "https://h:/x"}) {
    CAPTURE(text);
    CHECK_FALSE(Url::parse(text));
  }
}

TEST_CASE("urls: credentials are shown to the transport alone") {
  const auto url = Url::parse("https://us%65r:p%40ss%zz%4@h:1/x").value();
  CHECK(url.has_credentials());
  CHECK(url.user_and_password() == "user:p@ss%zz%4");
  CHECK(url.with_secrets() == "https://us%65r:p%40ss%zz%4@h:1/x");
  CHECK(url.str() == "https://***@h:1/x");
  CHECK(fmt::format("{} {:>20}", url, url) == "https://***@h:1/x    https://***@h:1/x");
  CHECK((url / "y").str() == "https://***@h:1/x/y");
  CHECK((url / "y").with_secrets() == "https://us%65r:p%40ss%zz%4@h:1/x/y");
  const auto open = url.without_credentials();
  CHECK_FALSE(open.has_credentials());
  CHECK(open.with_secrets() == "https://h:1/x");
  CHECK(open.user_and_password().empty());
}

TEST_CASE("urls: segments are added and taken away") {
  CHECK((Url::parse("https://h").value() / "x").str() == "https://h/x");
  CHECK((Url::parse("https://h/").value() / "x").str() == "https://h/x");
  CHECK((Url::parse("/").value() / "x").str() == "/x");
  CHECK((Url::parse("a").value() / "x").str() == "a/x");
  CHECK(Url::parse("https://h/x/y").value().folder().str() == "https://h/x");
  CHECK(Url::parse("https://h/x").value().folder().str() == "https://h");
  CHECK(Url::parse("https://h").value().folder().str() == "https://h");
  CHECK(Url::parse("/x").value().folder().str() == "/");
  CHECK(Url::parse("x/y").value().folder().str() == "x");
  CHECK(Url::parse("x").value().folder().str() == ".");
}

TEST_CASE("urls in text lose their credentials") {
  struct Case {
    std::string_view text, shown;
  };
  for (const auto& row : {
           Case{"", ""},
           {"no url: a@b", "no url: a@b"},
           {"at https://h/x@y", "at https://h/x@y"},
           {"at https://u:p@h/x and ftp://v:q@g.", "at https://***@h/x and ftp://***@g."},
           {"'https://u:p@h'", "'https://***@h'"},
           {"https://u:p@", "https://***@"},
           {"https://u@v:p@h/x", "https://***@h/x"},
           {"https://user:pa/ss@h/x", "https://***@h/x"},
           {"https://user:secret", "https://***"},
           {"https://h:8080/x@y", "https://h:8080/x@y"},
           {"http://[::1]:80/x", "http://[::1]:80/x"},
           {"://", "://"},
       }) {
    const auto& [text, shown] = row;
    CAPTURE(row.text);
    CHECK(redact_urls(text) == shown);
  }
}

}  // namespace tarn
