#include "builder/registry/upload.h"

#include <doctest/doctest.h>

#include "apk/support/error.h"
#include "unit/registry/fake_registry.h"

using namespace tarn;
using namespace tarn::builder;
using namespace tarn::test;

namespace {

std::string content_of(std::size_t size) {
  std::string content(size, '\0');
  for (std::size_t i = 0; i < size; ++i)
    content[i] = static_cast<char>('a' + (i * 7 + i / 26) % 26);
  return content;
}

struct Uploading {
  FakeWorld world;
  std::string content = content_of(100);
  UploadOptions options;

  void run(std::size_t chunk_size, std::optional<Url> location = {}) {
    RegistrySession session(world.world(), "registry.example.org", "team/base");
    options.chunk_size = chunk_size;
    upload_blob(session, {sha256(content), as_bytes(content)}, options, std::move(location));
  }
  bool is_there() { return world.registry.blobs["team/base"].contains(content); }
  FakeRegistry& registry() { return world.registry; }
};

}  // namespace

TEST_CASE("upload: in one request, and in chunks") {
  struct Case {
    std::size_t chunk_size;
    std::size_t patches;
  };
  for (const Case& one : {Case{0, 0}, {100, 0}, {1000, 0}, {50, 2}, {30, 4}, {99, 2}}) {
    CAPTURE(one.chunk_size);
    for (const bool tells_ranges : {true, false}) {
      Uploading uploading;
      uploading.registry().tells_ranges = tells_ranges;
      std::uint64_t reported = 0;
      uploading.options.progress = [&](std::uint64_t octets) { reported = octets; };
      uploading.run(one.chunk_size);
      CHECK(uploading.is_there());
      CHECK(reported == 100);
      CHECK(uploading.registry().count("PATCH") == one.patches);
      CHECK(uploading.registry().count("PUT") == 1);
      CHECK(uploading.registry().count("POST") == 1);
    }
  }
}

TEST_CASE("upload: an empty blob") {
  Uploading uploading;
  uploading.content.clear();
  uploading.run(10);
  CHECK(uploading.is_there());
}

TEST_CASE("upload: the registry's least size of a chunk counts") {
  Uploading uploading;
  uploading.registry().chunk_minimum = "60";
  uploading.run(10);
  CHECK(uploading.registry().count("PATCH") == 2);
  CHECK(uploading.is_there());
}

TEST_CASE("upload: after any cut the rest is sent, and nothing twice") {
  for (const std::size_t chunk_size : {std::size_t{0}, std::size_t{30}})
    for (std::size_t kept = 2; kept < 100; kept += 13) {
      CAPTURE(chunk_size);
      CAPTURE(kept);
      Uploading uploading;
      bool done = false;
      uploading.registry().cut = [&](const HttpRequest& request,
                                     std::size_t) -> std::optional<std::size_t> {
        if (done || request.body.size() < kept % 30 + 1) return std::nullopt;
        done = true;
        return chunk_size == 0 ? kept : kept % 30;
      };
      uploading.run(chunk_size);
      CHECK(done);
      CHECK(uploading.is_there());
      CHECK(uploading.registry().count("POST") == 1);
      CHECK(uploading.registry().count("GET", "/uploads/") == 1);
    }
}

TEST_CASE("upload: forgotten by the registry it begins again") {
  for (const std::size_t chunk_size : {std::size_t{0}, std::size_t{30}}) {
    Uploading uploading;
    int patches = 0;
    uploading.registry().interfere = [&](const HttpRequest& request,
                                         std::size_t) -> std::optional<HttpResponse> {
      if (request.body.empty() || ++patches != 1) return std::nullopt;
      uploading.registry().uploads.clear();
      return broken();
    };
    uploading.run(chunk_size);
    CHECK(uploading.is_there());
    CHECK(uploading.registry().count("POST") == 2);
  }
}

TEST_CASE("upload: at 416 it goes on where the registry is") {
  Uploading uploading;
  int patches = 0;
  uploading.registry().interfere = [&](const HttpRequest& request,
                                       std::size_t) -> std::optional<HttpResponse> {
    // The registry has lost half of what it had.
    if (request.method == "PATCH" && ++patches == 3)
      for (auto& [path, octets] : uploading.registry().uploads) octets.resize(octets.size() / 2);
    return std::nullopt;
  };
  uploading.run(20);
  CHECK(uploading.is_there());
  CHECK(uploading.registry().count("POST") == 1);
}

TEST_CASE("upload: a blob that arrived though no answer came is not sent again") {
  Uploading uploading;
  bool done = false;
  uploading.registry().interfere = [&](const HttpRequest& request,
                                       std::size_t) -> std::optional<HttpResponse> {
    if (request.method != "PUT" || done) return std::nullopt;
    done = true;
    uploading.registry().blobs["team/base"].insert(uploading.content);
    uploading.registry().uploads.clear();
    return broken();
  };
  uploading.run(0);
  CHECK(uploading.registry().count("PUT") == 1);
  CHECK(uploading.registry().count("HEAD") == 1);
}

TEST_CASE("upload: without PATCH the whole is sent in one request") {
  Uploading uploading;
  uploading.registry().interfere = [](const HttpRequest& request,
                                      std::size_t) -> std::optional<HttpResponse> {
    if (request.method == "PATCH") return reply(405);
    return std::nullopt;
  };
  uploading.run(30);
  CHECK(uploading.is_there());
  CHECK(uploading.registry().count("PATCH") == 1);
}

TEST_CASE("upload: it ends after as many failures as are allowed") {
  Uploading uploading;
  uploading.registry().interfere = [](const HttpRequest& request,
                                      std::size_t) -> std::optional<HttpResponse> {
    if (request.method == "PUT") return broken();
    return std::nullopt;
  };
  CHECK_THROWS_WITH_AS(uploading.run(0), doctest::Contains("connection reset"), Error);
  CHECK(uploading.registry().count("PUT") == 4);
}

TEST_CASE("upload: what a registry refuses is said, and content it changed too") {
  Uploading denied;
  denied.registry().interfere = [](const HttpRequest& request,
                                   std::size_t) -> std::optional<HttpResponse> {
    if (request.method == "POST")
      return reply(403, {}, R"({"errors":[{"code":"DENIED","message":"quota is used up"}]})");
    return std::nullopt;
  };
  CHECK_THROWS_AS(denied.run(0), Error);
  CHECK(denied.registry().count("POST") == 1);

  Uploading altered;
  altered.registry().interfere = [](const HttpRequest& request,
                                    std::size_t) -> std::optional<HttpResponse> {
    if (request.method == "PUT")
      return reply(400, {}, R"({"errors":[{"code":"DIGEST_INVALID","message":"no match"}]})");
    return std::nullopt;
  };
  CHECK_THROWS_WITH_AS(altered.run(0), doctest::Contains("other content"), Error);
  CHECK(altered.registry().count("PUT") == 2);

  Uploading renamed;
  renamed.registry().interfere = [](const HttpRequest& request,
                                    std::size_t) -> std::optional<HttpResponse> {
    if (request.method == "PUT") return reply(201, {{"docker-content-digest", "sha256:00"}});
    return std::nullopt;
  };
  CHECK_THROWS_WITH_AS(renamed.run(0), doctest::Contains("something else"), Error);
}
