#include "builder/layer/tar.h"

#include <functional>

#include <doctest/doctest.h>

#include "apk/support/error.h"
#include "unit/layer/archive_reader.h"

using namespace tarn;
using namespace tarn::builder;

namespace {

std::string repeat(const std::string& text, int times) {
  std::string result;
  for (int i = 0; i < times; ++i) result += text;
  return result;
}

test::ReadEntry read_back(const TarHeader& header, const std::string& content = "") {
  std::string tar = tar_header(header) + content;
  tar += std::string(tar_padding(content.size()), '\0') + tar_end();
  const auto entries = test::read_archive(as_bytes(tar));
  REQUIRE(entries.size() == 1);
  return entries.front();
}

}  // namespace

TEST_CASE("tar: a plain file needs one block, octet for octet as ustar says") {
  TarHeader header;
  header.path = "etc/motd";
  header.mode = 04755;
  header.uid = 1;
  header.gid = 2;
  header.user = "bin";
  header.group = "daemon";
  header.size = 5;
  header.mtime = 1700000000;
  const std::string block = tar_header(header);
  REQUIRE(block.size() == 512);
  CHECK(block.substr(0, 9) == std::string("etc/motd\0", 9));
  CHECK(block.substr(100, 8) == std::string("0004755\0", 8));
  CHECK(block.substr(108, 8) == std::string("0000001\0", 8));
  CHECK(block.substr(116, 8) == std::string("0000002\0", 8));
  CHECK(block.substr(124, 12) == std::string("00000000005\0", 12));
  CHECK(block.substr(136, 12) == std::string("14524770400\0", 12));
  CHECK(block[156] == '0');
  CHECK(block.substr(257, 8) == std::string("ustar\00000", 8));
  CHECK(block.substr(265, 4) == std::string("bin\0", 4));
  CHECK(block.substr(297, 7) == std::string("daemon\0", 7));
  unsigned sum = 0;
  for (std::size_t i = 0; i < 512; ++i)
    sum += i >= 148 && i < 156 ? ' ' : static_cast<unsigned char>(block[i]);
  CHECK(std::stoul(block.substr(148, 6), nullptr, 8) == sum);
  CHECK(block.substr(154, 2) == std::string("\0 ", 2));
}

