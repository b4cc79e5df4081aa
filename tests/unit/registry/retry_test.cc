#include "builder/registry/retry.h"

#include <ctime>

#include <doctest/doctest.h>

#include "apk/support/error.h"
#include "unit/registry/fake_registry.h"

using namespace tarn;
using namespace tarn::builder;
using namespace tarn::test;
using std::chrono::milliseconds;

TEST_CASE("retry: waits double, and what the server asks for counts up to the bound") {
  const RetryOptions options{
      .attempts = 5, .backoff = milliseconds(500), .longest_wait = milliseconds(60000)};
  struct Case {
    std::string retry_after;
    unsigned failures;
    long expected;
  };
  const Case cases[] = {
      {"", 1, 500},
      {"", 2, 1000},
      {"", 4, 4000},
      {"", 30, 60000},
      {"", 4000, 60000},
      {"3", 1, 3000},
      {"0", 2, 1000},
      {"1", 4, 4000},
      {"7200", 1, 60000},
      {"-5", 1, 500},
      {"soon", 1, 500},
      {"99999999999999999999", 1, 500},
      {"Thu, 01 Jan 1970 00:00:00 GMT", 1, 500},
  };
  for (const Case& one : cases) {
    CAPTURE(one.retry_after);
    CAPTURE(one.failures);
    HttpHeaders headers;
    if (!one.retry_after.empty()) headers.emplace_back("retry-after", one.retry_after);
    CHECK(wait_after(reply(429, headers), one.failures, options).count() == one.expected);
  }
  char date[64];
  const std::time_t later = std::time(nullptr) + 20;
  std::tm parts{};
  REQUIRE(::gmtime_r(&later, &parts) != nullptr);
  std::strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  const auto asked = wait_after(reply(503, {{"retry-after", date}}), 1, options);
  CHECK(asked > milliseconds(10000));
  CHECK(asked <= milliseconds(20000));
}

TEST_CASE("retry: a wait ends when a stop is asked for") {
  std::stop_source source;
  source.request_stop();
  CHECK_THROWS_AS(wait(std::chrono::hours(1), source.get_token()), Error);
}

TEST_CASE("retry: what a registry says is quoted, bounded, without credentials of addresses") {
  CHECK(describe(reply(404)) == "the server returned 404");
  CHECK(describe(reply(500, {}, "<html>")) == "the server returned 500");
  CHECK(describe(reply(400, {}, R"({"errors":[{"code":"A","message":"b"},{"code":"C"}]})")) ==
        "the server returned 400: b (A); C");
  CHECK(describe(reply(400, {}, R"({"errors":[{"message":"see https://u:p@x.org/"}]})")) ==
        "the server returned 400: see https://***@x.org/");
  CHECK(describe(reply(400, {}, R"({"errors":[{"message":")" + std::string(5000, 'x') + "\"}]}"))
            .size() < 400);
  CHECK(describe(reply(400, {}, R"({"errors":[{"message":"a\u001b[31m\nb"}]})")) ==
        "the server returned 400: a [31m b");
  CHECK(describe(reply(400, {}, R"({"errors":[1,null,{"message":3}]})"))
            .starts_with("the server returned 400"));
  CHECK(describe(broken()) == "connection reset");
}
