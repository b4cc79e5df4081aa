#include "builder/rootfs/accounts.h"

#include <doctest/doctest.h>

#include "unit/rootfs/recipe_rootfs.h"

namespace tarn::builder {
namespace {

using test::access_of;
using test::at_line;
using test::error_of;
using test::node_at;

constexpr std::int64_t created = 20000 * 86400 + 86399;

constexpr std::string_view passwd =
    "root:x:0:0:root:/root:/bin/ash\n"
    "odd line\n"
    "www:x:82:82:web,of::/var/www:/sbin/nologin\n"  // eight fields: malformed
    "www:x:83:83:web:/var/www:/sbin/nologin\n"
    "nobody:x:65534:65534:nobody:/:/sbin/nologin";  // no line end

Rootfs sample() {
  Rootfs rootfs;
  rootfs.write_file("etc/passwd", std::string(passwd), Owner{0});
  rootfs.write_file("etc/group", "root:x:0:root\nshadow:x:42:\nwww:x:83:nobody\n", Owner{0});
  auto& shadow =
      rootfs.write_file("etc/shadow", "root:*::0:::::\nwww:!:19000:0:99999:7:::\n", Owner{0}, 0640);
  shadow.node->gid = 42;
  rootfs.make_directories("var/www", Owner{0});
  return rootfs;
}

User user(std::string name, std::uint32_t uid, int line = 1) {
  return {std::move(name), uid, std::nullopt, "", "", at_line(line)};
}

Group group(std::string name, std::uint32_t gid, std::vector<std::string> members = {},
            int line = 1) {
  return {std::move(name), gid, std::move(members), at_line(line)};
}

}  // namespace

TEST_CASE("accounts: what is there is found by name and number, malformed lines are passed over") {
  const AccountDatabase database(sample());
  REQUIRE(database.find_user("www") != nullptr);
  CHECK(database.find_user("www")->uid == 83);
  CHECK(database.find_user(83U)->name == "www");
  CHECK(database.find_user("nobody")->home == "/");
  CHECK(database.find_user("odd line") == nullptr);
  CHECK(database.find_user(82U) == nullptr);
  CHECK(database.find_group("www")->members == std::vector<std::string>{"nobody"});
  CHECK(database.find_group(42U)->name == "shadow");
  CHECK(database.find_group("none") == nullptr);
}

TEST_CASE("accounts: a new user with all that belongs to it") {
  Rootfs rootfs = sample();
  apply_accounts(rootfs, {"", {user("app", 1000)}, {}}, created);
  CHECK(rootfs.read_file("etc/passwd") ==
        std::string(passwd) + "\napp:x:1000:1000::/home/app:/bin/sh\n");
  CHECK(rootfs.read_file("etc/group") ==
        "root:x:0:root\nshadow:x:42:\nwww:x:83:nobody\napp:x:1000:\n");
  CHECK(rootfs.read_file("etc/shadow") ==
        "root:*::0:::::\nwww:!:19000:0:99999:7:::\napp:!:20000:0:99999:7:::\n");
  CHECK(access_of(node_at(rootfs, "etc/shadow")) == "0640 0:42");
  CHECK(access_of(node_at(rootfs, "home")) == "0755 0:0");
  CHECK(access_of(node_at(rootfs, "home/app")) == "0700 1000:1000");
}

TEST_CASE("accounts: in an empty rootfs the files are made") {
  Rootfs rootfs;
  apply_accounts(rootfs, {"", {user("app", 1000)}, {group("shadow", 42)}}, -5);
  CHECK(rootfs.read_file("etc/passwd") == "app:x:1000:1000::/home/app:/bin/sh\n");
  CHECK(rootfs.read_file("etc/group") == "shadow:x:42:\napp:x:1000:\n");
  CHECK(rootfs.read_file("etc/shadow") == "app:!:0:0:99999:7:::\n");
  CHECK(access_of(node_at(rootfs, "etc/passwd")) == "0644 0:0");
  CHECK(access_of(node_at(rootfs, "etc/shadow")) == "0640 0:42");
}

TEST_CASE("accounts: groups and members") {
  Rootfs rootfs = sample();
  Accounts accounts;
  accounts.groups = {group("team", 2000, {"app", "www"}), group("www", 83, {"nobody", "app"})};
  accounts.users = {user("app", 1000)};
  accounts.users[0].gid = 2000;
  apply_accounts(rootfs, accounts, created);
  CHECK(rootfs.read_file("etc/group") ==
        "root:x:0:root\nshadow:x:42:\nwww:x:83:nobody,app\nteam:x:2000:app,www\n");
  CHECK(AccountDatabase(rootfs).find_user("app")->gid == 2000);
}

TEST_CASE("accounts: the same again changes nothing") {
  Rootfs rootfs = sample();
  Accounts accounts{"", {user("app", 1000)}, {group("team", 2000, {"app"})}};
  apply_accounts(rootfs, accounts, created);
  const auto before = AccountDatabase(rootfs);
  const auto text = rootfs.read_file("etc/passwd").value() + *rootfs.read_file("etc/group") +
                    *rootfs.read_file("etc/shadow");
  node_at(rootfs, "home/app").mode = 0750;
  apply_accounts(rootfs, accounts, created + 864000);
  CHECK(rootfs.read_file("etc/passwd").value() + *rootfs.read_file("etc/group") +
            *rootfs.read_file("etc/shadow") ==
        text);
  CHECK(access_of(node_at(rootfs, "home/app")) == "0750 1000:1000");
}

TEST_CASE("accounts: home and shell the recipe names reach a user that is there") {
  Rootfs rootfs = sample();
  Accounts accounts{"", {user("www", 83)}, {}};
  accounts.users[0].shell = "/bin/sh";
  apply_accounts(rootfs, accounts, created);
  CHECK(AccountDatabase(rootfs).find_user("www")->shell == "/bin/sh");
  CHECK(AccountDatabase(rootfs).find_user("www")->home == "/var/www");
  CHECK(access_of(node_at(rootfs, "var/www")) == "0755 0:0");
  CHECK(rootfs.find("etc/passwd")->owner.value == Owner::generated);
  CHECK(rootfs.find("etc/group")->owner.value == 0);
}

TEST_CASE("accounts: homes that are none to make") {
  for (const std::string home : {"/", "/dev/null", "/etc"}) {
    Rootfs rootfs = sample();
    Accounts accounts{"", {user("app", 1000)}, {}};
    accounts.users[0].home = home;
    apply_accounts(rootfs, accounts, created);
    CHECK(rootfs.find("dev") == nullptr);
    CHECK(access_of(*rootfs.find(home == "/dev/null" ? "/" : home)->node) == "0755 0:0");
    CHECK(AccountDatabase(rootfs).find_user("app")->home == home);
  }
}

TEST_CASE("accounts: a group without a free name is not made") {
  Rootfs rootfs = sample();
  apply_accounts(rootfs, {"", {user("shadow", 1000)}, {}}, created);
  CHECK(AccountDatabase(rootfs).find_user("shadow")->gid == 1000);
  CHECK(AccountDatabase(rootfs).find_group(1000U) == nullptr);
}

TEST_CASE("accounts: what cannot be is refused with its place, and nothing is changed") {
  struct Case {
    Accounts accounts;
    std::string message;
  };
  User bad_shell = user("app", 1000, 7);
  bad_shell.shell = "/bin/sh:x";
  User other_gid = user("www", 83, 7);
  other_gid.gid = 100;
  for (const auto& row : std::vector<Case>{
           {{"", {user("app", 0, 7)}, {}}, "user 'app': the number 0 is root's"},
           {{"", {user("www", 1000, 7)}, {}}, "user 'www' is there already with another number"},
           {{"", {other_gid}, {}}, "user 'www' is there already with another number"},
           {{"", {user("app", 83, 7)}, {}}, "user 'app': the number 83 is that of 'www'"},
           {{"", {user("a", 1000, 1), user("b", 1000, 7)}, {}},
            "user 'b': the number 1000 is that of 'a'"},
           {{"", {user("a:b", 1000, 7)}, {}}, "'a:b' is no name for a user"},
           {{"", {user("", 1000, 7)}, {}}, "'' is no name for a user"},
           {{"", {user("-x", 1000, 7)}, {}}, "'-x' is no name for a user"},
           {{"", {bad_shell}, {}},
            "a shell with ':' or control characters: etc/passwd cannot hold it"},
           {{"", {}, {group("www", 84, {}, 7)}},
            "group 'www' is there already with another number"},
           {{"", {}, {group("app", 83, {}, 7)}}, "group 'app': the number 83 is that of 'www'"},
           {{"", {}, {group("app", 1000, {"a,b"}, 7)}}, "'a,b' is no name for a user"},
           {{"", {}, {group("a\n", 1000, {}, 7)}}, "'a\n' is no name for a group"},
       }) {
    CAPTURE(row.message);
    Rootfs rootfs = sample();
    const auto error = error_of([&] { apply_accounts(rootfs, row.accounts, created); });
    CHECK(error.kind() == ErrorKind::usage);
    CHECK(error.message() == "recipe.yaml:7:3: " + row.message);
    CHECK(rootfs.read_file("etc/passwd") == std::string(passwd));
  }
}

TEST_CASE("accounts: a home that cannot be made is the entry's fault") {
  Rootfs rootfs = sample();
  Accounts accounts{"", {user("app", 1000, 7)}, {}};
  accounts.users[0].home = "/etc/passwd/app";
  const auto error = error_of([&] { apply_accounts(rootfs, accounts, created); });
  CHECK(error.kind() == ErrorKind::usage);
  CHECK(error.message().starts_with("recipe.yaml:7:3: "));
}

TEST_CASE("run-as: names become numbers") {
  const Rootfs rootfs = sample();
  struct Case {
    std::string_view run_as, resolved;
  };
  for (const auto& row : {
           Case{"", ""},
           {"www", "83"},
           {"root", "0"},
           {"www:shadow", "83:42"},
           {"www:7", "83:7"},
           {"7:www", "7:83"},
           {"65532", "65532"},
           {"65532:65532", "65532:65532"},
       }) {
    CAPTURE(row.run_as);
    CHECK(resolve_run_as(rootfs, row.run_as) == row.resolved);
  }
  for (const std::string_view run_as : {"app", "www:app", "app:www", "www:", ":", ":www", "-1"}) {
    CAPTURE(run_as);
    const auto error = error_of([&] { resolve_run_as(rootfs, run_as); });
    CHECK(error.kind() == ErrorKind::usage);
    CHECK_FALSE(error.hint().empty());
  }
}

}  // namespace tarn::builder