TEST_CASE("tar: an extended header stands only where ustar cannot say it") {
  struct Case {
    const char* what;
    std::function<void(TarHeader&)> change;
    bool extended;
  };
  const std::string hundred = repeat("n", 100);
  const Case cases[] = {
      {"a name of 100", [&](auto& h) { h.path = hundred; }, false},
      {"a name of 101", [&](auto& h) { h.path = hundred + "n"; }, true},
      {"prefix 155 and name 100", [&](auto& h) { h.path = repeat("p", 155) + "/" + hundred; },
       false},
      {"prefix 156", [&](auto& h) { h.path = repeat("p", 156) + "/" + hundred; }, true},
      {"many folders", [&](auto& h) { h.path = repeat("folder/", 30) + "x"; }, false},
      {"too many folders", [&](auto& h) { h.path = repeat("folder/", 60) + "x"; }, true},
      {"a directory of 99",
       [&](auto& h) {
         h.type = TarType::directory;
         h.path = repeat("n", 99);
       },
       false},
      {"a directory of 100",
       [&](auto& h) {
         h.type = TarType::directory;
         h.path = hundred;
       },
       true},
      {"a directory with prefix",
       [&](auto& h) {
         h.type = TarType::directory;
         h.path = repeat("p", 120) + "/" + repeat("n", 99);
       },
       false},
      {"a link of 100",
       [&](auto& h) {
         h.type = TarType::symlink;
         h.link = hundred;
       },
       false},
      {"a link of 101",
       [&](auto& h) {
         h.type = TarType::symlink;
         h.link = hundred + "n";
       },
       true},
      {"a path outside ASCII", [&](auto& h) { h.path = "etc/ssl/F\xc5\x91tan\xc3\xba.crt"; }, true},
      {"a path that is not UTF-8", [&](auto& h) { h.path = "latin1-\xe9"; }, true},
      {"a link outside ASCII",
       [&](auto& h) {
         h.type = TarType::symlink;
         h.link = "F\xc5\x91tan\xc3\xba";
       },
       true},
      {"the highest short uid", [&](auto& h) { h.uid = 2097151; }, false},
      {"a uid of 8 digits", [&](auto& h) { h.uid = 2097152; }, true},
      {"a gid of 8 digits", [&](auto& h) { h.gid = 4294967294U; }, true},
      {"the latest short time", [&](auto& h) { h.mtime = 8589934591; }, false},
      {"a time of 12 digits", [&](auto& h) { h.mtime = 8589934592; }, true},
      {"a time before 1970", [&](auto& h) { h.mtime = -1; }, true},
      {"a user name of 31", [&](auto& h) { h.user = repeat("u", 31); }, false},
      {"a user name of 32", [&](auto& h) { h.user = repeat("u", 32); }, true},
      {"a group name of 40", [&](auto& h) { h.group = repeat("g", 40); }, true},
      {"an attribute",
       [&](auto& h) { h.xattrs["security.capability"] = std::string("\1\0\0\2\n=", 6); }, true},
      {"a device",
       [&](auto& h) {
         h.type = TarType::character_device;
         h.device_major = 1;
         h.device_minor = 3;
       },
       false},
      {"a fifo", [&](auto& h) { h.type = TarType::fifo; }, false},
  };
  for (const Case& item : cases) {
    CAPTURE(item.what);
    TarHeader header;
    header.path = "usr/bin/x";
    header.uid = 10;
    header.gid = 20;
    header.user = "u";
    header.group = "g";
    header.mtime = 12345;
    item.change(header);
    const std::string blocks = tar_header(header);
    CHECK(blocks.size() % 512 == 0);
    CHECK((blocks.size() > 512) == item.extended);
    CHECK((blocks[156] == 'x') == item.extended);
    const auto read = read_back(header);
    CHECK(read.path == header.path + (header.type == TarType::directory ? "/" : ""));
    CHECK(read.uid == static_cast<std::int64_t>(header.uid));
    CHECK(read.gid == static_cast<std::int64_t>(header.gid));
    CHECK(read.user == header.user);
    CHECK(read.group == header.group);
    CHECK(read.mtime == header.mtime);
    CHECK(read.link == header.link);
    CHECK(read.major == header.device_major);
    CHECK(read.minor == header.device_minor);
    CHECK(read.xattrs == header.xattrs);
    CHECK_FALSE(read.has_other_times);
  }
}

TEST_CASE("tar: the length of an extended record counts its own digits") {
  // "NN path=…\n" around the edge from two to three digits.
  for (std::size_t size = 101; size < 1100; size += size < 130 || size > 980 ? 1 : 50) {
    CAPTURE(size);
    TarHeader header;
    header.path = std::string(size, 'n');
    CHECK(read_back(header).path == header.path);
  }
}

TEST_CASE("tar: a content follows padded, a size of 12 digits is an extended record") {
  TarHeader header;
  header.path = "f";
  header.size = 600;
  CHECK(read_back(header, std::string(600, 'c')).content == std::string(600, 'c'));
  header.size = 8589934592;
  const std::string blocks = tar_header(header);
  CHECK(blocks.find("19 size=8589934592\n") == 512);
  CHECK(tar_padding(0) == 0);
  CHECK(tar_padding(1) == 511);
  CHECK(tar_padding(512) == 0);
  CHECK(tar_end() == std::string(1024, '\0'));
}

TEST_CASE("tar: what no tar can hold is refused") {
  const auto refuses = [](const std::function<void(TarHeader&)>& change) {
    TarHeader header;
    header.path = "a";
    change(header);
    CHECK_THROWS_AS(tar_header(header), Error);
  };
  refuses([](auto& h) { h.path = ""; });
  refuses([](auto& h) { h.path = std::string("a\0b", 3); });
  refuses([](auto& h) { h.link = std::string("a\0b", 3); });
  refuses([](auto& h) { h.user = std::string("a\0b", 3); });
  refuses([](auto& h) { h.xattrs["user.a=b"] = "c"; });
  refuses([](auto& h) { h.xattrs[""] = "c"; });
  refuses([](auto& h) {
    h.type = TarType::block_device;
    h.device_major = 1U << 22U;
  });
}
