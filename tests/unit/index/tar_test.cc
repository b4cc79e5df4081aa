#include <functional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "apk/index/tar_reader.h"
#include "apk/index/tar_writer.h"
#include "apk/support/error.h"

namespace tarn::apk {
namespace {

/// An archive of one file "name" with content "content", changed at some octets of its header; the
/// header's checksum is made right again.
Bytes changed_archive(const std::function<void(std::string&)>& change) {
  Bytes tar;
  append_tar_file(tar, "name", as_bytes("content"));
  append_tar_end(tar);
  std::string text(as_text(tar));
  change(text);
  text.replace(148, 8, "        ");
  unsigned sum = 0;
  for (std::size_t i = 0; i < 512; ++i) sum += static_cast<unsigned char>(text[i]);
  for (std::size_t i = 0; i < 6; ++i)
    text[148 + i] = static_cast<char>('0' + ((sum >> (3 * (5 - i))) & 7));
  text[154] = '\0';
  const auto view = as_bytes(text);
  return {view.begin(), view.end()};
}

std::string failure_of(ByteView tar) {
  try {
    TarReader reader(tar);
    while (reader.next()) {
    }
  } catch (const Error& error) {
    return error.message();
  }
  return "";
}

}  // namespace

TEST_CASE("tar: what is written is read") {
  Bytes tar;
  append_tar_file(tar, "one", as_bytes("1"));
  append_tar_file(tar, "two", as_bytes(std::string(512, '2')));
  append_tar_file(tar, "none", {});
  append_tar_end(tar);
  TarReader reader(tar);
  for (const auto& [path, size] :
       {std::pair("one", 1U), std::pair("two", 512U), std::pair("none", 0U)}) {
    const auto entry = reader.next();
    REQUIRE(entry);
    CHECK(entry->path == path);
    CHECK(entry->type == '0');
    CHECK(entry->size == size);
    CHECK(entry->mode == 0644);
    CHECK(entry->user == "root");
  }
  CHECK_FALSE(reader.next());
  CHECK(reader.trailing_blocks() == 2);
}

TEST_CASE("tar: an empty archive has no entries") {
  TarReader nothing({});
  CHECK_FALSE(nothing.next());
  const Bytes blocks(1024);
  TarReader zeros(blocks);
  CHECK_FALSE(zeros.next());
  CHECK(zeros.trailing_blocks() == 2);
}

TEST_CASE("tar: a name too long to write is refused") {
  Bytes tar;
  CHECK_THROWS_AS(append_tar_file(tar, std::string(101, 'x'), {}), Error);
}

TEST_CASE("tar: malformed archives are refused") {
  struct Case {
    std::string expected;
    std::function<void(std::string&)> change;
  };
  const std::vector<Case> cases = {
      {"no type flag", [](auto& t) { t[156] = '\0'; }},
      {"entry type 0x53", [](auto& t) { t[156] = 'S'; }},
      {"entry type 0x56", [](auto& t) { t[156] = 'V'; }},
      {"no ustar header", [](auto& t) { t.replace(257, 8, std::string(8, '\0')); }},
      {"size is no octal number", [](auto& t) { t.replace(124, 11, "0000000000x"); }},
      {"size is no octal number", [](auto& t) { t[124] = '\x80'; }},
      {"owner is no octal number", [](auto& t) { t.replace(108, 7, "9999999"); }},
      {"cut short", [](auto& t) { t.replace(124, 11, "77777777777"); }},
      {"cut short", [](auto& t) { t.resize(512); }},
      {"at byte", [](auto& t) { t.resize(515); }},
      {"contradict", [](auto& t) { t.replace(0, 6, std::string("name/\0", 6)); }},
      {"at byte 1024", [](auto& t) { t[1024] = 'x'; }},
      {"follows the end", [](auto& t) { t[1024 + 600] = 'x'; }},
      {"PAX record", [](auto& t) { t[156] = 'x'; }},
      {"no ustar header",
       [](auto& t) {
         t[156] = 'x';
         t.replace(512, 7, "7 a=bc\n");
       }},
  };
  for (const auto& test : cases) {
    const auto& expected = test.expected;
    const auto& change = test.change;
    CAPTURE(expected);
    const auto message = failure_of(changed_archive(change));
    CAPTURE(message);
    CHECK(message.find(expected) != std::string::npos);
  }
  CHECK(failure_of(changed_archive([](auto&) {})).empty());
}

TEST_CASE("tar: malformed PAX records are refused") {
  for (const std::string record :
       {"7 a=bcd\n", "7 a=bc", "8 abcd\n\n", "x a=b\n", "99999999999999999999 a=b\n", "0 a=b\n",
        "3 \n", " 6 a=b\n", "6 a=b\nx", "32 APK-TOOLS.checksum.SHA1=abc\n",
        "22 GNU.sparse.major=1\n"}) {
    CAPTURE(record);
    Bytes tar;
    append_tar_file(tar, "x", as_bytes(record));
    tar[156] = std::byte{'x'};
    append_tar_file(tar, "file", {});
    CHECK_THROWS_AS(read_tar_entry(tar, 0), Error);
  }
}

TEST_CASE("tar: PAX and GNU headers give path, link, xattrs and checksum") {
  const auto record = [](const std::string& text) {
    const std::size_t length = text.size() + 4;  // two digits, a space, a line end
    return std::to_string(length) + " " + text + "\n";
  };
  const std::string digest(40, 'a');
  const std::string records = record("path=long/path") + record("linkpath=there/is/a/target") +
                              record("SCHILY.xattr.user.x=a=b") + record("mtime=12.5555555") +
                              record("size=12345678") + record("APK-TOOLS.checksum.SHA1=" + digest);
  Bytes tar;
  append_tar_file(tar, "x", as_bytes(records));
  tar[156] = std::byte{'x'};
  append_tar_file(tar, "file", {});
  const auto entry = read_tar_entry(tar, 0);
  CHECK(entry.path == "long/path");
  CHECK(entry.link == "there/is/a/target");
  CHECK(entry.xattrs == std::map<std::string, std::string>{{"user.x", "a=b"}});
  CHECK(entry.mtime == 0);
  CHECK(entry.size == 0);
  REQUIRE(entry.checksum);
  CHECK(to_hex(*entry.checksum) == digest);
  CHECK(entry.end == tar.size());

  Bytes gnu;
  append_tar_file(gnu, "L", as_bytes(std::string_view("gnu/path\0", 9)));
  gnu[156] = std::byte{'L'};
  append_tar_file(gnu, "file", {});
  CHECK(read_tar_entry(gnu, 0).path == "gnu/path");
}

}  // namespace tarn::apk
