#include "builder/rootfs/rootfs.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "apk/support/error.h"

using tarn::Error;
using tarn::builder::Content;
using tarn::builder::Entry;
using tarn::builder::Node;
using tarn::builder::NodeType;
using tarn::builder::Owner;
using tarn::builder::Rootfs;

namespace {

Entry link_to(std::string target) {
  auto node = std::make_shared<Node>();
  node->type = NodeType::symlink;
  node->mode = 0777;
  node->target = std::move(target);
  return Entry{std::move(node), Owner{}};
}

/// usr/bin/sh, and links of every sort to and around it.
Rootfs sample() {
  Rootfs rootfs;
  rootfs.write_file("usr/bin/sh", "shell", Owner{3});
  rootfs.put("bin", link_to("usr/bin"));
  rootfs.put("sbin", link_to("/bin"));
  rootfs.put("usr/up", link_to("../../../usr/./bin//"));
  rootfs.put("sh", link_to("sbin/sh"));
  rootfs.put("loop", link_to("pool"));
  rootfs.put("pool", link_to("loop"));
  rootfs.put("gone", link_to("usr/nothing"));
  rootfs.put("far", link_to("usr/none/at/all"));
  return rootfs;
}

}  // namespace

TEST_CASE("rootfs: find follows links inside the root") {
  const Rootfs rootfs = sample();
  struct Case {
    std::string path;
    Rootfs::Follow follow;
    bool found;
    NodeType type;
  };
  const auto last = Rootfs::Follow::last;
  const auto not_last = Rootfs::Follow::not_last;
  const std::vector<Case> cases = {
      {"", not_last, true, NodeType::directory},
      {"/", last, true, NodeType::directory},
      {"usr/bin/sh", not_last, true, NodeType::file},
      {"/usr//bin/./sh", not_last, true, NodeType::file},
      {"bin/sh", not_last, true, NodeType::file},
      {"sbin/sh", not_last, true, NodeType::file},
      {"usr/up/sh", not_last, true, NodeType::file},
      {"../../usr/bin/../bin/sh", not_last, true, NodeType::file},
      {"bin", not_last, true, NodeType::symlink},
      {"bin/", last, true, NodeType::directory},
      {"sh", not_last, true, NodeType::symlink},
      {"sh", last, true, NodeType::file},
      {"bin/../lib", not_last, false, NodeType::file},  // ".." counts from where the link leads
      {"bin/../bin/sh", not_last, true, NodeType::file},
      {"usr/bin/sh/x", not_last, false, NodeType::file},
      {"usr/bin/sh/..", not_last, false, NodeType::file},
      {"loop", last, false, NodeType::file},
      {"loop", not_last, true, NodeType::symlink},
      {"gone", last, false, NodeType::file},
      {"none", not_last, false, NodeType::file},
      {std::string(5000, 'x'), not_last, false, NodeType::file},
  };
  for (const Case& c : cases) {
    CAPTURE(c.path);
    const Entry* entry = rootfs.find(c.path, c.follow);
    REQUIRE((entry != nullptr) == c.found);
    if (entry != nullptr) CHECK(entry->node->type == c.type);
  }
}

TEST_CASE("rootfs: resolve gives the real place") {
  const Rootfs rootfs = sample();
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"bin/sh", "usr/bin/sh"},
      {"sbin/new", "usr/bin/new"},
      {"bin", "bin"},
      {"usr/up/x", "usr/bin/x"},
      {"..", ""},
      {"usr/bin/..", "usr"},
      {"new", "new"},
      {"gone", "gone"},
      {"/usr/", "usr"},
      {"../../../etc", "etc"},
  };
  for (const auto& row : cases) {
    const auto& [path, real] = row;
    CAPTURE(row.first);
    CHECK(rootfs.resolve(path) == real);
  }
  CHECK_THROWS_WITH_AS(rootfs.resolve("usr/none/x"),
                       "'/usr/none/x' cannot be reached: there is no '/usr/none'", Error);
  CHECK_THROWS_WITH_AS(rootfs.resolve("bin/sh/x"),
                       "'/bin/sh/x' cannot be reached: '/usr/bin/sh' is no directory", Error);
  CHECK_THROWS_WITH_AS(rootfs.resolve("loop/x"), "too many symbolic links in '/loop/x'", Error);
  CHECK_THROWS_AS(rootfs.resolve(std::string(5000, 'x')), Error);
}

TEST_CASE("rootfs: put goes through links of folders and replaces links themselves") {
  Rootfs rootfs = sample();
  rootfs.put("sbin/tool", link_to("x"));
  CHECK(rootfs.find("usr/bin/tool") != nullptr);
  rootfs.put("bin", link_to("/usr"));
  CHECK(rootfs.find("usr/bin/sh") != nullptr);
  CHECK(rootfs.find("bin")->node->target == "/usr");
  rootfs.put("usr/bin/", link_to("y"));
  CHECK(rootfs.find("usr/bin")->node->type == NodeType::symlink);
  CHECK_THROWS_AS(rootfs.put("none/x", link_to("y")), Error);
  CHECK_THROWS_AS(rootfs.put("gone/x", link_to("y")), Error);
  CHECK_THROWS_AS(rootfs.put("", link_to("y")), Error);
  CHECK_THROWS_AS(rootfs.put("usr/..", link_to("y")), Error);
}

