#include "apk/database/configuration.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "apk/support/error.h"

using namespace tarn::apk;

TEST_CASE("world: sorted by name, each constraint once") {
  std::vector<Dependency> world;
  for (const char* text : {"zlib", "busybox=1.36.1-r15", "Bash>5", "!gcc", "git@edge", "zlib",
                           "zlib<2", "py3~=3.11"}) {
    const auto dependency = Dependency::parse(text);
    REQUIRE(dependency.has_value());
    world.push_back(*dependency);
  }
  const std::string text = "Bash>5\nbusybox=1.36.1-r15\n!gcc\ngit@edge\npy3~3.11\nzlib\nzlib<2\n";
  CHECK(world_text(world) == text);
  CHECK(world_text(parse_world(text, "world")) == text);
  CHECK(world_text({}).empty());
}

TEST_CASE("world: words between spaces and line ends") {
  const auto world = parse_world(" a  b>1\n\nc", "world");
  REQUIRE(world.size() == 3);
  CHECK(world[1].str() == "b>1");
  CHECK_THROWS_WITH_AS(parse_world("a\nb==1 c\n", "world"), "world:2: bad dependency 'b==1'",
                       tarn::Error);
}

TEST_CASE("architectures: one a line, as given") {
  CHECK(architectures_text({"x86_64", "x86"}) == "x86_64\nx86\n");
}

TEST_CASE("repositories: one a line, once each, without credentials") {
  Variables variables;
  std::vector<Repository> repositories;
  for (const char* line : {"https://user:secret@host/alpine/v3.19/main", "@edge /srv/edge",
                           "https://host/alpine/v3.19/main"}) {
    for (Repository& repository : parse_repository_line(line, variables)) {
      repositories.push_back(std::move(repository));
    }
  }
  CHECK(repositories_text(repositories) == "https://host/alpine/v3.19/main\n@edge /srv/edge\n");
}
