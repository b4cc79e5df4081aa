#include <string>

#include <doctest/doctest.h>

#include "apk/support/error.h"
#include "builder/recipe/load.h"

namespace tarn::builder {
namespace {

struct WrongRecipe {
  const char* text;
  const char* message;  ///< after "r.yaml:"
  const char* hint;     ///< nullptr: not looked at
};

const WrongRecipe wrong_recipes[] = {
    // Syntax.
    {"", "1:1: the recipe is empty", nullptr},
    {"# nothing\n---\n", "1:1: the recipe is empty", nullptr},
    {"just text", "1:1: a recipe: expected a mapping, found 'just text'", nullptr},
    {"- a\n", "1:1: a recipe: expected a mapping, found a list", nullptr},
    {"cmd: [a\n", "2:1: end of sequence flow not found", nullptr},
    {",a\n", "1:1: no value may begin like this", nullptr},
    {"]", "1:1: illegal flow end", nullptr},
    {"cmd: a: b\n", "1:7: illegal map value", nullptr},
    {"work-dir: /\ncmd: \"a\n", "2:6: a quoted text is never closed", nullptr},
    {"cmd: 'it''s\n", "1:6: a quoted text is never closed", nullptr},
    {"cmd: *nobody\n", "1:6: the referenced anchor is not defined", nullptr},
    {"paths: &a [*a]\n", "1:12: an alias inside of what it stands for", nullptr},
    {"cmd: !env HOME\n", "1:6: unknown tag '!env'",
     "a recipe is plain data: texts, numbers, lists and mappings"},
    {"cmd: \"a\\0b\"\n", "1:6: a NUL character", nullptr},
    {"cmd: \xff\n", "1:6: not UTF-8", nullptr},
    {"cmd: a\n---\ncmd: b\n", "3:1: a second document",
     "a recipe is one document; several images from one recipe are 'variants'"},
    {"? [a]\n: b\n", "1:3: a key must be a text, found a list", nullptr},
    {"cmd: a\nwork-dir: /\ncmd: b\n", "3:1: key 'cmd' is given twice", nullptr},
    {"contents:\n  packages: [a]\n  packages: [b]\n", "3:3: key 'packages' is given twice",
     nullptr},
    {"<<: [a]\n", "1:1: '<<' merges mappings, found 'a'", nullptr},
    // Keys.
    {"entrypont:\n  command: a\n", "1:1: unknown key 'entrypont'", "did you mean 'entrypoint'?"},
    {"stop_signal: TERM\n", "1:1: unknown key 'stop_signal'", "did you mean 'stop-signal'?"},
    {"contents:\n  package: [a]\n", "2:3: unknown key 'package'", "did you mean 'packages'?"},
    {"packages: [a]\n", "1:1: unknown key 'packages'", "'packages' stands under 'contents'"},
    {"layering: {zzzzzz: 1}\n", "1:12: unknown key 'zzzzzz'",
     "known keys of layering: strategy, budget"},
    {"cmd: a\nfoo\x1b: b\n", "2:1: unknown key 'foo\\x1b'", nullptr},
    {"\"\\e[1m\": b\n", "1:1: unknown key '\\x1b[1m'", nullptr},
    {"variants:\n  a: {include: b.yaml}\n", "2:7: unknown key 'include'", nullptr},
    {"exposed-ports: [0]\n", "1:17: exposed-ports: not a port: '0'",
     "1 to 65535, with '/tcp', '/udp' or '/sctp' behind it, or nothing for tcp"},
    {"exposed-ports: [80/icmp]\n", "1:17: exposed-ports: not a port: '80/icmp'", nullptr},
    {"exposed-ports: [65536]\n", "1:17: exposed-ports: not a port: '65536'", nullptr},
    {"healthcheck: {interval: 1s}\n", "1:14: healthcheck: needs 'command' or 'shell-fragment'",
     "one of the two; 'healthcheck: none' turns off a check from elsewhere"},
    {"healthcheck: {command: a, interval: 1}\n", "1:37: healthcheck.interval: not a time: '1'",
     "whole numbers with units: 30s, 1m30s, 500ms"},
    {"healthcheck: {command: a, timeout: 0s}\n", "1:36: healthcheck.timeout: not a time: '0s'",
     nullptr},
    {"healthcheck: off\n", "1:14: healthcheck: unknown value 'off'", nullptr},
    // Types.
    {"contents:\n  packages: nginx\n", "2:13: contents.packages: expected a list, found 'nginx'",
     "a list of one is written as '- VALUE' or '[VALUE]'"},
    {"contents: [a]\n", "1:11: contents: expected a mapping, found a list", nullptr},
    {"cmd: [a, b]\n", "1:6: cmd: expected a text, found a list", nullptr},
    {"environment: {A: [1]}\n", "1:18: environment.A: expected a text, found a list", nullptr},
    {"accounts:\n  users:\n    - {username: a, uid: one}\n",
     "3:26: accounts.users.uid: expected a whole number, found 'one'", nullptr},
    {"accounts:\n  users:\n    - {username: a, uid: \"1\"}\n",
     "3:26: accounts.users.uid: expected a whole number, found '1'",
     "a number is written without quotes"},
    {"accounts: {groups: [{groupname: a, gid: 09}]}\n",
     "1:41: accounts.groups.gid: expected a whole number, found '09'", nullptr},
    {"accounts: {groups: [{groupname: a, gid: -1}]}\n",
     "1:41: accounts.groups.gid: -1 is out of range", nullptr},
    {"accounts: {groups: [{groupname: a, gid: 4294967295}]}\n",
     "1:41: accounts.groups.gid: 4294967295 is out of range", nullptr},
    {"accounts: {groups: [{groupname: a, gid: 99999999999999999999999}]}\n",
     "1:41: accounts.groups.gid: 99999999999999999999999 is out of range", nullptr},
    {"paths:\n  - {path: /a, type: directory, recursive: maybe}\n",
     "2:44: paths.recursive: expected true or false, found 'maybe'", nullptr},
    {"paths:\n  - {path: /a, type: directory, permissions: 0o10000}\n",
     "2:46: paths.permissions: 0o10000 is out of range",
     "permissions are octal: 0o755, at most 0o7777"},
    {"paths:\n  - {path: /a, type: directory, permissions: rwx}\n",
     "2:46: paths.permissions: expected a whole number, found 'rwx'",
     "permissions are octal: 0o755, at most 0o7777"},
    // Values.
    {"contents:\n  packages:\n    - a\n    -\n", "5:1: contents.packages: an empty item", nullptr},
    {"contents:\n  packages: [a, \"\"]\n", "2:17: contents.packages: an empty item", nullptr},
    {"contents:\n  packages: [a b]\n", "2:14: contents.packages: not a package: 'a b'", nullptr},
    {"contents:\n  packages: [a=b-r]\n", "2:14: contents.packages: not a version: 'b-r'", nullptr},
    {"contents:\n  runtime_keyring: [{name: ../a, content: x}]\n",
     "2:28: contents.runtime_keyring.name: not a file name: '../a'", nullptr},
    {"contents:\n  runtime_keyring: [{name: a.rsa.pub, content: x}]\n",
     "2:48: contents.runtime_keyring.content: no public key in PEM", nullptr},
    {"contents: {baseimage: {apkindex: x}}\n", "1:23: contents.baseimage: 'image' is missing",
     nullptr},
    {"contents: {baseimage: {image: x}}\n", "1:23: contents.baseimage: 'x' is not there", nullptr},
    {"contents: {baseimage: {image: x, apkindex: y}}\n",
     "1:23: contents.baseimage: 'x' is not there", nullptr},
    {"archs: [amd65]\n", "1:9: archs: unknown architecture 'amd65'", nullptr},
    {"archs: [x86_65]\n", "1:9: archs: unknown architecture 'x86_65'", "did you mean 'x86_64'?"},
    {"entrypoint: {type: bundle}\n", "1:20: entrypoint.type: unknown value 'bundle'", nullptr},
    {"entrypoint: {services: {a/b: c}}\n", "1:24: entrypoint.services: not a file name: 'a/b'",
     nullptr},
    {"environment: {A=B: c}\n", "1:15: environment: not a name: 'A=B'", nullptr},
    {"annotations: {\"\": c}\n", "1:15: annotations: not a name: ''", nullptr},
    {"accounts:\n  users:\n    - {username: root, uid: 0}\n",
     "3:29: accounts.users: user 'root' has uid 0", "to run as root write 'run-as: 0'"},
    {"accounts:\n  users:\n    - {username: a}\n", "3:7: accounts.users: user 'a' has no uid",
     nullptr},
    {"accounts:\n  users:\n    - {uid: 1}\n", "3:7: accounts.users: 'username' is missing",
     nullptr},
    {"accounts: {groups: [{gid: 1}]}\n", "1:21: accounts.groups: 'groupname' is missing", nullptr},
    {"accounts: {groups: [{groupname: 'a:b'}]}\n",
     "1:33: accounts.groups.groupname: not a name: 'a:b'", nullptr},
    {"accounts: {groups: [{groupname: a, members: [\"b\\nroot\"]}]}\n",
     "1:46: accounts.groups.members: not a name: 'b\\nroot'", nullptr},
    {"accounts: {users: [{username: a, uid: 1, shell: \"/bin/sh:\"}]}\n",
     "1:49: accounts.users.shell: ':' and control characters cannot stand here: '/bin/sh:'",
     nullptr},
    {"paths: [{path: /a, type: file}]\n", "1:26: paths.type: unknown value 'file'", nullptr},
    {"paths: [{path: /a, type: symlnk}]\n", "1:26: paths.type: unknown value 'symlnk'",
     "did you mean 'symlink'?"},
    {"paths: [{path: /a}]\n", "1:9: paths: 'type' is missing", nullptr},
    {"paths: [{path: /a, type: symlink}]\n", "1:9: paths: 'source' is missing", nullptr},
    {"files: [{path: a, content: b}]\n", "1:16: files.path: not an absolute path: 'a'", nullptr},
    {"files: [{path: /../a, content: b}]\n", "1:16: files.path: not an absolute path: '/../a'",
     nullptr},
    {"files: [{path: /a}]\n", "1:9: files: '/a' has no 'content' and no 'source'", nullptr},
    {"files: [{path: /a, content: b, source: c}]\n",
     "1:9: files: '/a' has both 'content' and 'source'", nullptr},
    {"scripts: no\n", "1:10: scripts: unknown value 'no'",
     "known values: auto, strict, native, sandbox, skip"},
    {"scripts: {nginx: skp}\n", "1:18: scripts.nginx: unknown value 'skp'", "did you mean 'skip'?"},
    {"scripts: {a b: skip}\n", "1:11: scripts: not a package name: 'a b'", nullptr},
    {"compression: {codec: xz}\n", "1:22: compression.codec: unknown value 'xz'", nullptr},
    {"compression: {level: 13}\n", "1:22: compression.level: 13 is out of range", nullptr},
    {"compression: {codec: zstd, level: 20}\n", "1:35: compression.level: 20 is out of range",
     nullptr},
    {"compression: {codec: none, level: 1}\n", "1:35: compression.level: codec 'none' has no level",
     nullptr},
    {"apk-database: remove\n", "1:15: apk-database: unknown value 'remove'",
     "known values: keep, drop"},
    {"skeleton: ba se\n", "1:11: skeleton: not a name: 'ba se'", nullptr},
    {"prune: ['*.pyc']\n", "1:9: prune: neither a named set nor a glob from '/' on: '*.pyc'",
     nullptr},
    {"vars: {a-b: c}\n", "1:8: vars: not a variable name: 'a-b'", nullptr},
    {"mirrors: {'ftp://a': [b]}\n", "1:11: mirrors: not a URL: 'ftp://a'", nullptr},
    {"variants: {a/b: {}}\n", "1:12: variants: not a name: 'a/b'", nullptr},
    {"variants: {a: {archs: [b]}}\n", "1:24: archs: unknown architecture 'b'", nullptr},
    {"layering: {strategy: size}\n", "1:22: layering.strategy: unknown value 'size'", nullptr},
    {"layering: {budget: 3}\n", "1:11: layering: 'strategy' is missing", nullptr},
    {"format: tar\nlayering: {strategy: origin, budget: 3}\n",
     "1:9: 'format' and 'layering' exclude each other", nullptr},
    {"certificates: {additional: [{name: .a, content: b}]}\n",
     "1:36: certificates.additional.name: not a name for a certificate: '.a'", nullptr},
    {"certificates: {additional: [{name: a, content: b}]}\n",
     "1:48: certificates.additional.content: no certificate in PEM", nullptr},
    // Includes.
    {"include: other.yaml\n", "1:10: include: 'other.yaml' is not there", nullptr},
    {"include: github.com/chainguard-dev/apko/examples/base.yaml@main\n",
     "1:10: include: 'github.com/chainguard-dev/apko/examples/base.yaml@main' names a git "
     "repository elsewhere",
     "an include is a local path, or an https URL with a pinned digest"},
    {"include: http://h/a.yaml\n",
     "1:10: include: 'http://h/a.yaml' is neither a local path nor https", nullptr},
    {"include: https://u:secret@h/a.yaml\n",
     "1:10: include: no digest is pinned for 'https://***@h/a.yaml'", nullptr},
    {"include: https://h/a.yaml#sha256=12\n",
     "1:10: include: not a SHA-256 digest in 'https://h/a.yaml#sha256=12'", nullptr},
};

Error error_of(const std::string& text, const LoadOptions& options = {}) {
  try {
    load_recipe_text(text, "r.yaml", options);
  } catch (const Error& error) {
    return error;
  }
  return {ErrorKind::failed, "the recipe loaded"};
}

TEST_CASE("what is wrong with a recipe is said with its place") {
  for (const auto& wrong : wrong_recipes) {
    CAPTURE(wrong.text);
    const auto error = error_of(wrong.text);
    CHECK(error.kind() == ErrorKind::usage);
    CHECK(error.message() == std::string("r.yaml:") + wrong.message);
    if (wrong.hint != nullptr) CHECK(error.hint() == wrong.hint);
  }
}

TEST_CASE("a key given twice is shown in both places") {
  const auto error = error_of("cmd: a\nwork-dir: /\ncmd: b\n");
  REQUIRE(error.details().size() == 1);
  CHECK(error.details()[0].first == "first given at");
  CHECK(error.details()[0].second == "r.yaml:1:1");
}

TEST_CASE("a number out of range is told the range") {
  const auto error = error_of("compression: {codec: zstd, level: 0}\n");
  REQUIRE(error.details().size() == 1);
  CHECK(error.details()[0].second == "1 to 19");
}

TEST_CASE("aliases cannot blow a recipe up") {
  std::string bomb = "vars:\n  a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    const auto before = "*a" + std::to_string(i - 1);
    bomb += "  a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 9; ++j) bomb += before + ", ";
    bomb += before + "]\n";
  }
  CHECK(error_of(bomb).message().ends_with("the recipe is too large"));
  const auto text = "vars:\n  a: &a " + std::string(1 << 20U, 'x') + "\n  b: [" + [] {
    std::string aliases;
    for (int i = 0; i < 1000; ++i) aliases += "*a, ";
    return aliases;
  }() + "*a]\n";
  CHECK(error_of(text).message().ends_with("the recipe is too large"));
}

TEST_CASE("depth and size are bounded") {
  CHECK(error_of("cmd: " + std::string(1000, '[')).message().find("nested deeper than 64 levels") !=
        std::string::npos);
  CHECK(error_of("a: " + std::string(5U << 20U, 'x')).message() ==
        "r.yaml holds more than 4194304 octets");
}

TEST_CASE("a variable that no repository uses is refused") {
  LoadOptions options;
  options.vars["relase"] = "v3.22";
  const auto error = error_of("vars: {release: v3.21}\n", options);
  CHECK(error.message() == "r.yaml uses no variable 'relase'");
  CHECK(error.hint() == "did you mean 'release'?");
}

TEST_CASE("a recipe that is not there") {
  CHECK_THROWS_WITH_AS(load_recipe("/nowhere/r.yaml"), "there is no recipe at '/nowhere/r.yaml'",
                       Error);
  CHECK_THROWS_WITH_AS(load_recipe("/"), "'/' is no file", Error);
}

}  // namespace
}  // namespace tarn::builder