TEST_CASE("rootfs: no place lies deeper than a path can name") {
  Rootfs rootfs;
  std::string path = "d";
  while (path.size() < 4000) path += "/" + std::string(200, 'd');
  rootfs.make_directories(path, Owner{});
  rootfs.put("l", link_to(path));
  CHECK_THROWS_WITH_AS(rootfs.make_directories("l/" + std::string(200, 'd'), Owner{}),
                       doctest::Contains("is longer than 4095 octets"), Error);
}

TEST_CASE("rootfs: make_directories keeps what is there") {
  Rootfs rootfs = sample();
  rootfs.find("usr")->node->mode = 0700;
  Entry& made = rootfs.make_directories("sbin/a/b", Owner{7});
  CHECK(made.node->mode == 0755);
  CHECK(made.owner == Owner{7});
  CHECK(rootfs.find("usr/bin/a/b") == &made);
  CHECK(rootfs.find("usr")->node->mode == 0700);
  CHECK(rootfs.find("usr")->owner == Owner{3});
  CHECK(&rootfs.make_directories("", Owner{7}) == &rootfs.make_directories("/", Owner{7}));
  CHECK_THROWS_AS(rootfs.make_directories("sh/x", Owner{}), Error);
  CHECK_THROWS_AS(rootfs.make_directories("bin/sh", Owner{}), Error);
  CHECK_THROWS_AS(rootfs.make_directories("gone", Owner{}), Error);
  CHECK_THROWS_AS(rootfs.make_directories("loop/x", Owner{}), Error);
}

TEST_CASE("rootfs: remove") {
  Rootfs rootfs = sample();
  CHECK(rootfs.remove("bin"));
  CHECK(rootfs.find("usr/bin/sh") != nullptr);
  CHECK_FALSE(rootfs.remove("bin"));
  CHECK_FALSE(rootfs.remove("loop/x"));
  CHECK(rootfs.remove("usr"));
  CHECK(rootfs.find("usr/bin/sh") == nullptr);
  CHECK_THROWS_AS(rootfs.remove("/"), Error);
}

TEST_CASE("rootfs: write_file and read_file") {
  Rootfs rootfs = sample();
  rootfs.write_file("etc/passwd", "root", Owner{}, 0600);
  CHECK(rootfs.read_file("etc/passwd") == "root");
  rootfs.find("etc/passwd")->node->gid = 42;
  rootfs.write_file("etc/passwd", "other", Owner{5});
  CHECK(rootfs.read_file("/etc/passwd") == "other");
  const Entry* entry = rootfs.find("etc/passwd");
  CHECK(entry->node->mode == 0600);
  CHECK(entry->node->gid == 42);
  CHECK(entry->owner == Owner{5});

  rootfs.write_file("sh", "through links", Owner{});
  CHECK(rootfs.read_file("usr/bin/sh") == "through links");
  CHECK(rootfs.find("sh")->node->type == NodeType::symlink);
  rootfs.write_file("far", "made", Owner{});
  CHECK(rootfs.read_file("usr/none/at/all") == "made");
  rootfs.write_file("empty", "", Owner{});
  CHECK(rootfs.read_file("empty") == "");

  CHECK(rootfs.read_file("usr") == std::nullopt);
  CHECK(rootfs.read_file("none") == std::nullopt);
  CHECK_THROWS_AS(rootfs.write_file("usr", "", Owner{}), Error);
  CHECK_THROWS_AS(rootfs.write_file("loop", "", Owner{}), Error);
}

TEST_CASE("rootfs: walk is in order of octets, parents first") {
  std::vector<std::string> paths;
  sample().walk([&paths](const std::string& path, const Entry&) { paths.push_back(path); });
  CHECK(paths == std::vector<std::string>{"bin", "far", "gone", "loop", "pool", "sbin", "sh", "usr",
                                          "usr/bin", "usr/bin/sh", "usr/up"});
}

TEST_CASE("content: ranges are checked") {
  Content content = Content::of("hello");
  CHECK(content.read() == "hello");
  content.offset = 1;
  content.size = 3;
  CHECK(content.read() == "ell");
  content.size = 5;
  CHECK_THROWS_AS(content.read(), Error);
  content.offset = ~0ULL;
  content.size = 2;
  CHECK_THROWS_AS(content.read(), Error);
  CHECK(Content{}.read().empty());
  CHECK_THROWS_AS((Content{nullptr, 0, 1}.read()), Error);
}
