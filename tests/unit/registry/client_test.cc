#include "builder/registry/client.h"

#include <doctest/doctest.h>

#include "apk/support/error.h"
#include "unit/registry/fake_registry.h"

using namespace tarn;
using namespace tarn::builder;
using namespace tarn::test;

namespace {

constexpr const char* index_type = "application/vnd.oci.image.index.v1+json";

struct Client {
  FakeWorld world;
  RegistrySession session{world.world(), "registry.example.org", "team/base"};
};

}  // namespace

TEST_CASE("client: manifests come as they were stored, by tag and by digest") {
  Client client;
  const JsonBlob index{R"({"schemaVersion":2})", sha256(R"({"schemaVersion":2})"), index_type};
  put_manifest(client.session, index, "1.0");
  for (const std::string& reference : {std::string("1.0"), sha256_of(index.text)}) {
    const auto found = get_manifest(client.session, reference);
    REQUIRE(found.has_value());
    CHECK(found->text == index.text);
    CHECK(found->digest == index.digest);
    CHECK(found->media_type == index_type);
  }
  CHECK_FALSE(get_manifest(client.session, "2.0").has_value());
}

TEST_CASE("client: a manifest of another digest or kind is refused") {
  Client client;
  client.world.registry.interfere = [](const HttpRequest& request,
                                       std::size_t) -> std::optional<HttpResponse> {
    if (request.url.path() == "/v2/") return std::nullopt;
    return reply(200, {{"content-type", "text/html"}}, "<html>");
  };
  CHECK_THROWS_WITH_AS(get_manifest(client.session, "1"), doctest::Contains("another kind"), Error);
  try {
    get_manifest(client.session, sha256_of("other"));
    FAIL("taken");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::trust);
  }
}

TEST_CASE("client: a broken download goes on where it broke off, ranges or not") {
  const std::string content = "0123456789abcdefghij";
  for (const bool has_ranges : {true, false}) {
    Client client;
    int answers = 0;
    client.world.registry.interfere = [&](const HttpRequest& request,
                                          std::size_t) -> std::optional<HttpResponse> {
      if (request.url.path() == "/v2/") return std::nullopt;
      ++answers;
      if (answers == 1) {
        request.take(200, as_bytes(content.substr(0, 7)));
        return broken();
      }
      CHECK(request.headers.front() ==
            std::make_pair(std::string("Range"), std::string("bytes=7-")));
      return has_ranges ? reply(206, {}, content.substr(7)) : reply(200, {}, content);
    };
    std::string got;
    get_blob(client.session, sha256(content), 20, [&](ByteView bytes) { got += as_text(bytes); });
    CHECK(got == content);
    CHECK(answers == 2);
  }
}

TEST_CASE("client: a download is bounded, and its digest checked") {
  Client client;
  client.world.registry.blobs["team/base"].insert("twenty octets of blob");
  const auto nothing = [](ByteView) {};
  CHECK_THROWS_WITH_AS(get_blob(client.session, sha256("twenty octets of blob"), 10, nothing),
                       doctest::Contains("more than 10 octets"), Error);
  client.world.registry.interfere = [](const HttpRequest&, std::size_t) {
    return std::optional(reply(200, {}, "something else"));
  };
  try {
    get_blob(client.session, sha256("twenty octets of blob"), 100, nothing);
    FAIL("taken");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::trust);
  }
}

TEST_CASE("client: mounts that are granted, refused, and answered by an upload") {
  Client client;
  client.world.registry.blobs["other"].insert("blob");
  CHECK(mount_blob(client.session, sha256("blob"), "other").mounted);
  CHECK(client.world.registry.blobs["team/base"].contains("blob"));
  const MountAnswer begun = mount_blob(client.session, sha256("none"), "other");
  CHECK_FALSE(begun.mounted);
  REQUIRE(begun.upload.has_value());
  cancel_upload(client.session, *begun.upload);
  CHECK(client.world.registry.uploads.empty());
  client.world.registry.interfere = [](const HttpRequest&, std::size_t) {
    return std::optional(reply(403));
  };
  const MountAnswer refused = mount_blob(client.session, sha256("blob"), "other");
  CHECK_FALSE(refused.mounted);
  CHECK_FALSE(refused.upload.has_value());
}
