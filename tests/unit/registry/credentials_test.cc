#include "builder/registry/credentials.h"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include "apk/support/error.h"
#include "apk/support/file.h"
#include "apk/support/hash.h"
#include "builder/registry/credential_helper.h"

using namespace tarn;
using namespace tarn::builder;

namespace {

struct Home {
  TemporaryDirectory folder{std::filesystem::temp_directory_path() / "tarn-credentials-"};
  std::map<std::string, std::string> variables{
      {"HOME", folder.path().string()}, {"XDG_RUNTIME_DIR", (folder.path() / "run").string()}};

  CredentialStore store() const {
    return CredentialStore(
        [this](const std::string& name) -> std::optional<std::string> {
          const auto found = variables.find(name);
          if (found == variables.end()) return std::nullopt;
          return found->second;
        },
        {});
  }
  std::filesystem::path write(const std::string& name, const std::string& text,
                              mode_t mode = 0600) const {
    const auto path = folder.path() / name;
    make_directories(path.parent_path());
    write_file(path, text, mode);
    return path;
  }
};

std::string auth(const std::string& user_and_password) {
  return R"({"auth":")" + to_base64(as_bytes(user_and_password)) + "\"}";
}

std::string user_for(const CredentialStore& store, const std::string& domain,
                     const std::string& path = "x") {
  const auto found = store.find(domain, path);
  return found ? found->user : "";
}

/// Puts a helper where $PATH finds it.
class PathWith {
 public:
  explicit PathWith(const std::filesystem::path& folder) : before_(std::getenv("PATH")) {
    ::setenv("PATH", (folder.string() + ":" + before_).c_str(), 1);
  }
  PathWith(const PathWith&) = delete;
  PathWith& operator=(const PathWith&) = delete;
  ~PathWith() { ::setenv("PATH", before_.c_str(), 1); }

 private:
  std::string before_;
};

}  // namespace

