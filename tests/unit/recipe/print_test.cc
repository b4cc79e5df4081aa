#include "builder/recipe/print.h"

#include <filesystem>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "apk/support/error.h"
#include "builder/recipe/load.h"
#include "unit/recipe/recipe_text.h"
#include "unit/shared.h"

namespace tarn::builder {
namespace {

namespace fs = std::filesystem;
using test::without_positions;

void check_round_trip(const Recipe& recipe) {
  for (const auto format : {RecipeFormat::yaml, RecipeFormat::json}) {
    const auto text = print_recipe(recipe, format);
    CAPTURE(text);
    const auto again = load_recipe_text(text, recipe.file.string());
    CHECK(without_positions(again) == without_positions(recipe));
    CHECK(print_recipe(again, format) == text);
  }
}

const char* const everything = R"(vars:
  release: v3.22
contents:
  build_repositories:
    - ./packages
  runtime_repositories:
    - https://r
  repositories:
    - "@t https://${release}"
  keyring:
    - a.rsa.pub
  runtime_keyring:
    - name: k.rsa.pub
      content: |
        -----BEGIN PUBLIC KEY-----
        AAAA
        -----END PUBLIC KEY-----
  packages:
    - nginx
    - "!ssl"
entrypoint:
  type: service-bundle
  command: a b
  shell-fragment: "echo \"x\" | cat"
  services:
    s: run
cmd: /bin/sh -l
stop-signal: SIGTERM
work-dir: /srv
accounts:
  run-as: "8983"
  users:
    - username: u
      uid: 16
      gid: 0
      shell: /bin/false
      homedir: /h
  groups:
    - groupname: g
      gid: 5
      members:
        - u
archs:
  - x86_64
environment:
  A: "1.0"
  B: ""
  C: "true"
  D: |-
    two
    lines
  E: " spaces "
  F: "- x: y #z"
  G: "\x1b\t\\"
  H: "grün"
paths:
  - path: /p
    type: symlink
    uid: 1
    gid: 2
    permissions: 0o755
    source: /q
    recursive: true
vcs-url: https://v/x@rev
annotations:
  org.example.a: x
volumes:
  - /data
layering:
  strategy: origin
  budget: 7
certificates:
  additional:
    - name: c
      content: "-----BEGIN CERTIFICATE-----"
  providers:
    - p
labels:
  l: m
author: a
exposed-ports:
  - "80/tcp"
healthcheck:
  shell-fragment: "true || false"
  interval: "90s"
  timeout: "1500ms"
  retries: 3
skeleton: ../skel
files:
  - path: /etc/motd
    content: |
      hello
    mode: 0o644
    uid: 3
    gid: 4
  - path: /etc/empty
    content: ""
  - path: /srv/app
    source: ./app
scripts:
  "*": sandbox
  nginx: skip
compression:
  codec: zstd
  level: 19
apk-database: drop
prune:
  - doc
  - "/usr/share/**"
mirrors:
  https://x:
    - https://y
)";

TEST_CASE("the canonical text is printed as it is read") {
  const auto recipe = load_recipe_text(everything, "dir/r.yaml");
  CHECK(print_recipe(recipe) == everything);
  check_round_trip(recipe);
}

TEST_CASE("an empty recipe has a text") {
  const auto recipe = load_recipe_text("{}", "r.yaml");
  CHECK(print_recipe(recipe) == "{}\n");
  CHECK(print_recipe(recipe, RecipeFormat::json) == "{}\n");
  check_round_trip(recipe);
}

TEST_CASE("texts that look like something else stay texts") {
  for (const auto* text : {"null",
                           "~",
                           "yes",
                           "NO",
                           "1",
                           "0x1",
                           "1e3",
                           ".5",
                           ".inf",
                           "-",
                           "--- a",
                           "...",
                           "# a",
                           "a #b",
                           "a: b",
                           "a:",
                           "[a]",
                           "{a",
                           "*a",
                           "&a",
                           "!a",
                           "|",
                           ">",
                           "%a",
                           "@a",
                           "`a",
                           "'a",
                           "\"a",
                           "a\n",
                           "a\nb",
                           "a\n\n",
                           "\na",
                           " a\nb",
                           "a\n b\n",
                           "a \nb",
                           "a\tb",
                           "a\r\n",
                           "\x01",
                           "a\xc2\x85"
                           "b",
                           "\xe2\x80\xa8",
                           "<<",
                           "=",
                           "2001-01-01",
                           "1:30",
                           "a, b",
                           "?",
                           "? a",
                           "\xef\xbb\xbf",
                           "a\n...\n",
                           "a\n---\nb\n",
                           "a\n#b\n"}) {
    CAPTURE(text);
    Recipe recipe;
    recipe.file = "r.yaml";
    recipe.environment["A"] = text;
    recipe.cmd = text;
    check_round_trip(recipe);
  }
}

TEST_CASE("credentials are not printed") {
  const auto recipe = load_recipe_text(R"(
vars: {m: https://u:secret@v}
contents:
  repositories: ["@t https://u:secret@x/y"]
  build_repositories: [https://u:secret@x/y]
  runtime_repositories: [https://u:secret@x/y]
  keyring: [https://u:secret@x/k.rsa.pub]
vcs-url: https://u:secret@x/y
cmd: curl https://u:secret@x/y
environment: {A: https://u:secret@x/y}
files: [{path: /a, content: "https://u:secret@x/y"}]
mirrors: {https://u:secret@x/y: [https://u:secret@x/y]}
)",
                                       "r.yaml");
  for (const auto format : {RecipeFormat::yaml, RecipeFormat::json}) {
    const auto text = print_recipe(recipe, format);
    CAPTURE(text);
    CHECK(text.find("secret") == std::string::npos);
    CHECK(text.find("https://***@x/y") != std::string::npos);
  }
}

TEST_CASE("real recipes load, and print as themselves") {
  const auto shared = tarn::test::shared_folder();
  if (!shared) return;
  // Those whose include or base image lies elsewhere stop at exactly that.
  const std::map<std::string, std::string> elsewhere = {
      {"chainguard-dev__apko__examples__on_top_of_base__base_image.yaml",
       ":3:5: contents.baseimage: './examples/on_top_of_base/base_image' is not there"},
      {"chainguard-dev__apko__examples__overlay.yaml",
       ":1:10: include: 'examples/alpine-base.yaml' is not there"},
      {"chainguard-dev__apko__pkg__build__types__testdata__overlay__overlay_with_package.apko.yaml",
       ":1:10: include: 'testdata/overlay/overlay.apko.yaml' is not there"}};
  int loaded = 0;
  int stopped = 0;
  for (const auto& entry : fs::directory_iterator(*shared / "corpora" / "apko-yaml")) {
    const auto name = entry.path().filename().string();
    CAPTURE(name);
    if (const auto expected = elsewhere.find(name); expected != elsewhere.end()) {
      ++stopped;
      CHECK_THROWS_WITH_AS(load_recipe(entry.path()),
                           (entry.path().string() + expected->second).c_str(), Error);
      continue;
    }
    ++loaded;
    check_round_trip(load_recipe(entry.path()));
  }
  CHECK(loaded == 36);
  CHECK(stopped == 3);
}

TEST_CASE("the recipes that ship with tarn load, and print as themselves") {
  int count = 0;
  for (const auto& entry : fs::directory_iterator(fs::path(TARN_SOURCE_DIR) / "recipes")) {
    if (entry.path().extension() != ".yaml") continue;
    CAPTURE(entry.path());
    check_round_trip(load_recipe(entry.path()));
    ++count;
  }
  CHECK(count >= 2);
}

}  // namespace
}  // namespace tarn::builder
