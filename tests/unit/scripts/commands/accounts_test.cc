#include <doctest/doctest.h>

#include "unit/scripts/commands/command_call.h"

namespace tarn::builder {
namespace {

using test::CallResult;

constexpr const char* passwd =
    "root:x:0:0:root:/root:/bin/ash\n"
    "bin:x:1:1:bin:/bin:/sbin/nologin\n"
    "old:x:1000:1000:Old,,,:/home/old:/bin/ash\n"
    "friend:x:1002:1000::/home/friend:/bin/ash\n"
    "odd:x:1003:4242::/:/bin/ash\n";
constexpr const char* group =
    "root:x:0:root\n"
    "bin:x:1:root,bin\n"
    "users:x:100:games\n"
    "old:x:1000:\n"
    "people:x:1001:old,friend\n"
    "nogroup:x:65533:\n";
constexpr const char* shadow =
    "root:::0:::::\n"
    "bin:!::0:::::\n"
    "old:!:10000:0:99999:7:::\n"
    "friend:$6$a$b:10000:0:99999:7:::\n";

test::CommandCall sample() {
  test::CommandCall call;
  call.file("etc/passwd", passwd);
  call.file("etc/group", group);
  call.file("etc/shadow", shadow, 0640);
  call.file("etc/shells", "# valid\n/bin/sh");
  call.rootfs.make_directories("home", Owner{});
  return call;
}

struct Change {
  std::vector<std::string> arguments;
  CallResult expected;
  /// What the files hold afterwards, each in place of the first text or, empty, at the end.
  std::vector<std::pair<std::string, std::string>> passwd = {};
  std::vector<std::pair<std::string, std::string>> group = {};
  std::vector<std::pair<std::string, std::string>> shadow = {};
  std::string input = {};
};

std::string changed(std::string text,
                    const std::vector<std::pair<std::string, std::string>>& changes) {
  for (const auto& [before, after] : changes) {
    const auto place = before.empty() ? text.size() : text.find(before);
    REQUIRE(place != std::string::npos);
    text.replace(place, before.size(), after);
  }
  return text;
}

void check_all(const std::vector<Change>& changes) {
  for (const auto& test : changes) {
    CAPTURE(test.arguments);
    auto call = sample();
    const CallResult result = call.run(test.arguments, test.input);
    CHECK(result.status == test.expected.status);
    CHECK(result.output == test.expected.output);
    CHECK(result.error == test.expected.error);
    CHECK(call.text("etc/passwd") == changed(passwd, test.passwd));
    CHECK(call.text("etc/group") == changed(group, test.group));
    CHECK(call.text("etc/shadow") == changed(shadow, test.shadow));
    CHECK(test::CommandCall::unsupported(test.arguments).empty());
  }
}

TEST_CASE("addgroup makes groups and members") {
  check_all({
      {{"addgroup", "-S", "www"}, {}, {}, {{"", "www:x:101:\n"}}},
      {{"addgroup", "www"}, {}, {}, {{"", "www:x:1002:\n"}}},
      {{"addgroup", "-g", "33", "www"}, {}, {}, {{"", "www:x:33:\n"}}},
      {{"addgroup", "-Sg33", "www"}, {}, {}, {{"", "www:x:33:\n"}}},
      {{"addgroup", "www", "--gid=33"}, {}, {}, {{"", "www:x:33:\n"}}},
      {{"addgroup", "-S", "old"}, {1, "", "addgroup: group 'old' in use\n"}},
      {{"addgroup", "-g", "100", "www"}, {1, "", "addgroup: gid '100' in use\n"}},
      {{"addgroup", "-g", "x", "www"}, {1, "", "addgroup: invalid number 'x'\n"}},
      {{"addgroup", "-g", "256001", "www"},
       {1, "", "addgroup: number 256001 is not in 0..256000 range\n"}},
      {{"addgroup", "a b"}, {1, "", "addgroup: illegal character with code 32 at position 1\n"}},
      {{"addgroup", ""}, {1, "", "addgroup: illegal character with code 0 at position 0\n"}},
      {{"addgroup", "$"}, {1, "", "addgroup: illegal character with code 36 at position 0\n"}},
      {{"addgroup", "a$b"}, {1, "", "addgroup: illegal character with code 36 at position 1\n"}},
      {{"addgroup", "--", "-a"},
       {1, "", "addgroup: illegal character with code 45 at position 0\n"}},
      {{"addgroup", "\xc3\xa9"},
       {1, "", "addgroup: illegal character with code 195 at position 0\n"}},
      {{"addgroup", "a.b-c_9$"}, {}, {}, {{"", "a.b-c_9$:x:1002:\n"}}},
      {{"addgroup", std::string(256, 'a')}, {1, "", "addgroup: name is too long\n"}},
      {{"addgroup", "friend", "bin"}, {}, {}, {{"root,bin\n", "root,bin,friend\n"}}},
      {{"addgroup", "-S", "bin", "nogroup"}, {}, {}, {{"65533:", "65533:bin"}}},
      {{"addgroup", "old", "people"}, {}},
      {{"addgroup", "none", "nothing"}, {1, "", "addgroup: unknown user none\n"}},
      {{"addgroup", "old", "nothing"}, {1, "", "addgroup: unknown group nothing\n"}},
  });
}

TEST_CASE("adduser makes users with a line in shadow, a group and a home") {
  const std::string day = ":!:11574:0:99999:7:::\n";
  check_all({
      {{"adduser", "-S", "-D", "-H", "-h", "/var/www", "-s", "/bin/no", "-G", "users", "-g", "Web",
        "www"},
       {},
       {{"", "www:x:100:100:Web:/var/www:/bin/no\n"}},
       {{":games", ":games,www"}},
       {{"", "www" + day}}},
      {{"adduser", "www", "-SDHh/var/www", "-s/bin/no"},
       {},
       {{"", "www:x:100:65533:Linux User,,,:/var/www:/bin/no\n"}},
       {{"65533:", "65533:www"}},
       {{"", "www" + day}}},
      {{"adduser", "-D", "www"},
       {},
       {{"", "www:x:1004:1004:Linux User,,,:/home/www:/bin/ash\n"}},
       {{"", "www:x:1004:\n"}},
       {{"", "www" + day}}},
      {{"adduser", "--disabled-password", "--uid", "5000", "--gecos", "", "www"},
       {},
       {{"", "www:x:5000:5000::/home/www:/bin/ash\n"}},
       {{"", "www:x:5000:\n"}},
       {{"", "www" + day}}},
      {{"adduser", "-D", "-G", "bin", "odd2"},
       {},
       {{"", "odd2:x:1001:1:Linux User,,,:/home/odd2:/bin/ash\n"}},
       {{"root,bin\n", "root,bin,odd2\n"}},
       {{"", "odd2" + day}}},
      {{"adduser", "-S", "-h", "/no/where", "www"},
       {0, "", "adduser: /no/where: No such file or directory\n"},
       {{"", "www:x:100:65533:Linux User,,,:/no/where:/sbin/nologin\n"}},
       {{"65533:", "65533:www"}},
       {{"", "www" + day}}},
      {{"adduser", "-S", "old"}, {1, "", "adduser: user 'old' in use\n"}},
      {{"adduser", "-D", "people"}, {1, "", "adduser: group 'people' in use\n"}},
      {{"adduser", "-S", "-u", "1000", "www"}, {1, "", "adduser: uid '1000' in use\n"}},
      {{"adduser", "-D", "-u", "1001", "www"}, {1, "", "adduser: uid '1001' in use\n"}},
      {{"adduser", "-D", "-u", "-1", "www"}, {1, "", "adduser: invalid number '-1'\n"}},
      {{"adduser", "-D", "-G", "none", "www"}, {1, "", "adduser: unknown group none\n"}},
      {{"adduser", "-D", "-G", "1", "www"}, {1, "", "adduser: unknown group 1\n"}},
      {{"adduser", "-D", ":"}, {1, "", "adduser: illegal character with code 58 at position 0\n"}},
      {{"adduser", "bin", "people"}, {}, {}, {{"old,friend", "old,friend,bin"}}},
      {{"adduser", "bin", "none"}, {1, "", "addgroup: unknown group none\n"}},
      {{"adduser", "none", "bin"}, {1, "", "addgroup: unknown user none\n"}},
  });
}

TEST_CASE("adduser makes the home from the skeleton") {
  auto call = sample();
  call.file("etc/skel/.profile", "p", 04755);
  call.file("etc/skel/d/f", "f", 0600);
  call.rootfs.find("etc/skel/d")->node->mode = 0750;
  CHECK(call.run({"adduser", "-D", "www"}) == CallResult{});
  const auto check = [&](const char* path, std::uint32_t mode) {
    const Entry* const entry = call.rootfs.find(path);
    REQUIRE_MESSAGE(entry != nullptr, path);
    CHECK(entry->node->mode == mode);
    CHECK(entry->node->uid == 1004);
    CHECK(entry->node->gid == 1004);
  };
  check("home/www", 02755);
  check("home/www/.profile", 0755);
  check("home/www/d", 0750);
  check("home/www/d/f", 0600);
  CHECK(call.text("home/www/.profile") == "p");

  CHECK(call.run({"adduser", "-D", "-k", "/none", "two"}) ==
        CallResult{0, "", "adduser: can't stat '/none': No such file or directory\n"});
  CHECK(call.rootfs.find("home/two")->node->mode == 02755);
  call.file("srv/kept", "k");
  CHECK(call.run({"adduser", "-S", "-h", "/srv", "three"}) == CallResult{});
  CHECK(call.rootfs.find("srv")->node->uid == 100);
  CHECK(call.rootfs.find("srv")->node->mode == 02755);
  CHECK(call.rootfs.find("srv/kept")->node->uid == 0);
  CHECK(call.rootfs.find("srv/.profile") == nullptr);
  CHECK(call.run({"adduser", "-S", "-H", "four"}) == CallResult{});
  CHECK(call.rootfs.find("home/four") == nullptr);
}

TEST_CASE("adduser takes the shell of the caller and copes with missing files") {
  auto call = sample();
  call.environment["SHELL"] = "/bin/zsh";
  CHECK(call.run({"adduser", "-D", "-H", "www"}) == CallResult{});
  CHECK(call.text("etc/passwd") ==
        std::string(passwd) + "www:x:1004:1004:Linux User,,,:/home/www:/bin/zsh\n");
  call.file("etc/shadow", "two:old:1:2:3\n");
  CHECK(call.run({"adduser", "-D", "-H", "two"}) == CallResult{});
  CHECK(call.text("etc/shadow") == "two:!:11574:0:99999:7:::\n");
  call.rootfs.remove("etc/shadow");
  CHECK(call.run({"adduser", "-D", "-H", "three"}) == CallResult{});
  CHECK(call.text("etc/shadow") == "(none)");
  call.rootfs.remove("etc/group");
  CHECK(call.run({"adduser", "-D", "-H", "four"}) ==
        CallResult{0, "", "addgroup: /etc/group: No such file or directory\n"});
  CHECK(call.run({"addgroup", "five"}) ==
        CallResult{1, "", "addgroup: /etc/group: No such file or directory\n"});
  call.rootfs.remove("etc/passwd");
  CHECK(call.run({"adduser", "-D", "-H", "five"}) ==
        CallResult{1, "", "adduser: /etc/passwd: No such file or directory\n"});
}

TEST_CASE("delgroup and deluser remove what nobody needs") {
  check_all({
      {{"delgroup", "people"}, {}, {}, {{"people:x:1001:old,friend\n", ""}}},
      {{"delgroup", "none"}, {1, "", "delgroup: unknown group none\n"}},
      {{"delgroup", "old"}, {1, "", "delgroup: 'old' still has 'old' as their primary group!\n"}},
      {{"delgroup", "old", "people"}, {}, {}, {{"old,friend", "friend"}}},
      {{"delgroup", "bin", "people"}, {0, "", "delgroup: can't find bin in /etc/group\n"}},
      {{"delgroup", "bin", "none"}, {1, "", "delgroup: unknown group none\n"}},
      {{"deluser", "none"}, {1, "", "deluser: unknown user none\n"}},
      {{"deluser", "friend"},
       {},
       {{"friend:x:1002:1000::/home/friend:/bin/ash\n", ""}},
       {{"old,friend", "old"}},
       {{"friend:$6$a$b:10000:0:99999:7:::\n", ""}}},
      {{"deluser", "old"},
       {1, "", "deluser: 'friend' still has 'old' as their primary group!\n"},
       {{"old:x:1000:1000:Old,,,:/home/old:/bin/ash\n", ""}},
       {{"old,friend", "friend"}},
       {{"old:!:10000:0:99999:7:::\n", ""}}},
      {{"deluser", "odd"},
       {0, "", "deluser: can't find odd in /etc/group\n"},
       {{"odd:x:1003:4242::/:/bin/ash\n", ""}}},
  });
  auto call = sample();
  call.file("home/friend/f/g", "");
  CHECK(call.run({"deluser", "--remove-home", "friend"}) == CallResult{});
  CHECK(call.rootfs.find("home/friend") == nullptr);
  CHECK(call.rootfs.find("home") != nullptr);
}

TEST_CASE("passwd and chpasswd change shadow") {
  const std::string done = "passwd: password for old changed by root\n";
  check_all({
      {{"passwd", "-l", "old"}, {1, "", "passwd: password for old is already locked\n"}},
      {{"passwd", "-u", "old"}, {0, "", done}, {}, {}, {{"old:!:10000", "old::11574"}}},
      {{"passwd", "-d", "old"}, {0, "", done}, {}, {}, {{"old:!:10000", "old::11574"}}},
      {{"passwd", "-l", "friend"},
       {0, "", "passwd: password for friend changed by root\n"},
       {},
       {},
       {{"friend:$6$a$b:10000", "friend:!$6$a$b:11574"}}},
      {{"passwd", "-u", "friend"}, {1, "", "passwd: password for friend is already unlocked\n"}},
      {{"passwd", "-l", "none"}, {1, "", "passwd: unknown user none\n"}},
      {{"passwd", "-d", "odd"},
       {0, "",
        "passwd: no record of odd in /etc/shadow, using /etc/passwd\n"
        "passwd: password for odd changed by root\n"},
       {{"odd:x:", "odd::"}}},
      {{"chpasswd", "-e"},
       {0, "", "chpasswd: password for 'old' changed\nchpasswd: password for 'friend' changed\n"},
       {},
       {},
       {{"old:!:10000", "old:$1$x:11574"}, {"friend:$6$a$b:10000", "friend:y:11574"}},
       "old:$1$x\nfriend:y"},
      {{"chpasswd", "--encrypted"},
       {1, "", "chpasswd: unknown user none\n"},
       {},
       {},
       {},
       "none:x\n"},
      {{"chpasswd", "-e"}, {1, "", "chpasswd: missing new password\n"}, {}, {}, {}, "old\n"},
  });
}

TEST_CASE("who is who is answered from the rootfs") {
  check_all({
      {{"id"}, {0, "uid=0(root) gid=0(root)\n", ""}},
      {{"id", "root"}, {0, "uid=0(root) gid=0(root) groups=0(root),0(root),1(bin)\n", ""}},
      {{"id", "odd"}, {0, "uid=1003(odd) gid=4242 groups=4242\n", ""}},
      {{"id", "-u"}, {0, "0\n", ""}},
      {{"id", "-un"}, {0, "root\n", ""}},
      {{"id", "-u", "old"}, {0, "1000\n", ""}},
      {{"id", "-g", "friend"}, {0, "1000\n", ""}},
      {{"id", "-gn", "friend"}, {0, "old\n", ""}},
      {{"id", "-gn", "odd"}, {1, "4242\n", "id: unknown ID 4242\n"}},
      {{"id", "-G", "root"}, {0, "0 1\n", ""}},
      {{"id", "-nG", "friend"}, {0, "old people\n", ""}},
      {{"id", "-ru"}, {0, "0\n", ""}},
      {{"id", "none"}, {1, "", "id: unknown user none\n"}},
      {{"whoami"}, {0, "root\n", ""}},
      {{"groups"}, {0, "root\n", ""}},
      {{"groups", "root"}, {0, "root bin\n", ""}},
      {{"groups", "none"}, {1, "", "groups: unknown user none\n"}},
      {{"getent", "passwd", "old"}, {0, "old:x:1000:1000:Old,,,:/home/old:/bin/ash\n", ""}},
      {{"getent", "passwd", "0", "none", "bin"},
       {2, "root:x:0:0:root:/root:/bin/ash\nbin:x:1:1:bin:/bin:/sbin/nologin\n", ""}},
      {{"getent", "group", "old"}, {0, "old:x:1000\n", ""}},
      {{"getent", "group", "1"}, {0, "bin:x:1:root,bin\n", ""}},
      {{"getent", "shadow", "bin"}, {0, "bin:!::0:::::\n", ""}},
      {{"getent", "shadow"}, {0, shadow, ""}},
      {{"getent", "passwd"}, {0, passwd, ""}},
  });
}

TEST_CASE("shells are added and removed by line") {
  auto call = sample();
  CHECK(call.run({"add-shell", "/bin/sh", "/bin/zsh"}) == CallResult{});
  CHECK(call.text("etc/shells") == "# valid\n/bin/sh\n/bin/zsh\n");
  CHECK(call.run({"remove-shell", "/bin/sh", "/none"}) == CallResult{});
  CHECK(call.text("etc/shells") == "# valid\n/bin/zsh\n");
  call.rootfs.remove("etc/shells");
  CHECK(call.run({"remove-shell", "/bin/sh"}) == CallResult{});
  CHECK(call.text("etc/shells").empty());
  call.rootfs.remove("etc");
  CHECK(call.run({"add-shell", "/a"}) ==
        CallResult{1, "", "add-shell: can't open '/etc/shells.tmp': No such file or directory\n"});
}

TEST_CASE("what would ask or cannot be said exactly is told before") {
  struct Refusal {
    std::vector<std::string> arguments;
    const char* reason;
  };
  const std::vector<Refusal> refusals = {
      {{"adduser", "www"}, "asking for a password"},
      {{"adduser", "-Z", "www"}, "option -Z"},
      {{"addgroup", "-x", "www"}, "option -x"},
      {{"deluser", "-r", "old"}, "option -r"},
      {{"delgroup", "--only", "old"}, "operand --only"},
      {{"passwd"}, "asking for a password"},
      {{"passwd", "-l", "-u", "old"}, "several options"},
      {{"passwd", "-a", "md5", "old"}, "option -a"},
      {{"chpasswd"}, "making a password's hash"},
      {{"chpasswd", "-m"}, "option -m"},
      {{"getent", "hosts", "localhost"}, "database hosts"},
      {{"getent"}, "its usage text"},
      {{"id", "-Z"}, "option -Z"},
      {{"whoami", "x"}, "its usage text"},
      {{"add-shell", "-x"}, "operand -x"},
  };
  for (const auto& test : refusals) {
    CAPTURE(test.arguments);
    CHECK(test::CommandCall::unsupported(test.arguments) == test.reason);
    auto call = sample();
    CHECK_THROWS_AS(call.run(test.arguments), NotNative);
  }
  auto call = sample();
  CHECK_THROWS_AS(call.run({"addgroup"}), NotNative);
  CHECK_THROWS_AS(call.run({"id", "-n"}), NotNative);
  CHECK_THROWS_AS(call.run({"id", "-ug"}), NotNative);
}

}  // namespace
}  // namespace tarn::builder
