#include "apk/model/dependency.h"

#include <doctest/doctest.h>

namespace tarn::apk {
namespace {

constexpr std::string_view an_identity = "Q1EyN5AdpAOBJWKMR89pp/C66o+OE=";
constexpr std::string_view another_identity = "Q1I10uUrAAAAAAAAAAAAAAAAAAAAA=";

bool satisfies(std::string_view dependency, std::string_view version) {
  return Dependency::parse(dependency).value().is_satisfied_by(version, Identity{});
}

}  // namespace

TEST_CASE("dependencies: parts and written form") {
  struct Case {
    std::string_view text;
    Dependency expected;
    std::string_view written;
  };
  for (const auto& row : {
           Case{"musl", {"musl", VersionMatch::any, "", false, "", false}, "musl"},
           {"!musl", {"musl", VersionMatch::any, "", true, "", false}, "!musl"},
           {"a=1.0-r0", {"a", VersionMatch::equal, "1.0-r0", false, "", false}, "a=1.0-r0"},
           {"a<2", {"a", VersionMatch::less, "2", false, "", false}, "a<2"},
           {"a<=2", {"a", VersionMatch::less_or_equal, "2", false, "", false}, "a<=2"},
           {"a>2", {"a", VersionMatch::greater, "2", false, "", false}, "a>2"},
           {"!a>=2", {"a", VersionMatch::greater_or_equal, "2", true, "", false}, "!a>=2"},
           {"a~2.2", {"a", VersionMatch::fuzzy, "2.2", false, "", false}, "a~2.2"},
           {"a=~2.2", {"a", VersionMatch::fuzzy, "2.2", false, "", false}, "a~2.2"},
           {"a~=2.2", {"a", VersionMatch::fuzzy, "2.2", false, "", false}, "a~2.2"},
           {"a<~2", {"a", VersionMatch::less_or_fuzzy, "2", false, "", false}, "a<~2"},
           {"a>~2", {"a", VersionMatch::greater_or_fuzzy, "2", false, "", false}, "a>~2"},
           {"a@edge", {"a", VersionMatch::any, "", false, "edge", false}, "a@edge"},
           {"a@edge>2", {"a", VersionMatch::greater, "2", false, "edge", false}, "a@edge>2"},
           {"so:libc.so.6",
            {"so:libc.so.6", VersionMatch::any, "", false, "", false},
            "so:libc.so.6"},
           {"cmd:[[", {"cmd:[[", VersionMatch::any, "", false, "", false}, "cmd:[["},
           {"/bin/sh", {"/bin/sh", VersionMatch::any, "", false, "", false}, "/bin/sh"},
           {"a=bad", {"a", VersionMatch::equal, "bad", false, "", true}, "a=bad"},
           {"a=", {"a", VersionMatch::equal, "", false, "", true}, "a="},
           {"a><Q1bad", {"a", VersionMatch::identity, "Q1bad", false, "", true}, "a><Q1bad"},
       }) {
    const auto& [text, expected, written] = row;
    CAPTURE(row.text);
    const auto parsed = Dependency::parse(text);
    REQUIRE(parsed);
    CHECK(*parsed == expected);
    CHECK(parsed->str() == written);
  }
}

TEST_CASE("dependencies: what is none") {
  for (const std::string_view text : {"", "!", "=1", "!!a", "a==1", "a=<1", "a<>1", "a===1", "a@",
                                      "a@=1", "a b", "a@x@y", "a|b", "a\n", "kdevelop!", "a@b/c"}) {
    CAPTURE(text);
    CHECK_FALSE(Dependency::parse(text));
  }
}

TEST_CASE("dependencies: what satisfies them") {
  struct Case {
    std::string_view dependency, version;
    bool expected;
  };
  for (const auto& row : {
           Case{"a", "1", true},   {"a", "", true},          {"!a", "1", false},
           {"!a", "", false},      {"a=1", "1", true},       {"a=1", "1-r0", false},
           {"a=1", "", true},      {"!a=1", "", false},      {"!a=1", "2", true},
           {"a<2", "1.9", true},   {"a<2", "2", false},      {"a<=2", "2", true},
           {"a>2", "2", false},    {"a>2", "2.1", true},     {"a>=2", "2", true},
           {"a>=2", "1", false},   {"a~2.2", "2.2.1", true}, {"a~2.2", "2.20", false},
           {"!a~2", "2.5", false}, {"a<~2", "1", true},      {"a<~2", "2.5", true},
           {"a<~2", "3", false},   {"a>~2", "2.5", true},    {"a>~2", "3", true},
           {"a>~2", "1", false},
       }) {
    const auto& [dependency, version, expected] = row;
    CAPTURE(row.dependency);
    CAPTURE(row.version);
    CHECK(satisfies(dependency, version) == expected);
  }
}

TEST_CASE("dependencies: an identity is matched by identity alone") {
  const auto identity = Identity::parse(an_identity).value();
  const auto other = Identity::parse(another_identity).value();
  const auto dependency = Dependency::parse("a><" + std::string(an_identity)).value();
  CHECK_FALSE(dependency.broken);
  CHECK(dependency.is_satisfied_by("1.0", identity));
  CHECK_FALSE(dependency.is_satisfied_by("", other));
  const auto conflict = Dependency::parse("!a><" + std::string(an_identity)).value();
  CHECK_FALSE(conflict.is_satisfied_by("1.0", identity));
  CHECK(conflict.is_satisfied_by("1.0", other));
  CHECK(dependency.str() == "a><" + std::string(an_identity));
}

TEST_CASE("provides: parts and written form") {
  CHECK(Provide::parse("cmd:sh") == Provide{"cmd:sh", ""});
  CHECK(Provide::parse("so:libz.so.1=1.3.1") == Provide{"so:libz.so.1", "1.3.1"});
  CHECK(Provide::parse("pc:x264=0.164.x") == Provide{"pc:x264", "0.164.x"});
  for (const std::string_view text : {"cmd:sh", "so:libz.so.1=1.3.1"})
    CHECK(Provide::parse(text).value().str() == text);
  for (const std::string_view text : {"", "=1", "a>1", "a~1", "a==1", "a=", "a@t", "!a", "a b"})
    CHECK_FALSE(Provide::parse(text));
}

TEST_CASE("words are split at runs of white space") {
  CHECK(split_words("").empty());
  CHECK(split_words(" \n\t ").empty());
  CHECK(split_words(" a  b\nc\t") == std::vector<std::string_view>{"a", "b", "c"});
}

TEST_CASE("package names") {
  for (const std::string_view name : {"a", "0ad", "libstdc++", "py3-x_y", "a.b", ".virtual"})
    CHECK(is_valid_package_name(name));
  for (const std::string_view name :
       {"", "-a", "+a", "_a", "a/b", "a b", "../a", "a:b", "\xc3\xa4"})
    CHECK_FALSE(is_valid_package_name(name));
}

}  // namespace tarn::apk
