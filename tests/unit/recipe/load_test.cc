#include "builder/recipe/load.h"

#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "apk/support/error.h"
#include "apk/support/file.h"
#include "apk/support/hash.h"
#include "builder/recipe/repositories.h"

namespace tarn::builder {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> texts(const std::vector<Located>& items) {
  std::vector<std::string> result;
  for (const auto& item : items) result.push_back(item.text);
  return result;
}

using Texts = std::vector<std::string>;

/// A folder with recipes in it.
class Folder {
 public:
  Folder() : folder_(fs::temp_directory_path() / "tarn-recipe-") {}
  fs::path path(const std::string& name) const { return folder_.path() / name; }
  void write(const std::string& name, const std::string& text) const {
    fs::create_directories(path(name).parent_path());
    write_file(path(name), text);
  }

 private:
  TemporaryDirectory folder_;
};

Error error_of(const fs::path& file, const LoadOptions& options = {}) {
  try {
    load_recipe(file, options);
  } catch (const Error& error) {
    return error;
  }
  return {ErrorKind::failed, "the recipe loaded"};
}

TEST_CASE("every key reaches its field") {
  const auto recipe = load_recipe_text(R"(
contents:
  build_repositories: [https://b]
  runtime_repositories: [https://r]
  repositories: ["@t https://x"]
  keyring: [keys/a.rsa.pub]
  runtime_keyring:
    - name: k@x.rsa.pub
      content: "-----BEGIN PUBLIC KEY-----\n"
  packages: [nginx, php=8.2.1-r0@t, "!ssl", "curl>8"]
entrypoint: {type: service-bundle, command: a b, shell-fragment: echo, services: {s: run}}
cmd: -l
stop-signal: SIGTERM
work-dir: /srv
accounts:
  run-as: 0b101
  users: [{username: u, uid: 0x10, gid: 1_000, shell: /bin/false, homedir: /h}]
  groups: [{groupname: g, gid: 0755, members: [u]}]
archs: [amd64, arm/v7]
environment: {A: 1.0, B: , C: true}
paths:
  - {path: /p, type: symlink, source: /q, uid: 1, gid: 2, permissions: 0o755, recursive: yes}
vcs-url: https://v/x@rev
annotations: {org.example.a: x}
volumes: [/data]
layering: {strategy: origin, budget: 7}
certificates: {additional: [{name: c, content: "-----BEGIN CERTIFICATE-----"}], providers: [p]}
vars: {release: v3.22}
skeleton: base
files: [{path: /etc/motd, content: "hello\n", mode: 0o644, uid: 3, gid: 4}]
scripts: {"*": sandbox, nginx: skip}
compression: {codec: zstd, level: 19}
apk-database: drop
prune: [doc, /usr/share/**]
mirrors: {https://x: [https://y, https://z]}
labels: {org.example.l: y}
author: The Team
exposed-ports: [80, 0443/tcp, 53/udp]
healthcheck: {command: wget -q localhost, interval: 1m30s, timeout: 500ms, start-period: 1h, retries: 3}
)",
                                       "dir/r.yaml");
  CHECK(recipe.file == "dir/r.yaml");
  CHECK(texts(recipe.contents.build_repositories) == Texts{"https://b"});
  CHECK(texts(recipe.contents.runtime_repositories) == Texts{"https://r"});
  CHECK(texts(recipe.contents.repositories) == Texts{"@t https://x"});
  CHECK(texts(recipe.contents.keyring) == Texts{"keys/a.rsa.pub"});
  CHECK(recipe.contents.runtime_keyring.at(0).name == "k@x.rsa.pub");
  CHECK(texts(recipe.contents.packages) == Texts{"nginx", "php@t=8.2.1-r0", "!ssl", "curl>8"});
  CHECK(recipe.contents.packages[1].position.str() == "dir/r.yaml:10:21");
  CHECK(recipe.entrypoint == Entrypoint{"service-bundle", "a b", "echo", {{"s", "run"}}});
  CHECK(recipe.cmd == "-l");
  CHECK(recipe.stop_signal == "SIGTERM");
  CHECK(recipe.work_dir == "/srv");
  CHECK(recipe.accounts.run_as == "0b101");
  CHECK(recipe.accounts.users.at(0) ==
        User{"u", 16, 1000, "/bin/false", "/h", {"dir/r.yaml", 17, 11}});
  CHECK(recipe.accounts.groups.at(0) == Group{"g", 0755, {"u"}, {"dir/r.yaml", 18, 12}});
  CHECK(texts(recipe.archs) == Texts{"amd64", "arm/v7"});
  CHECK(recipe.environment ==
        std::map<std::string, std::string>{{"A", "1.0"}, {"B", ""}, {"C", "true"}});
  CHECK(recipe.paths.at(0) ==
        PathEntry{"/p", PathType::symlink, 1, 2, 0755, "/q", true, {"dir/r.yaml", 22, 5}});
  CHECK(recipe.vcs_url == "https://v/x@rev");
  CHECK(recipe.annotations.at("org.example.a") == "x");
  CHECK(recipe.volumes == Texts{"/data"});
  CHECK(recipe.layering->budget == 7);
  CHECK(recipe.certificates.additional.at(0).name == "c");
  CHECK(recipe.certificates.providers == Texts{"p"});
  CHECK(recipe.vars.at("release") == "v3.22");
  CHECK(recipe.skeleton == "base");
  CHECK(recipe.files.at(0) ==
        FileEntry{"/etc/motd", "hello\n", std::nullopt, 0644, 3, 4, {"dir/r.yaml", 30, 9}});
  CHECK(recipe.scripts.of("nginx") == ScriptPolicy::skip);
  CHECK(recipe.scripts.of("other") == ScriptPolicy::sandbox);
  CHECK(recipe.compression == Compression{Codec::zstd, 19});
  CHECK(recipe.apk_database == ApkDatabase::drop);
  CHECK(texts(recipe.prune) == Texts{"doc", "/usr/share/**"});
  CHECK(recipe.mirrors.at("https://x") == Texts{"https://y", "https://z"});
  CHECK(recipe.labels.at("org.example.l") == "y");
  CHECK(recipe.author == "The Team");
  CHECK(recipe.exposed_ports == Texts{"80/tcp", "443/tcp", "53/udp"});
  using namespace std::chrono_literals;
  CHECK(recipe.healthcheck ==
        Healthcheck{Healthcheck::Kind::command, "wget -q localhost", 90s, 500ms, 1h, 3});
}

TEST_CASE("what is absent has its default") {
  const auto recipe = load_recipe_text("contents:\narchs:\nlayering: {}\nformat: \"\"\n", "r.yaml");
  Recipe expected;
  expected.file = "r.yaml";
  CHECK(recipe == expected);
  CHECK(load_recipe_text("scripts: {a: skip}\n", "r").scripts.policy == ScriptPolicy::automatic);
  CHECK(load_recipe_text("format: erofs\n", "r").format->text == "erofs");
}

TEST_CASE("anchors, merge keys, comments and document marks are YAML's") {
  const auto recipe = load_recipe_text(
      "\xef\xbb\xbf# comment\n---\nenvironment: &e {A: a, B: b}\nannotations:\n  B: own\n"
      "  <<: *e\n...\n---\n",
      "r.yaml");
  CHECK(recipe.annotations == std::map<std::string, std::string>{{"A", "a"}, {"B", "own"}});
  const auto list = load_recipe_text(
      "environment: &e {A: a}\nvars: &f {A: x, C: c}\nannotations: {<<: [*e, *f]}\n", "r");
  CHECK(list.annotations == std::map<std::string, std::string>{{"A", "a"}, {"C", "c"}});
}

TEST_CASE("an include lies beneath the recipe that includes it") {
  const Folder folder;
  folder.write("common/base.yaml", R"(
contents:
  repositories: [https://a, ./packages, "@local sub/dir main"]
  build_repositories: [../outside, "${mirror}/x"]
  runtime_repositories: [/in/image]
  keyring: [base.rsa.pub, https://k/k.rsa.pub, /abs.rsa.pub]
  packages: [base]
entrypoint: {command: low, shell-fragment: low}
cmd: low
work-dir: /low
archs: [x86_64, aarch64]
accounts: {run-as: low, users: [{username: low, uid: 1}]}
environment: {A: low, B: low}
volumes: [/low]
labels: {l: low, m: low}
exposed-ports: [80]
healthcheck: {shell-fragment: low}
paths: [{path: /low, type: directory}]
files: [{path: /low, source: ./app}]
skeleton: ./skel
scripts: skip
compression: {codec: zstd, level: 3}
apk-database: drop
vars: {mirror: low}
variants: {v: {cmd: low}, w: {cmd: low}}
)");
  folder.write("main/r.yaml", R"(
include: ../common/base.yaml
contents:
  repositories: [https://b]
  packages: [top]
entrypoint: {command: high}
cmd: high
archs: [armv7]
accounts: {users: [{username: high, uid: 2}]}
environment: {B: high, C: high}
volumes: [/high]
labels: {l: high}
exposed-ports: [443]
healthcheck: none
paths: [{path: /high, type: directory}]
scripts: {nginx: native}
compression: {codec: gzip}
variants: {v: {work-dir: /high, scripts: auto}}
)");
  const auto recipe = load_recipe(folder.path("main/r.yaml"));
  CHECK(texts(recipe.contents.repositories) ==
        Texts{"https://a", "../common/packages", "@local ../common/sub/dir main", "https://b"});
  CHECK(texts(recipe.contents.build_repositories) == Texts{"../outside", "${mirror}/x"});
  CHECK(texts(recipe.contents.runtime_repositories) == Texts{"/in/image"});
  CHECK(texts(recipe.contents.keyring) ==
        Texts{"../common/base.rsa.pub", "https://k/k.rsa.pub", "/abs.rsa.pub"});
  CHECK(texts(recipe.contents.packages) == Texts{"base", "top"});
  CHECK(recipe.contents.packages[0].position.file == folder.path("common/base.yaml").string());
  CHECK(recipe.entrypoint == Entrypoint{"", "high", "", {}});
  CHECK(recipe.cmd == "high");
  CHECK(recipe.work_dir == "/low");
  CHECK(texts(recipe.archs) == Texts{"armv7"});
  CHECK(recipe.accounts.run_as == "low");
  CHECK(recipe.accounts.users.at(0).name == "low");
  CHECK(recipe.accounts.users.at(1).name == "high");
  CHECK(recipe.environment ==
        std::map<std::string, std::string>{{"A", "low"}, {"B", "high"}, {"C", "high"}});
  CHECK(recipe.volumes == Texts{"/low", "/high"});
  CHECK(recipe.labels == std::map<std::string, std::string>{{"l", "high"}, {"m", "low"}});
  CHECK(recipe.exposed_ports == Texts{"80/tcp", "443/tcp"});
  CHECK(recipe.healthcheck->kind == Healthcheck::Kind::none);
  CHECK(recipe.paths.at(1).path == "/high");
  CHECK(recipe.files.at(0).source == folder.path("common/app"));
  CHECK(recipe.skeleton == folder.path("common/skel").string());
  CHECK(recipe.scripts.of("nginx") == ScriptPolicy::native);
  CHECK(recipe.scripts.of("other") == ScriptPolicy::skip);
  CHECK(recipe.compression == Compression{});
  CHECK(recipe.apk_database == ApkDatabase::drop);
  CHECK(resolve_path(recipe, recipe.contents.keyring[0].text) ==
        folder.path("common/base.rsa.pub"));

  CHECK(variant_names(folder.path("main/r.yaml")) == Texts{"v", "w"});
  LoadOptions options;
  options.variant = "v";
  const auto variant = load_recipe(folder.path("main/r.yaml"), options);
  CHECK(variant.cmd == "high");
  CHECK(variant.work_dir == "/high");
  CHECK(variant.scripts.of("other") == ScriptPolicy::automatic);
  options.variant = "w";
  CHECK(load_recipe(folder.path("main/r.yaml"), options).cmd == "low");
  options.variant = "x";
  const auto error = error_of(folder.path("main/r.yaml"), options);
  CHECK(error.message().ends_with("r.yaml has no variant 'x'"));
  CHECK(error.hint() == "did you mean 'v'?");
  options.variant = "production";
  CHECK(error_of(folder.path("main/r.yaml"), options).hint() == "known variants: v, w");
}

TEST_CASE("includes are searched for beside the recipe, then in the include paths") {
  const Folder folder;
  folder.write("r.yaml", "include: part/b.yaml\n");
  folder.write("search/part/b.yaml", "cmd: searched\n");
  const auto error = error_of(folder.path("r.yaml"));
  CHECK(error.message() ==
        folder.path("r.yaml").string() + ":1:10: include: 'part/b.yaml' is not there");
  CHECK(error.kind() == ErrorKind::usage);
  LoadOptions options;
  options.include_paths = {folder.path("empty"), folder.path("search")};
  CHECK(load_recipe(folder.path("r.yaml"), options).cmd == "searched");
  folder.write("part/b.yaml", "cmd: beside\n");
  CHECK(load_recipe(folder.path("r.yaml"), options).cmd == "beside");
}

TEST_CASE("a circle of includes is shown") {
  const Folder folder;
  folder.write("a.yaml", "include: d/b.yaml\n");
  folder.write("d/b.yaml", "cmd: x\ninclude: ../a.yaml\n");
  const auto error = error_of(folder.path("a.yaml"));
  CHECK(error.message() ==
        folder.path("d/b.yaml").string() + ":2:10: include: a recipe includes itself");
  REQUIRE(error.details().size() == 1);
  CHECK(error.details()[0].second == folder.path("a.yaml").string() + " → " +
                                         folder.path("d/b.yaml").string() + " → " +
                                         folder.path("a.yaml").string());
  folder.write("self.yaml", "include: ./self.yaml\n");
  CHECK(error_of(folder.path("self.yaml")).message().ends_with("a recipe includes itself"));
}

TEST_CASE("a chain of includes is bounded") {
  const Folder folder;
  for (int i = 0; i < 16; ++i)
    folder.write(std::to_string(i) + ".yaml", "include: " + std::to_string(i + 1) + ".yaml\n");
  folder.write("16.yaml", "cmd: end\n");
  CHECK(load_recipe(folder.path("1.yaml")).cmd == "end");
  CHECK(error_of(folder.path("0.yaml")).message().ends_with("include: more than 16 recipes"));
}

TEST_CASE("an https include has a pinned digest and names URLs only") {
  const std::string text = "cmd: far\ncontents: {repositories: [https://r]}\n";
  std::string served = text;
  std::vector<std::string> asked;
  LoadOptions options;
  options.fetch = [&](const Url& url) {
    asked.push_back(url.with_secrets());
    return served;
  };
  const auto including = [](const std::string& content) {
    return "include: https://u:p@h/b.yaml#sha256=" + to_hex(sha256(content)) + "\n";
  };
  CHECK(load_recipe_text(including(text), "r.yaml", options).cmd == "far");
  CHECK(asked == Texts{"https://u:p@h/b.yaml"});

  const auto failure = [&](const std::string& recipe) -> Error {
    try {
      load_recipe_text(recipe, "r.yaml", options);
    } catch (const Error& error) {
      return error;
    }
    return {ErrorKind::failed, "the recipe loaded"};
  };
  served = "cmd: other\n";
  const auto error = failure(including(text));
  CHECK(error.kind() == ErrorKind::trust);
  CHECK(error.message() == "r.yaml:1:10: include: https://***@h/b.yaml has another digest");
  REQUIRE(error.details().size() == 2);
  CHECK(error.details()[0].second == "sha256 " + to_hex(sha256(text)));
  CHECK(error.details()[1].second == "sha256 " + to_hex(sha256(served)));

  for (const auto& row : std::vector<std::pair<std::string, std::string>>{
           {"files: [{path: /a, source: /etc/passwd}]", "1:28: '/etc/passwd' is a local path"},
           {"contents: {repositories: [./p]}", "1:27: './p' is a local path"},
           {"contents: {keyring: [/k.rsa.pub]}", "1:22: '/k.rsa.pub' is a local path"},
           {"skeleton: ./s", "1:11: './s' is a local path"},
           {"include: b.yaml", "1:10: include: 'b.yaml' is a local path"},
           {"mirrors: {https://x: [/srv/m]}", "1:23: '/srv/m' is a local path"}}) {
    const auto& [far, message] = row;
    CAPTURE(row.first);
    served = far;
    CHECK(failure(including(far)).message() ==
          "https://***@h/b.yaml:" + message + " in a recipe from elsewhere");
  }
  options.fetch = nullptr;
  CHECK(failure(including(text)).message() ==
        "r.yaml:1:10: include: https://***@h/b.yaml lies on the network");
}

TEST_CASE("the variables given win over the variant's, and those over the recipe's") {
  const std::string text =
      "vars: {a: recipe, b: recipe, c: recipe}\n"
      "contents: {repositories: ['https://${a}/${b}/${c}/${d}']}\n"
      "variants: {v: {vars: {b: variant, c: variant}}}\n";
  LoadOptions options;
  options.variant = "v";
  options.vars = {{"c", "given"}, {"d", "given"}};
  const auto recipe = load_recipe_text(text, "r.yaml", options);
  const auto repositories = repositories_to_resolve(recipe);
  REQUIRE(repositories.size() == 1);
  CHECK(repositories[0].url.str() == "https://recipe/variant/given/given");
}

TEST_CASE("the examples of the reference load") {
  const auto text = read_file(fs::path(TARN_SOURCE_DIR) / "docs" / "recipe.md");
  static constexpr std::string_view begin = "```yaml\n";
  int count = 0;
  for (auto at = text.find(begin); at != std::string::npos; at = text.find(begin, at)) {
    at += begin.size();
    const auto example = text.substr(at, text.find("```", at) - at);
    CAPTURE(example);
    CHECK_NOTHROW(load_recipe_text(example, "recipe.md"));
    ++count;
  }
  CHECK(count == 2);
}

}  // namespace
}  // namespace tarn::builder
