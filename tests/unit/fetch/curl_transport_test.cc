#include "apk/fetch/curl_transport.h"

#include <cstdlib>
#include <thread>

#include <doctest/doctest.h>
#include <fmt/core.h>

#include "apk/support/error.h"
#include "apk/support/hash.h"
#include "tests/unit/fetch/scratch.h"
#include "tests/unit/fetch/test_server.h"

namespace tarn::apk {
namespace {

using test::TestServer;
using Reply = TestServer::Reply;
using Request = TestServer::Request;
using Status = TransferResult::Status;
using std::chrono::milliseconds;

TransportOptions quick_options() {
  return {.backoff = milliseconds(2), .longest_wait = milliseconds(200)};
}

/// One transfer, run; what came of it.
struct Fetched {
  TransferResult result;
  std::string body;
  int restarts = 0;
  std::uint64_t last_progress = 0;
  std::optional<std::uint64_t> last_total;
};

Fetched fetch(CurlTransport& transport, Transfer transfer, const std::stop_token& stop = {}) {
  Fetched fetched;
  transfer.write = [&](ByteView bytes) { fetched.body += as_text(bytes); };
  transfer.restart = [&] {
    fetched.body.clear();
    ++fetched.restarts;
  };
  transfer.progress = [&](std::uint64_t done, std::optional<std::uint64_t> total) {
    fetched.last_progress = done;
    fetched.last_total = total;
  };
  fetched.result = transport.run({std::move(transfer)}, stop).at(0);
  return fetched;
}

Fetched fetch(const Url& url, const TransportOptions& options = quick_options()) {
  CurlTransport transport(options);
  return fetch(transport, {.url = url});
}

const std::string long_body = [] {
  std::string body;
  for (int i = 0; body.size() < 300000; ++i) body += std::to_string(i) + ",";
  return body;
}();

/// Half of the body on the first request, as a server that broke down; then what `then` says.
TestServer::Handler broken_at_first(TestServer::Handler then) {
  return [then = std::move(then)](const Request& request, int nth) {
    if (nth != 0) return then(request, nth);
    Reply reply = test::file_reply(request, long_body);
    reply.cut_after = long_body.size() / 2;
    return reply;
  };
}

}  // namespace

TEST_CASE("a file arrives with its validators and its progress") {
  TestServer server;
  server.serve("/file", long_body);
  const auto got = fetch(server.url("/file"));
  CHECK(got.result.error == "");
  CHECK(got.result.status == Status::complete);
  CHECK(got.result.http_status == 200);
  CHECK((got.body == long_body));
  CHECK(got.result.etag == "\"" + to_hex(sha256(long_body)).substr(0, 16) + "\"");
  CHECK(got.result.last_modified == "Thu, 01 Jan 2026 00:00:00 GMT");
  CHECK(got.last_progress == long_body.size());
  CHECK(got.last_total == long_body.size());
  REQUIRE(server.requests().size() == 1);
  const Request request = server.requests()[0];
  CHECK(request.method == "GET");
  CHECK(request.header("accept-encoding").empty());
  CHECK(request.header("range").empty());
  CHECK(request.header("user-agent") == "tarn");
}

TEST_CASE("the octets are the file's, whatever content encoding the server claims") {
  TestServer server;
  server.on("/x.gz", [](const Request&, int) {
    return Reply{.headers = {{"Content-Encoding", "gzip"}}, .body = "not inflated"};
  });
  CHECK(fetch(server.url("/x.gz")).body == "not inflated");
}

TEST_CASE("an empty file, and one without a length") {
  TestServer server;
  server.on("/empty", [](const Request&, int) { return Reply{}; });
  server.on("/open",
            [](const Request&, int) { return Reply{.body = long_body, .without_length = true}; });
  CHECK(fetch(server.url("/empty")).result.status == Status::complete);
  CHECK((fetch(server.url("/open")).body == long_body));
}

TEST_CASE("conditions are sent with GET, and 304 is a result") {
  TestServer server;
  server.serve("/index", "body");
  CurlTransport transport(quick_options());
  const auto first = fetch(transport, {.url = server.url("/index")});
  const auto second = fetch(transport, {.url = server.url("/index"),
                                        .if_none_match = first.result.etag,
                                        .if_modified_since = first.result.last_modified});
  CHECK(second.result.status == Status::not_modified);
  CHECK(second.body.empty());
  CHECK(server.requests()[1].method == "GET");
  CHECK(server.requests()[1].header("if-none-match") == first.result.etag);
  CHECK(server.requests()[1].header("if-modified-since") == first.result.last_modified);
  CHECK(server.connections() == 1);
}

TEST_CASE("304 without a condition is a failure") {
  TestServer server;
  server.on("/x", [](const Request&, int) { return Reply{.status = 304}; });
  const auto got = fetch(server.url("/x"));
  CHECK(got.result.status == Status::failed);
  CHECK(got.result.error == "server returned 304");
}

TEST_CASE("what is not there is not found, at once and without its page as a body") {
  TestServer server;
  server.on("/gone", [](const Request&, int) { return Reply{.status = 410, .body = "gone"}; });
  for (const std::string path : {"/none", "/gone"}) {
    const auto got = fetch(server.url(path));
    CHECK(got.result.status == Status::not_found);
    CHECK(got.body.empty());
  }
  CHECK(server.requests().size() == 2);
}

TEST_CASE("failures that may pass are tried again") {
  for (const int status : {500, 502, 503, 429, 408}) {
    TestServer server;
    server.on("/x", [status](const Request&, int nth) {
      return nth < 2 ? Reply{.status = status, .body = "sorry"} : Reply{.body = "there"};
    });
    const auto got = fetch(server.url("/x"));
    CHECK(got.result.status == Status::complete);
    CHECK((got.body == "there"));
    CHECK(server.requests().size() == 3);
  }
}

TEST_CASE("they are tried only so often") {
  TestServer server;
  server.on("/x", [](const Request&, int) { return Reply{.status = 503}; });
  const auto got = fetch(server.url("/x"));
  CHECK(got.result.status == Status::failed);
  CHECK(got.result.http_status == 503);
  CHECK(got.result.error == "server returned 503 after 4 attempts");
  CHECK(server.requests().size() == 4);
}

TEST_CASE("other refusals are not tried again") {
  TestServer server;
  server.on("/x", [](const Request&, int) { return Reply{.status = 403, .body = "no"}; });
  const auto got = fetch(server.url("/x"));
  CHECK(got.result.status == Status::failed);
  CHECK(got.result.error == "server returned 403: access refused");
  CHECK(server.requests().size() == 1);
}

TEST_CASE("the wait a server asks for is kept, within the bound") {
  for (const std::string asked : {"1", "100000"}) {
    TestServer server;
    server.on("/x", [asked](const Request&, int nth) {
      return nth == 0 ? Reply{.status = 429, .headers = {{"Retry-After", asked}}} : Reply{};
    });
    const auto begin = std::chrono::steady_clock::now();
    CHECK(fetch(server.url("/x")).result.status == Status::complete);
    const auto took = std::chrono::steady_clock::now() - begin;
    CHECK(took >= milliseconds(200));
    CHECK(took < milliseconds(5000));
  }
}

TEST_CASE("a body cut short is continued where it broke off") {
  TestServer server;
  server.on("/x", broken_at_first([](const Request& request, int) {
              return test::file_reply(request, long_body);
            }));
  const auto got = fetch(server.url("/x"));
  CHECK(got.result.status == Status::complete);
  CHECK((got.body == long_body));
  CHECK(got.restarts == 0);
  REQUIRE(server.requests().size() == 2);
  CHECK(server.requests()[1].header("range") == fmt::format("bytes={}-", long_body.size() / 2));
  CHECK(server.requests()[1].header("if-range") == got.result.etag);
}

TEST_CASE("a server that answers the range otherwise makes the body start again") {
  const std::string other(long_body.size(), 'x');
  const struct {
    const char* what;
    std::string body;
    std::size_t requests;
    TestServer::Handler then;
  } cases[] = {
      {"the whole", long_body, 2, [](const Request&, int) { return Reply{.body = long_body}; }},
      {"another file now", other, 2,
       [&other](const Request& request, int) { return test::file_reply(request, other); }},
      {"a wrong part", long_body, 3,
       [](const Request& request, int) {
         if (request.header("range").empty()) return Reply{.body = long_body};
         return Reply{
             .status = 206,
             .headers = {{"Content-Range", fmt::format("bytes 0-{0}/{0}", long_body.size() - 1)}},
             .body = long_body};
       }},
      {"a part of something longer", long_body, 3,
       [](const Request& request, int) {
         if (request.header("range").empty()) return Reply{.body = long_body};
         const std::size_t half = long_body.size() / 2;
         return Reply{.status = 206,
                      .headers = {{"Content-Range",
                                   fmt::format("bytes {}-{}/{}", half, half + 9, half + 10)}},
                      .body = "0123456789"};
       }},
      {"not satisfiable", long_body, 3,
       [](const Request& request, int) {
         if (request.header("range").empty()) return Reply{.body = long_body};
         return Reply{.status = 416};
       }},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    TestServer server;
    server.on("/x", broken_at_first(c.then));
    const auto got = fetch(server.url("/x"));
    CHECK(got.result.status == Status::complete);
    CHECK((got.body == c.body));
    CHECK(got.restarts == 1);
    CHECK(server.requests().size() == c.requests);
  }
}

TEST_CASE("without a validator only what has a known size is continued") {
  for (const bool known : {false, true}) {
    TestServer server;
    server.on("/x", [](const Request& request, int nth) {
      Reply reply = test::file_reply(request, long_body);
      std::erase_if(reply.headers, [](const auto& h) { return h.first != "Content-Range"; });
      if (nth == 0) reply.cut_after = 1000;
      return reply;
    });
    CurlTransport transport(quick_options());
    Transfer transfer{.url = server.url("/x")};
    if (known) transfer.size = long_body.size();
    const auto got = fetch(transport, std::move(transfer));
    CHECK((got.body == long_body));
    CHECK(got.restarts == (known ? 0 : 1));
    CHECK(server.requests()[1].header("range").empty() == !known);
  }
}

TEST_CASE("a body that is always cut short fails in the end") {
  TestServer server;
  server.on("/x", [](const Request& request, int) {
    Reply reply = test::file_reply(request, long_body);
    if (!reply.body.empty()) reply.cut_after = 10;
    return reply;
  });
  const auto got = fetch(server.url("/x"));
  CHECK(got.result.status == Status::failed);
  CHECK(got.result.error.find("after 4 attempts") != std::string::npos);
  CHECK((got.body == long_body.substr(0, 40)));
}

TEST_CASE("a size that is not the expected one is refused without another attempt") {
  TestServer server;
  server.on("/declared", [](const Request&, int) { return Reply{.body = "12345"}; });
  server.on("/open",
            [](const Request&, int) { return Reply{.body = "12345", .without_length = true}; });
  CurlTransport transport(quick_options());
  for (const std::string path : {"/declared", "/open"}) {
    const auto longer = fetch(transport, {.url = server.url(path), .size = 4});
    CHECK(longer.result.status == Status::failed);
    CHECK(longer.body.empty());
    CHECK(longer.result.error.find('4') != std::string::npos);
    const auto limited = fetch(transport, {.url = server.url(path), .limit = 4});
    CHECK(limited.result.status == Status::failed);
    CHECK(limited.body.empty());
    const auto exact = fetch(transport, {.url = server.url(path), .size = 5, .limit = 5});
    CHECK(exact.result.status == Status::complete);
  }
  CHECK(server.requests().size() == 6);
  CHECK(fetch(transport, {.url = server.url("/declared"), .size = 6}).result.status ==
        Status::failed);
  CHECK(server.requests().size() == 7);
  // Without a declared length a short body may have been cut: that is tried again.
  CHECK(fetch(transport, {.url = server.url("/open"), .size = 6}).result.status == Status::failed);
  CHECK(server.requests().size() > 8);
}

TEST_CASE("redirects are followed, within a bound, and only over HTTP") {
  TestServer server;
  server.serve("/file", "body");
  server.on("/moved", [](const Request&, int) {
    return Reply{.status = 302, .headers = {{"Location", "/file"}}, .body = "moved"};
  });
  server.on("/loop", [](const Request&, int) {
    return Reply{.status = 301, .headers = {{"Location", "/loop"}}};
  });
  server.on("/local", [](const Request&, int) {
    return Reply{.status = 301, .headers = {{"Location", "file:///etc/passwd"}}};
  });
  CHECK(fetch(server.url("/moved")).body == "body");
  CHECK(fetch(server.url("/loop")).result.error == "redirected more than 10 times");
  CHECK(server.requests().size() == 13);
  const auto local = fetch(server.url("/local"));
  CHECK(local.result.status == Status::failed);
  CHECK(local.body.empty());
}

TEST_CASE("credentials of the URL are sent to its host alone, and are in no message") {
  TestServer other;
  other.serve("/file", "body");
  TestServer server;
  const std::string expected = "Basic " + to_base64(as_bytes("me:sec:r t"));
  server.on("/file", [&](const Request& request, int) {
    if (request.header("authorization") != expected) return Reply{.status = 401};
    return Reply{.status = 302, .headers = {{"Location", other.url("/file").str()}}};
  });
  server.on("/fails", [](const Request&, int) { return Reply{.status = 403}; });
  CHECK(fetch(server.url("/file", "me:sec%3Ar%20t")).body == "body");
  CHECK(other.requests().at(0).header("authorization").empty());
  const auto wrong = fetch(server.url("/file", "me:wrong"));
  CHECK(wrong.result.error == "server returned 401: it wants other credentials");
  const auto fails = fetch(server.url("/fails", "me:secret"));
  CHECK(fails.result.error.find("secret") == std::string::npos);
  TransportOptions options = quick_options();
  options.attempts = 1;
  const auto unreachable =
      fetch(Url::parse(fmt::format("http://me:secret@127.0.0.1:{}/x", test::unused_port())).value(),
            options);
  CHECK(unreachable.result.status == Status::failed);
  CHECK(unreachable.result.error.find("secret") == std::string::npos);
}

TEST_CASE("credentials come from a netrc file") {
  const test::Scratch scratch;
  write_file(scratch / "netrc", "machine 127.0.0.1 login me password secret\n", 0600);
  TestServer server;
  server.serve("/x", "x");
  TransportOptions options = quick_options();
  options.netrc = scratch / "netrc";
  CHECK(fetch(server.url("/x"), options).body == "x");
  CHECK(server.requests().at(0).header("authorization") ==
        "Basic " + to_base64(as_bytes("me:secret")));
}

TEST_CASE("a server that falls silent is given up") {
  TestServer server;
  server.on("/x", [](const Request& request, int nth) {
    Reply reply = test::file_reply(request, long_body);
    if (nth == 0) reply.delay = std::chrono::seconds(20);
    return reply;
  });
  TransportOptions options = quick_options();
  options.stall_timeout = std::chrono::seconds(1);
  const auto begin = std::chrono::steady_clock::now();
  const auto got = fetch(server.url("/x"), options);
  CHECK(got.result.status == Status::complete);
  CHECK((got.body == long_body));
  CHECK(server.requests().size() == 2);
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(10));
}

