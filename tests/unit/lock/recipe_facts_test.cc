#include "builder/lock/recipe_facts.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "builder/lock/lock_changes.h"
#include "builder/recipe/load.h"

namespace tarn::builder {
namespace {

const std::string plain = R"(contents:
  repositories: ["https://example.org/${release}/main", ./repo]
  keyring: [a.rsa.pub]
  packages: [nginx, git]
vars: {release: v3}
archs: [x86_64]
cmd: /bin/sh
environment: {A: one, B: two}
)";

RecipeFacts facts_of(const std::string& text) {
  const Recipe recipe = load_recipe_text(text, "/somewhere/app.yaml");
  std::vector<apk::Dependency> world;
  for (const Located& package : recipe.contents.packages)
    world.push_back(apk::Dependency::parse(package.text).value());
  return recipe_facts(recipe, world);
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
  return text;
}

/// "PART: CHANGE", of a lock made of `plain`; "*" before what may concern packages.
std::vector<std::string> misfits_with(const std::string& text,
                                      const std::vector<std::string>& architectures = {"x86_64"}) {
  Lock lock;
  lock.recipe = facts_of(plain);
  lock.architectures.push_back(
      {.architecture = "x86_64", .index_digests = {}, .keys = {}, .base = {}, .packages = {}});
  std::vector<std::string> lines;
  for (const Misfit& misfit : find_misfits(lock, facts_of(text), architectures))
    lines.push_back((misfit.concern == Misfit::Concern::packages ? "*" : "") + misfit.part + ": " +
                    misfit.change);
  return lines;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("recipe facts: how it is written does not count") {
  CHECK(misfits_with(plain).empty());
  CHECK(misfits_with(replaced(plain, "\n", "\r\n")).empty());
  CHECK(misfits_with("# a comment\n" + replaced(plain, "git]", "git] # another")).empty());
  CHECK(misfits_with(replaced(plain, "{A: one, B: two}", "{B: two, A: one}")).empty());
  CHECK(misfits_with(R"(cmd: "/bin/sh"
environment:
  B: two
  A: 'one'
archs:
  - x86_64
vars: {release: v3, unused: x}
contents:
  packages:
    - nginx
    - git
  keyring: [a.rsa.pub]
  repositories:
    - https://example.org/v3/main
    - ./repo
mirrors: {"https://example.org": ["https://example.com"]}
)")
            .empty());
}

TEST_CASE("recipe facts: what changed is named") {
  CHECK(misfits_with(replaced(plain, "nginx, git", "curl, git, nginx@edge")) ==
        Lines{"*contents.packages: added: curl, nginx@edge; removed: nginx"});
  CHECK(misfits_with(replaced(plain, "nginx, git", "git, nginx")) ==
        Lines{"*contents.packages: in another order"});
  CHECK(misfits_with(replaced(plain, "v3}", "v4}")) ==
        Lines{"*contents.repositories: added: https://example.org/v4/main; removed: "
              "https://example.org/v3/main"});
  CHECK(misfits_with(replaced(plain, "a.rsa", "b.rsa")) == Lines{"*contents.keyring: changed"});
  CHECK(misfits_with(replaced(plain, "two", "three") + "work-dir: /srv\n") ==
        Lines{"environment: changed", "work-dir: added"});
  CHECK(misfits_with(replaced(plain, "cmd: /bin/sh\n", "")) == Lines{"cmd: removed"});
  CHECK(misfits_with(plain, {"aarch64", "x86_64"}) == Lines{"*archs: added: aarch64"});
  CHECK(misfits_with(replaced(plain, "[x86_64]", "[x86_64, aarch64]")).empty());
}

TEST_CASE("recipe facts: a changed file of the host is named") {
  Lock lock;
  lock.recipe.sources = {{"./a", sha256("1")}, {"./b", sha256("2")}};
  RecipeFacts facts;
  facts.sources = {{"./a", sha256("1")}, {"./b", sha256("3")}};
  const auto misfits = find_misfits(lock, facts, {});
  REQUIRE(misfits.size() == 1);
  CHECK(misfits[0] == Misfit{"the file ./b", "changed", Misfit::Concern::image});
}

TEST_CASE("lock changes: by architecture and name, with the direction") {
  const auto planned = [](const std::string& name, const std::string& version,
                          const std::string& content) {
    apk::PlannedPackage package;
    package.package.name = name;
    package.package.version = version;
    package.package.identity.digest = sha1(content);
    return package;
  };
  const auto lock_of = [](std::vector<apk::PlannedPackage> packages) {
    Lock lock;
    LockedArchitecture& architecture = lock.architectures.emplace_back();
    architecture.architecture = "x86_64";
    architecture.packages = std::move(packages);
    return lock;
  };
  const Lock before = lock_of({planned("e", "1", "e"), planned("b", "1.10", "b"),
                               planned("c", "1", "c"), planned("d", "2", "d")});
  const Lock after = lock_of({planned("a", "1", "a"), planned("b", "1.9", "b2"),
                              planned("c", "1", "c2"), planned("d", "10", "d2")});
  using Kind = LockChange::Kind;
  CHECK(find_lock_changes(before, after) ==
        std::vector<LockChange>{{"x86_64", "a", Kind::added, "", "1"},
                                {"x86_64", "b", Kind::downgraded, "1.10", "1.9"},
                                {"x86_64", "c", Kind::replaced, "1", "1"},
                                {"x86_64", "d", Kind::upgraded, "2", "10"},
                                {"x86_64", "e", Kind::removed, "1", ""}});
  CHECK(find_lock_changes(before, before).empty());
}

}  // namespace tarn::builder
