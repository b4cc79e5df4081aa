#include "apk/package/payload.h"

#include <fstream>

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "apk/support/error.h"
#include "apk/support/file.h"

namespace tarn::apk {
namespace {

PayloadEntry entry(std::string path, EntryType type = EntryType::file, std::string target = "") {
  PayloadEntry made;
  made.header.path = std::move(path);
  made.header.type = type;
  made.header.target = std::move(target);
  const auto bytes = as_bytes(made.header.path);
  if (type == EntryType::file) made.content = Bytes(bytes.begin(), bytes.end());
  return made;
}

std::string paths(const Payload& payload) {
  std::string text;
  for (const auto& [header, content] : payload) text += (text.empty() ? "" : " ") + header.path;
  return text;
}

}  // namespace

TEST_CASE("a payload is arranged with directories before their content") {
  CHECK(paths(arrange_payload({entry("a-b"), entry("a/c"), entry("a.b"), entry("a/b/d")})) ==
        "a a/b a/b/d a/c a-b a.b");
}

TEST_CASE("parents that are missing are root's, those that are there stay") {
  PayloadEntry folder = entry("srv/data", EntryType::directory);
  folder.header.mode = 0700;
  folder.header.user = "app";
  const Payload payload = arrange_payload({folder, entry("srv/data/x")});
  REQUIRE(paths(payload) == "srv srv/data srv/data/x");
  CHECK(payload[0].header.type == EntryType::directory);
  CHECK(payload[0].header.mode == 0755);
  CHECK(payload[0].header.user == "root");
  CHECK(payload[1].header.mode == 0700);
  CHECK(payload[1].header.user == "app");
}

TEST_CASE("the first name of a hard-linked file holds its content") {
  const Payload payload = arrange_payload(
      {entry("z"), entry("m", EntryType::hard_link, "z"), entry("a", EntryType::hard_link, "m")});
  REQUIRE(paths(payload) == "a m z");
  CHECK(payload[0].header.type == EntryType::file);
  CHECK(as_text(std::get<Bytes>(payload[0].content)) == "z");
  for (const std::size_t i : {1U, 2U}) {
    CHECK(payload[i].header.type == EntryType::hard_link);
    CHECK(payload[i].header.target == "a");
  }
}

TEST_CASE("a hard link to a symlink becomes a symlink") {
  const Payload payload = arrange_payload(
      {entry("l", EntryType::symlink, "/x"), entry("h", EntryType::hard_link, "l")});
  CHECK(payload[0].header.type == EntryType::symlink);
  CHECK(payload[0].header.target == "/x");
}

TEST_CASE("a payload that no package may carry is refused") {
  struct Case {
    const char* why;
    Payload payload;
  };
  const Case cases[] = {
      {"absolute", {entry("/etc/x")}},
      {"parent", {entry("a/../b")}},
      {"dot", {entry("a/./b")}},
      {"empty part", {entry("a//b")}},
      {"empty", {entry("")}},
      {"hidden at the top", {entry(".git/config")}},
      {"control character", {entry("a\nb")}},
      {"twice", {entry("a"), entry("a")}},
      {"beneath a file", {entry("a"), entry("a/b")}},
      {"beneath a symlink", {entry("a", EntryType::symlink, "/"), entry("a/b")}},
      {"link to nothing", {entry("a", EntryType::hard_link, "b")}},
      {"links in a circle",
       {entry("a", EntryType::hard_link, "b"), entry("b", EntryType::hard_link, "a")}},
      {"link to a directory",
       {entry("a", EntryType::hard_link, "d"), entry("d", EntryType::directory)}},
  };
  for (const auto& row : cases) {
    const auto& [why, payload] = row;
    INFO(row.why);
    try {
      arrange_payload(payload);
      FAIL("not refused");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::usage);
    }
  }
}

TEST_CASE("a folder is read with its links, modes and no owners of the host") {
  const TemporaryDirectory temporary(std::filesystem::temp_directory_path() / "tarn-payload-");
  const auto& root = temporary.path();
  std::filesystem::create_directories(root / "usr/bin");
  std::ofstream(root / "usr/bin/one") << "content";
  std::filesystem::permissions(root / "usr/bin/one", std::filesystem::perms(04755));
  std::filesystem::create_hard_link(root / "usr/bin/one", root / "another");
  std::filesystem::create_symlink("one", root / "usr/bin/two");
  REQUIRE(mkfifo((root / "pipe").c_str(), 0600) == 0);

  const Payload payload = arrange_payload(read_payload_folder(root, FolderOwners::root));
  REQUIRE(paths(payload) == "another pipe usr usr/bin usr/bin/one usr/bin/two");
  CHECK(payload[0].header.type == EntryType::file);
  CHECK(payload[0].header.mode == 04755);
  CHECK(payload[1].header.type == EntryType::fifo);
  CHECK(payload[4].header.type == EntryType::hard_link);
  CHECK(payload[4].header.target == "another");
  CHECK(payload[5].header.target == "one");
  for (const auto& [header, content] : payload) {
    CHECK(header.user == "root");
    CHECK(header.uid == 0);
  }
}

TEST_CASE("rules change owners and modes, and one that matches nothing is an error") {
  Payload payload = {entry("srv"), entry("srv/a/b"), entry("usr/x", EntryType::symlink, "y")};
  apply_rules(
      payload,
      {{"srv*", PayloadOwner{"app", "web", 100, 101}, {}}, {"*", {}, 0640}, {"srv", {}, 0600}});
  CHECK(payload[0].header.mode == 0600);
  CHECK(payload[1].header.user == "app");
  CHECK(payload[1].header.gid == 101);
  CHECK(payload[1].header.mode == 0640);
  CHECK(payload[2].header.user.empty());
  CHECK(payload[2].header.mode == 0);
  CHECK_THROWS_AS(apply_rules(payload, {{"nothing", {}, 0600}}), Error);
}

}  // namespace tarn::apk