TEST_CASE("many transfers run at once, as many as allowed, results in order") {
  TestServer server;
  for (int i = 0; i < 20; ++i)
    server.on("/" + std::to_string(i), [i](const Request&, int) {
      return Reply{.body = std::to_string(i), .delay = milliseconds(i % 3 == 0 ? 30 : 10)};
    });
  TransportOptions options = quick_options();
  options.parallel = 4;
  CurlTransport transport(options);
  std::vector<std::string> bodies(22);
  std::vector<int> finished;
  std::vector<Transfer> transfers;
  for (std::size_t i = 0; i < bodies.size(); ++i)
    transfers.push_back({.url = server.url("/" + std::to_string(i)),
                         .write = [&, i](ByteView bytes) { bodies[i] += as_text(bytes); },
                         .restart = [&, i] { bodies[i].clear(); },
                         .finished =
                             [&, i](const TransferResult& result) {
                               CHECK((result.status == Status::complete) == (i < 20));
                               finished.push_back(static_cast<int>(i));
                             }});
  const auto results = transport.run(std::move(transfers), {});
  REQUIRE(results.size() == 22);
  for (std::size_t i = 0; i < 20; ++i) {
    CHECK(results[i].status == Status::complete);
    CHECK(bodies[i] == std::to_string(i));
  }
  CHECK(results[20].status == Status::not_found);
  CHECK(finished.size() == 22);
  CHECK(server.most_at_once() > 1);
  CHECK(server.most_at_once() <= 4);
  CHECK(server.connections() <= 4);
}

