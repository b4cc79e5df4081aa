#include "builder/registry/reference.h"

#include <doctest/doctest.h>

#include "apk/support/error.h"

using namespace tarn;
using namespace tarn::builder;

TEST_CASE("reference: completed as container tools do") {
  struct Case {
    std::string text;
    std::string full;
    std::string familiar;
  };
  const Case cases[] = {
      {"base", "docker.io/library/base:latest", "base:latest"},
      {"base:1.2", "docker.io/library/base:1.2", "base:1.2"},
      {"base:V1_x-y.z", "docker.io/library/base:V1_x-y.z", "base:V1_x-y.z"},
      {"team/base", "docker.io/team/base:latest", "team/base:latest"},
      {"library/base:2", "docker.io/library/base:2", "base:2"},
      {"docker.io/base", "docker.io/library/base:latest", "base:latest"},
      {"docker.io/library/base:latest", "docker.io/library/base:latest", "base:latest"},
      {"docker.io/library/a/b", "docker.io/library/a/b:latest", "library/a/b:latest"},
      {"index.docker.io/team/base", "docker.io/team/base:latest", "team/base:latest"},
      {"localhost/base", "localhost/base:latest", "localhost/base:latest"},
      {"localhost:5000/a/b/c:x", "localhost:5000/a/b/c:x", "localhost:5000/a/b/c:x"},
      {"127.0.0.1:5000/base", "127.0.0.1:5000/base:latest", "127.0.0.1:5000/base:latest"},
      {"[::1]:5000/base:1", "[::1]:5000/base:1", "[::1]:5000/base:1"},
      {"[fe80::1]/base", "[fe80::1]/base:latest", "[fe80::1]/base:latest"},
      {"GHCR.io/team/base", "GHCR.io/team/base:latest", "GHCR.io/team/base:latest"},
      {"my-registry.example.org/x", "my-registry.example.org/x:latest",
       "my-registry.example.org/x:latest"},
      {"a.b_c__d-e---f/x", "docker.io/a.b_c__d-e---f/x:latest", ""},
      {"base:5000", "docker.io/library/base:5000", "base:5000"},
  };
  for (const Case& item : cases) {
    if (item.familiar.empty()) continue;
    CAPTURE(item.text);
    const Reference reference = Reference::parse(item.text);
    CHECK(reference.full() == item.full);
    CHECK(reference.familiar() == item.familiar);
    CHECK(Reference::parse(item.full) == reference);
    CHECK(Reference::parse(item.familiar) == reference);
  }
  // A first part with a '.' is a registry's name; this one cannot be.
  CHECK_THROWS_AS(Reference::parse("a.b_c__d-e---f/x"), Error);
  CHECK(Reference::parse("team/b.c_d__e-f---g").path == "team/b.c_d__e-f---g");
}

TEST_CASE("reference: what is none is refused with its fault") {
  struct Case {
    std::string text;
    const char* fault;
  };
  const Case cases[] = {
      {"", "empty"},
      {"Base", "upper-case"},
      {"team/Base:1", "upper-case"},
      {"base:", "nothing follows"},
      {"base:-x", "does not begin"},
      {"base:.x", "does not begin"},
      {"base:a b", "a tag is made of"},
      {"base:" + std::string(129, 'x'), "longer than 128"},
      {"base@sha256:0123", "digest"},
      {"/base", "part of the name is empty"},
      {"team//base", "part of the name is empty"},
      {"team/", "part of the name is empty"},
      {"-base", "begins or ends"},
      {"base_", "begins or ends"},
      {"a..b", "cannot stand"},
      {"a___b", "cannot stand"},
      {"a._b", "cannot stand"},
      {"a b", "is made of"},
      {"base\n", "is made of"},
      {"b\xc3\xa9", "is made of"},
      {"host:port/base", "port"},
      {"host:/base", "port"},
      {"host.:1/base", "host name"},
      {".host/base", "host name"},
      {"ho_st.org/base", "host name"},
      {"host-:1/base", "host name"},
      {"[::z]:1/base", "IPv6"},
      {"[]/base:1", "is made of"},
      {std::string(250, 'a'), "longer than 255"},
  };
  for (const Case& item : cases) {
    CAPTURE(item.text);
    try {
      Reference::parse(item.text);
      FAIL("not refused");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::usage);
      CHECK_MESSAGE(error.message().find(item.fault) != std::string::npos, error.message());
    }
  }
}

TEST_CASE("reference: of an image to be read, by tag or digest") {
  const std::string digest = "sha256:" + std::string(64, 'a');
  CHECK(SourceReference::parse("base").manifest() == "latest");
  CHECK(SourceReference::parse("base:1").manifest() == "1");
  CHECK(SourceReference::parse("base@" + digest).manifest() == digest);
  const auto both = SourceReference::parse("localhost:5000/a/b:1@" + digest);
  CHECK(both.name.full() == "localhost:5000/a/b:1");
  CHECK(both.manifest() == digest);
  for (const std::string& wrong :
       {std::string("base@"), std::string("base@sha256:aa"), "@" + digest, "base@" + digest + "a",
        "base@sha256:" + std::string(64, 'A'), "base@sha512:" + std::string(64, 'a'),
        "base@" + digest + "@" + digest})
    CHECK_THROWS_AS_MESSAGE(SourceReference::parse(wrong), Error, wrong);
}
