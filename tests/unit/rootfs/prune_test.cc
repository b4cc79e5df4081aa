#include "builder/rootfs/prune.h"

#include <doctest/doctest.h>

#include "unit/rootfs/recipe_rootfs.h"

namespace tarn::builder {
namespace {

using test::at_line;
using test::error_of;

Rootfs sample() {
  Rootfs rootfs;
  for (const std::string path :
       {"usr/share/doc/a/README", "usr/share/man/man1/a.1.gz", "usr/share/locale/de/a.mo",
        "usr/share/licenses/a", "usr/local/share/man/man1/b.1", "usr/share/info/dir",
        "usr/lib/python3/__pycache__/a.pyc", "usr/lib/python3/a.py", "usr/lib/python3/b.pyc",
        "srv/data/x.h", "srv/data/deep/y.h", "srv/data/y.c"})
    rootfs.write_file(path, "12345", Owner{0});
  test::put_symlink(rootfs, "data", "srv/data");
  return rootfs;
}

std::vector<Located> items(const std::vector<std::string>& texts) {
  std::vector<Located> all;
  for (const auto& text : texts) all.push_back({text, at_line(6)});
  return all;
}

bool has(const Rootfs& rootfs, std::string_view path) {
  return rootfs.find(path) != nullptr;
}

}  // namespace

TEST_CASE("prune: the named sets") {
  Rootfs rootfs = sample();
  const auto pruned = prune(rootfs, items({"doc", "man", "locale", "pyc"}));
  for (const std::string_view path :
       {"usr/share/doc", "usr/share/man", "usr/share/locale", "usr/local/share/man",
        "usr/share/info", "usr/lib/python3/__pycache__", "usr/lib/python3/b.pyc"})
    CHECK_FALSE(has(rootfs, path));
  for (const std::string_view path :
       {"usr/share/licenses/a", "usr/local/share", "usr/lib/python3/a.py", "srv/data/x.h"})
    CHECK(has(rootfs, path));
  CHECK(pruned.bytes == 35);
  CHECK(pruned.entries == 17);
  CHECK(pruned.without_match.empty());
}

TEST_CASE("prune: what would go is named, and nothing is removed") {
  const Rootfs rootfs = sample();
  const auto paths = [&](const std::string& pattern) {
    return prunable_paths(rootfs, {pattern, at_line(6)});
  };
  CHECK(paths("pyc") ==
        std::vector<std::string>{"usr/lib/python3/__pycache__", "usr/lib/python3/b.pyc"});
  CHECK(paths("man") == std::vector<std::string>{"usr/local/share/man", "usr/share/man"});
  CHECK(paths("/data/*.h") == std::vector<std::string>{});
  CHECK(paths("/data/x.h") == std::vector<std::string>{"srv/data/x.h"});
  CHECK(paths("/none").empty());
  CHECK(has(rootfs, "usr/lib/python3/b.pyc"));
  for (const PruneSet& set : prune_sets()) CHECK_FALSE(paths(set.name).empty());
}

TEST_CASE("prune: globs") {
  struct Case {
    std::string glob;
    std::vector<std::string> gone, kept;
  };
  for (const auto& row : std::vector<Case>{
           {"/srv/data/*.h", {"srv/data/x.h"}, {"srv/data/deep/y.h", "srv/data/y.c"}},
           {"/srv/**/*.h", {"srv/data/x.h", "srv/data/deep/y.h"}, {"srv/data/deep"}},
           {"/**/?.h", {"srv/data/x.h", "srv/data/deep/y.h"}, {"srv/data/y.c"}},
           {"/srv/data", {"srv/data"}, {"srv", "data"}},
           {"/srv/data/", {"srv/data"}, {"srv"}},
           {"/srv/data/**", {"srv/data/x.h", "srv/data/deep"}, {"srv/data"}},
           {"/data/x.h", {"srv/data/x.h"}, {"data"}},
           {"/data", {"data"}, {"srv/data/x.h"}},
           {"/s*/d*/deep", {"srv/data/deep"}, {"srv/data/x.h"}},
       }) {
    CAPTURE(row.glob);
    Rootfs rootfs = sample();
    CHECK(prune(rootfs, items({row.glob})).without_match.empty());
    for (const auto& path : row.gone) CHECK_FALSE(has(rootfs, path));
    for (const auto& path : row.kept) CHECK(has(rootfs, path));
  }
}

TEST_CASE("prune: matching") {
  struct Case {
    std::string_view glob, path;
    bool expected;
  };
  for (const auto& row : {
           Case{"/a", "a", true},
           {"/a", "a/b", false},
           {"/*", "a", true},
           {"/*", "a/b", false},
           {"/a*c", "abbbc", true},
           {"/a*b*c", "aXbXbXc", true},
           {"/a*c", "a/c", false},
           {"/a?c", "abc", true},
           {"/a?c", "ac", false},
           {"/**/c", "c", true},
           {"/**/c", "a/b/c", true},
           {"/a/**/c", "a/c", true},
           {"/a/**/b/**/c", "a/x/b/y/z/c", true},
           {"/a/**/c", "b/a/c", false},
           {"/a/**", "a", false},
           {"/a/**", "a/b/c", true},
           {"/a**c", "abc", true},
           {"/[a]", "a", false},
           {"/*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
       }) {
    CAPTURE(row.glob);
    CAPTURE(row.path);
    CHECK(matches_glob(row.glob, row.path) == row.expected);
  }
}

TEST_CASE("prune: hard links count once, globs without a match are told") {
  Rootfs rootfs;
  rootfs.write_file("a/x", "12345", Owner{0});
  rootfs.put("a/y", *rootfs.find("a/x"));
  const auto pruned = prune(rootfs, items({"/a/*", "/none", "doc"}));
  CHECK(pruned.entries == 2);
  CHECK(pruned.bytes == 5);
  REQUIRE(pruned.without_match.size() == 1);
  CHECK(pruned.without_match[0].text == "/none");
}

TEST_CASE("prune: errors come before anything is removed") {
  for (const std::string text : {"docs", "", "usr/share", "/", "//", "/**", "/**/**"}) {
    CAPTURE(text);
    Rootfs rootfs = sample();
    const auto error = error_of([&] { prune(rootfs, items({"doc", text})); });
    CHECK(error.kind() == ErrorKind::usage);
    CHECK(error.message().starts_with("recipe.yaml:6:3: prune: "));
    CHECK(has(rootfs, "usr/share/doc"));
  }
  Rootfs rootfs;
  CHECK(error_of([&] { prune(rootfs, items({"docs"})); }).details().at(0).second ==
        "doc, man, locale, pyc");
}

}  // namespace tarn::builder
