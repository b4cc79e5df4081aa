#include "builder/registry/measured_client.h"

#include <map>

#include <doctest/doctest.h>

namespace tarn::builder {
namespace {

/// Gives what it is told to, and says of a request's body how much of it went.
class ScriptedClient : public HttpClient {
 public:
  HttpResponse answer;
  std::string streamed;  ///< given to `take`
  std::uint64_t says_sent = 0;

  HttpResponse send(const HttpRequest& request, const std::stop_token&) override {
    if (request.sent && says_sent != 0) {
      request.sent(says_sent / 2);
      request.sent(says_sent);
    }
    if (request.take && !streamed.empty()) request.take(answer.status, as_bytes(streamed));
    return answer;
  }
};

class Counting : public SilentProgress {
 public:
  void record(const SpanRecord& span) override {
    CHECK(span.category == "registry");
    labels.emplace_back(span.label);
    bytes += span.bytes;
  }
  void count(std::string_view name, std::uint64_t number) override {
    counts[std::string(name)] += number;
  }
  std::map<std::string, std::uint64_t> counts;
  std::vector<std::string> labels;
  std::uint64_t bytes = 0;
};

HttpRequest request_with(std::string method, std::string_view body) {
  HttpRequest request;
  request.method = std::move(method);
  request.url = *Url::parse("https://r.example.org/v2/a/blobs/uploads/1?token=secret");
  request.body = as_bytes(body);
  return request;
}

}  // namespace

TEST_CASE("requests to a registry are measured, and nothing else about them changes") {
  ScriptedClient client;
  Counting progress;
  MeasuredClient measured(client, progress);

  SUBCASE("a body that is kept") {
    client.answer.status = 200;
    client.answer.body = "hello";
    CHECK(measured.send(request_with("GET", ""), {}).body == "hello");
    CHECK(progress.counts ==
          std::map<std::string, std::uint64_t>{{"requests", 1}, {"bytes received", 5}});
  }
  SUBCASE("a body that is taken as it comes") {
    client.answer.status = 206;
    client.streamed = "part";
    std::string taken;
    HttpRequest request = request_with("GET", "");
    request.take = [&](long status, ByteView bytes) {
      CHECK(status == 206);
      taken += as_text(bytes);
    };
    measured.send(request, {});
    CHECK(taken == "part");
    CHECK(progress.counts.at("bytes received") == 4);
  }
  SUBCASE("a body that is sent whole") {
    client.answer.status = 201;
    measured.send(request_with("PUT", "0123456789"), {});
    CHECK(progress.counts ==
          std::map<std::string, std::uint64_t>{{"requests", 1}, {"bytes sent", 10}});
    CHECK(progress.bytes == 10);
  }
  SUBCASE("a body of which only a part is sent") {
    client.answer.failure = HttpFailure::passing;
    client.says_sent = 6;
    std::vector<std::uint64_t> said;
    HttpRequest request = request_with("PATCH", "0123456789");
    request.sent = [&](std::uint64_t octets) { said.push_back(octets); };
    CHECK(measured.send(request, {}).failure == HttpFailure::passing);
    CHECK(said == std::vector<std::uint64_t>{3, 6});
    CHECK(progress.counts.at("bytes sent") == 6);
  }
  REQUIRE(progress.labels.size() == 1);
  CHECK(progress.labels[0].find("https://r.example.org/v2/a/blobs/uploads/1") != std::string::npos);
  CHECK(progress.labels[0].find("secret") == std::string::npos);
}

}  // namespace tarn::builder