TEST_CASE("a host that cannot be reached is not asked for each file anew") {
  const std::string place = fmt::format("http://127.0.0.1:{}/", test::unused_port());
  TransportOptions options = quick_options();
  options.parallel = 2;
  options.backoff = milliseconds(50);
  CurlTransport transport(options);
  std::vector<Transfer> transfers;
  for (int i = 0; i < 50; ++i)
    transfers.push_back({.url = Url::parse(place + std::to_string(i)).value()});
  const auto begin = std::chrono::steady_clock::now();
  const auto results = transport.run(std::move(transfers), {});
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(3));
  for (const auto& result : results) {
    CHECK(result.status == Status::failed);
    CHECK(result.http_status == 0);
    CHECK_FALSE(result.error.empty());
  }
}

TEST_CASE("what a callback throws ends the run and comes out of it") {
  TestServer server;
  server.serve("/x", long_body);
  server.on("/slow", [](const Request&, int) { return Reply{.delay = std::chrono::seconds(20)}; });
  CurlTransport transport(quick_options());
  const auto thrower = [](ByteView) { throw Error(ErrorKind::failed, "disk full"); };
  std::vector<Transfer> transfers(2);
  transfers[0] = {.url = server.url("/slow")};
  transfers[1] = {.url = server.url("/x"), .write = thrower};
  const auto begin = std::chrono::steady_clock::now();
  CHECK_THROWS_WITH_AS(transport.run(std::move(transfers), {}), "disk full", Error);
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(10));
  CHECK((fetch(transport, {.url = server.url("/x")}).body == long_body));
}

TEST_CASE("a stop request ends a run soon") {
  TestServer server;
  server.on("/slow", [](const Request&, int) { return Reply{.delay = std::chrono::seconds(20)}; });
  CurlTransport transport(quick_options());
  std::stop_source source;
  const std::jthread stopper([&source] {
    std::this_thread::sleep_for(milliseconds(50));
    source.request_stop();
  });
  const auto begin = std::chrono::steady_clock::now();
  try {
    fetch(transport, {.url = server.url("/slow")}, source.get_token());
    FAIL("it was not stopped");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::interrupted);
  }
  CHECK(std::chrono::steady_clock::now() - begin < milliseconds(2000));
}

TEST_CASE("certificates that cannot be used are an error that names the file") {
  const test::Scratch scratch;
  write_file(scratch / "empty.pem", "no certificate");
  TransportOptions options = quick_options();
  options.ca_file = scratch / "empty.pem";
  CHECK_THROWS_WITH_AS(CurlTransport{options}, doctest::Contains("empty.pem"), Error);
  options.ca_file = scratch / "missing.pem";
  CHECK_THROWS_WITH_AS(CurlTransport{options}, doctest::Contains("missing.pem"), Error);
}

}  // namespace tarn::apk