TEST_CASE("credentials: the longest name counts, then the registry's") {
  Home home;
  home.write("run/containers/auth.json",
             R"({"auths":{"r.example.org":)" + auth("registry:1") + R"(,"r.example.org/team":)" +
                 auth("team:2") + R"(,"r.example.org/team/base":)" + auth("base:3") +
                 R"(,"https://old.example.org/v1/":)" + auth("old:4") +
                 R"(,"https://index.docker.io/v1/":)" + auth("hub:5") + "}}");
  const auto store = home.store();
  CHECK(user_for(store, "r.example.org", "team/base") == "base");
  CHECK(user_for(store, "r.example.org", "team/base/more") == "base");
  CHECK(user_for(store, "r.example.org", "team/other") == "team");
  CHECK(user_for(store, "r.example.org", "teams") == "registry");
  CHECK(user_for(store, "old.example.org") == "old");
  CHECK(user_for(store, "docker.io", "library/x") == "hub");
  CHECK(user_for(store, "example.org").empty());
  const auto found = store.find("r.example.org", "team/base");
  CHECK(found->password == "3");
  CHECK(found->source.ends_with("run/containers/auth.json"));
}

TEST_CASE("credentials: the order of the files") {
  Home home;
  home.write(".docker/config.json", R"({"auths":{"r.example.org":)" + auth("docker:x") + "}}");
  CHECK(user_for(home.store(), "r.example.org") == "docker");
  home.write("elsewhere/config.json", R"({"auths":{"r.example.org":)" + auth("config:x") + "}}");
  home.variables["DOCKER_CONFIG"] = (home.folder.path() / "elsewhere").string();
  CHECK(user_for(home.store(), "r.example.org") == "config");
  home.write(".config/containers/auth.json",
             R"({"auths":{"r.example.org":)" + auth("podman:x") + "}}");
  CHECK(user_for(home.store(), "r.example.org") == "podman");
  home.write("run/containers/auth.json", R"({"auths":{"r.example.org":)" + auth("run:x") + "}}");
  CHECK(user_for(home.store(), "r.example.org") == "run");
  home.variables["REGISTRY_AUTH_FILE"] = (home.folder.path() / "none.json").string();
  CHECK(user_for(home.store(), "r.example.org").empty());
}

TEST_CASE("credentials: identity tokens, and passwords with ':' or padding") {
  Home home;
  home.write(".docker/config.json", R"({"auths":{"a.org":{"identitytoken":"tok"},"b.org":)" +
                                        auth("u:p:q") + R"(,"c.org":)" +
                                        auth(std::string("u:p\0\0", 5)) + R"(,"d.org":{}}})");
  const auto store = home.store();
  CHECK(store.find("a.org", "")->identity_token == "tok");
  CHECK(store.find("b.org", "")->password == "p:q");
  CHECK(store.find("c.org", "")->password == "p");
  CHECK_FALSE(store.find("d.org", "").has_value());
}

TEST_CASE("credentials: damaged files are errors that do not quote them") {
  for (const std::string& text : {std::string("[]"), std::string("{\"auths\":"),
                                  R"({"auths":{"a.org":{"auth":"c2VjcmV0"}}})" + std::string()}) {
    Home home;
    home.write(".docker/config.json", text);
    try {
      home.store().find("a.org", "");
      FAIL("taken");
    } catch (const Error& error) {
      CHECK(error.render().find("secret") == std::string::npos);
      CHECK(error.render().find("c2VjcmV0") == std::string::npos);
      CHECK(error.render().find("config.json") != std::string::npos);
    }
  }
}

TEST_CASE("credentials: stored and erased, whatever else the file has stays") {
  Home home;
  const auto path = home.write(".docker/config.json",
                               R"({"HttpHeaders":{"a":"b"},"auths":{"https://r.org/v1/":)" +
                                   auth("old:x") + R"(,"s.org":)" + auth("s:y") + "}}",
                               0644);
  const auto store = home.store();
  CHECK(store.store("r.org", {.user = "ann", .password = "new"}) == path.string());
  CHECK(store.store("docker.io", {.user = "hub", .password = "new"}) == path.string());
  CHECK(user_for(store, "r.org") == "ann");
  CHECK(user_for(store, "s.org") == "s");
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  const auto json = nlohmann::json::parse(read_file(path));
  CHECK(json["HttpHeaders"]["a"] == "b");
  CHECK(json["auths"].contains("https://index.docker.io/v1/"));
  CHECK_FALSE(json["auths"].contains("https://r.org/v1/"));
  CHECK(store.erase("r.org") == std::vector{path.string()});
  CHECK(store.erase("r.org").empty());
  CHECK(user_for(store, "s.org") == "s");
}

TEST_CASE("credentials: the first login makes docker's file") {
  Home home;
  const auto store = home.store();
  CHECK(store.store("r.org", {.user = "ann", .password = "x"}) ==
        (home.folder.path() / ".docker/config.json").string());
  CHECK(user_for(store, "r.org") == "ann");
}

TEST_CASE("credentials: helpers give, keep and forget") {
  Home home;
  const auto log = home.folder.path() / "log";
  home.write(
      "bin/docker-credential-tests",
      "#!/bin/sh\ninput=$(cat)\necho \"$1 $input\" >>'" + log.string() +
          "'\necho 'a secret: tell-tale' >&2\n"
          "case \"$1 $input\" in\n"
          "'get r.org') echo '{\"ServerURL\":\"r.org\",\"Username\":\"ann\",\"Secret\":\"pw\"}';;\n"
          "'get t.org') echo '{\"Username\":\"<token>\",\"Secret\":\"tok\"}';;\n"
          "'get bad.org') echo 'no way in'; exit 3;;\n"
          "get*) echo 'credentials not found in native keychain'; exit 1;;\n"
          "esac\n",
      0755);
  home.write(
      ".docker/config.json",
      R"({"credHelpers":{"r.org":"tests","t.org":"tests","bad.org":"tests","no.org":"tests",)"
      R"("gone.org":"is-not-there","odd.org":"../x"}})");
  const PathWith path(home.folder.path() / "bin");
  const auto store = home.store();
  CHECK(user_for(store, "r.org") == "ann");
  CHECK(store.find("r.org", "a/b")->password == "pw");
  CHECK(store.find("r.org", "a/b")->source == "docker-credential-tests");
  CHECK(store.find("t.org", "")->identity_token == "tok");
  CHECK_FALSE(store.find("no.org", "").has_value());
  CHECK_THROWS_WITH_AS(store.find("bad.org", ""), doctest::Contains("status 3"), Error);
  CHECK_THROWS_WITH_AS(store.find("gone.org", ""), doctest::Contains("is-not-there"), Error);
  CHECK_THROWS_AS(store.find("odd.org", ""), Error);
  CHECK(store.store("r.org", {.user = "ann", .password = "new"}) == "docker-credential-tests");
  CHECK(store.erase("r.org") == std::vector<std::string>{"docker-credential-tests"});
  const std::string said = read_file(log);
  CHECK(said.find(R"(store {"ServerURL":"r.org","Username":"ann","Secret":"new"})") !=
        std::string::npos);
  CHECK(said.find("erase r.org") != std::string::npos);
}

TEST_CASE("credentials: a helper that hangs is ended") {
  Home home;
  home.write("bin/docker-credential-slow", "#!/bin/sh\nsleep 60\n", 0755);
  const PathWith path(home.folder.path() / "bin");
  const CredentialHelper helper("slow", std::chrono::milliseconds(300));
  CHECK_THROWS_WITH_AS(helper.get("r.org", {}), doctest::Contains("too long"), Error);
}
