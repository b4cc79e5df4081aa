#include "builder/rootfs/os_release.h"

#include <doctest/doctest.h>

#include "unit/rootfs/recipe_rootfs.h"

namespace tarn::builder {
namespace {

std::vector<apk::Repository> repositories(const std::vector<std::string>& lines) {
  std::vector<apk::Repository> all;
  apk::Variables none;
  for (const auto& line : lines)
    for (auto& repository : apk::parse_repository_line(line, none))
      all.push_back(std::move(repository));
  return all;
}

}  // namespace

TEST_CASE("os-release: what repositories tell") {
  Rootfs rootfs;
  CHECK(write_os_release_fallback(
      rootfs, os_release_of(repositories({"./local", "https://h/alpine/v3.22/main"}))));
  CHECK(rootfs.read_file("etc/os-release") ==
        "NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=3.22\nPRETTY_NAME=\"Alpine Linux v3.22\"\n");
  CHECK(os_release_of(repositories({"https://h/alpine/edge/main"})).version_id.empty());
  for (const std::string line :
       {"https://h/wolfi/os", "https://h/alpine/vnext/main", "https://h/alpine", "out"})
    CHECK(os_release_of(repositories({line})).id == "linux");
}

TEST_CASE("os-release: only where none was brought") {
  const OsRelease release = {"A \"B\" $C", "a", "", ""};
  for (const std::string_view path : {"etc/os-release", "usr/lib/os-release"}) {
    Rootfs rootfs;
    rootfs.write_file(path, "ID=x\n", Owner{2});
    CHECK_FALSE(write_os_release_fallback(rootfs, release));
  }
  Rootfs linked;
  linked.make_directories("etc", Owner{2});
  test::put_symlink(linked, "etc/os-release", "../not/there");
  CHECK_FALSE(write_os_release_fallback(linked, release));
  Rootfs rootfs;
  rootfs.write_file("etc/os-release", "ID=x\n", Owner{Owner::skeleton});
  CHECK(write_os_release_fallback(rootfs, release));
  CHECK(rootfs.read_file("etc/os-release") == "NAME=\"A \\\"B\\\" \\$C\"\nID=a\n");
  CHECK(rootfs.find("etc/os-release")->owner == Owner{});
}

}  // namespace tarn::builder
