#include "apk/index/index.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "apk/index/tar_writer.h"
#include "apk/support/error.h"
#include "apk/support/file.h"
#include "apk/support/gzip.h"
#include "unit/shared.h"

namespace tarn::apk {
namespace {

constexpr std::string_view sound =
    "C:Q1TD/6b5L/7zTai/me+k/PJePFscE=\nP:svc\nV:2.0-r1\nA:x86_64\nS:1548\nI:50\nT:svc test\n"
    "U:http://x\nL:MIT\n";

std::string with_lines(const std::string& lines) {
  return std::string(sound) + lines + "\n";
}

/// The message of the Error that `function` throws; empty when it throws none.
template <typename Function>
std::string failure_of(Function&& function) {
  try {
    function();
  } catch (const Error& error) {
    return error.message();
  }
  return "";
}

Bytes gzip_of_files(const std::vector<std::pair<std::string, std::string>>& files) {
  Bytes tar;
  for (const auto& [name, content] : files) append_tar_file(tar, name, as_bytes(content));
  append_tar_end(tar);
  return deflate_gzip(tar, 6);
}

}  // namespace

TEST_CASE("index text: every field lands where it belongs") {
  const auto index = parse_index_text(
      with_lines("o:svc-src\nm:M <m@x>\nt:1700000000\nc:0123456789abcdef0123456789abcdef01234567\n"
                 "k:7\nD:base libz>=1 !old\np:so:libsvc.so.1=1.0.0 virt\ni:svc docs\n"));
  CHECK(index.warnings.empty());
  REQUIRE(index.packages.size() == 1);
  const Package& package = index.packages[0];
  CHECK(package.identity.str() == "Q1TD/6b5L/7zTai/me+k/PJePFscE=");
  CHECK(package.label() == "svc-2.0-r1");
  CHECK(package.arch == "x86_64");
  CHECK(package.size == 1548);
  CHECK(package.installed_size == 50);
  CHECK(package.description == "svc test");
  CHECK(package.url == "http://x");
  CHECK(package.license == "MIT");
  CHECK(package.origin == "svc-src");
  CHECK(package.maintainer == "M <m@x>");
  CHECK(package.build_time == 1700000000);
  CHECK(package.commit == "0123456789abcdef0123456789abcdef01234567");
  CHECK(package.provider_priority == 7);
  REQUIRE(package.depends.size() == 3);
  CHECK(package.depends[1].str() == "libz>=1");
  CHECK(package.depends[2].conflict);
  REQUIRE(package.provides.size() == 2);
  CHECK(package.provides[0].str() == "so:libsvc.so.1=1.0.0");
  REQUIRE(package.install_if.size() == 2);
  CHECK(package.install_if[1].name == "docs");
}

TEST_CASE("index text: repeated list fields add up") {
  const auto index = parse_index_text(with_lines("p:a=1\np:b=2\nD:c\nD:d\n"));
  CHECK(index.packages.at(0).provides.size() == 2);
  CHECK(index.packages.at(0).depends.size() == 2);
}

TEST_CASE("index text: a last package without blank line counts") {
  CHECK(parse_index_text(sound).packages.size() == 1);
  CHECK(parse_index_text("").packages.empty());
  CHECK(parse_index_text("\n\n").packages.empty());
}

TEST_CASE("index text: what is unknown or broken") {
  struct Case {
    std::string lines;
    bool uninstallable;
    std::size_t warnings;
  };
  const std::vector<Case> cases = {
      {"F:\nM:0:0:755\nR:x\nZ:x\nr:x\nq:1\na:x\ns:x\nf:x\ng:x\n", false, 0},
      {"z:lower\nz:twice\n", false, 1},
      {"X:upper\n", true, 1},
      {"D:svc@edge\n", true, 1},
      {"D:a==1\n", true, 1},
      {"D:a>nonsense\n", true, 1},
      {"p:a>1\n", false, 1},
      {"i:a b@edge\n", false, 1},
  };
  for (const Case& test : cases) {
    CAPTURE(test.lines);
    const auto index = parse_index_text(with_lines(test.lines));
    CHECK(index.packages.at(0).uninstallable == test.uninstallable);
    CHECK(index.packages.at(0).install_if.empty());
    CHECK(index.packages.at(0).provides.empty());
    CHECK(index.warnings.size() == test.warnings);
  }
}

TEST_CASE("index text: a provide keeps a version outside the grammar") {
  const auto index = parse_index_text(with_lines("p:pc:blkid=2.28. x=\n"));
  REQUIRE(index.packages.at(0).provides.size() == 1);
  CHECK(index.packages[0].provides[0].str() == "pc:blkid=2.28.");
  CHECK(index.warnings.size() == 1);
}

TEST_CASE("index text: malformed lines name their number") {
  struct Case {
    std::string text;
    std::string expected;
  };
  const std::vector<Case> cases = {
      {with_lines("nonsense\n"), "line 10"},
      {with_lines("T\n"), "line 10"},
      {with_lines("1:x\n"), "line 10"},
      {with_lines("S:12x\n"), "line 10: '12x' is no number"},
      {with_lines("S:\n"), "line 10"},
      {with_lines("S:99999999999999999999999\n"), "line 10"},
      {with_lines("t:-1\n"), "line 10"},
      {with_lines("k:4294967296\n"), "line 10"},
      {with_lines("C:Q1short\n"), "line 10"},
      {with_lines("P:../../etc\n"), "line 10"},
      {with_lines("V:1/2\n"), "line 10"},
      {with_lines("A:..\n"), "line 10"},
      {"P:a\nV:1\n\n", "line 3: the package before has no checksum"},
      {"C:Q1TD/6b5L/7zTai/me+k/PJePFscE=\nV:1\n\n", "no name"},
      {"C:Q1TD/6b5L/7zTai/me+k/PJePFscE=\nP:a\n", "no version"},
  };
  for (const Case& test : cases) {
    CAPTURE(test.text);
    const auto message = failure_of([&] { parse_index_text(test.text); });
    CAPTURE(message);
    CHECK(message.find(test.expected) != std::string::npos);
  }
}

TEST_CASE("index text: empty fields are left out, but not T, U and L") {
  Package package;
  package.name = "a";
  package.version = "1";
  CHECK(index_text({package}) ==
        "C:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=\nP:a\nV:1\nS:0\nI:0\nT:\nU:\nL:\n\n");
}

TEST_CASE("index text: sorted by name, then version") {
  std::vector<Package> packages(4);
  const char* names[] = {"b", "a", "B", "a"};
  const char* versions[] = {"1", "1.10", "1", "1.9"};
  for (std::size_t i = 0; i < 4; ++i) {
    packages[i].name = names[i];
    packages[i].version = versions[i];
  }
  const auto sorted = parse_index_text(index_text(packages)).packages;
  std::string labels;
  for (const auto& package : sorted) labels += package.label() + " ";
  CHECK(labels == "a-1.9 a-1.10 B-1 b-1 ");
}

TEST_CASE("index file: what is written is read") {
  const auto packages = parse_index_text(with_lines("D:base\n")).packages;
  for (const std::string description : {"", "v1.0"}) {
    const Bytes bytes = write_index(description, packages);
    CHECK(bytes == write_index(description, packages));
    const auto index = IndexFile::parse(bytes, "test");
    CHECK(index.description == description);
    CHECK(index.text.lines == with_lines("D:base\n"));
    CHECK(index.signature_files.empty());
    CHECK(index.signed_bytes.size() == bytes.size());
  }
}

TEST_CASE("index file: malformed ones are refused") {
  const std::string text(sound);
  Bytes signature_tar;
  append_tar_file(signature_tar, "EVIL", as_bytes("x"));
  Bytes wrong_first = deflate_gzip(signature_tar, 6);
  const Bytes index = gzip_of_files({{"APKINDEX", text}});
  wrong_first.insert(wrong_first.end(), index.begin(), index.end());
  Bytes trailing = index;
  trailing.insert(trailing.end(), index.begin(), index.end());
  const Bytes cut(index.begin(), index.end() - 9);
  Bytes flipped = index;
  flipped[flipped.size() - 6] ^= std::byte{1};
  Bytes garbage = deflate_gzip({}, 6);
  garbage.insert(garbage.end(), index.begin(), index.end());
  garbage.push_back(std::byte{0});
  const std::vector<std::pair<std::string, Bytes>> cases = {
      {"follow the end", garbage},
      {"no file APKINDEX", gzip_of_files({{"DESCRIPTION", "x"}})},
      {"two files APKINDEX", gzip_of_files({{"APKINDEX", text}, {"APKINDEX", text}})},
      {"instead of signatures", wrong_first},
      {"a signature lies in", gzip_of_files({{".SIGN.RSA.k", "x"}, {"APKINDEX", text}})},
      {"more than the limit", gzip_of_files({{"DESCRIPTION", std::string(70000, 'x')}})},
      {"instead of signatures", trailing},
      {"gzip", cut},
      {"gzip", flipped},
      {"gzip", Bytes{}},
      {"gzip", Bytes(100, std::byte{'x'})},
      {"tar", deflate_gzip(as_bytes(std::string(1024, 'x')), 6)},
  };
  for (const auto& test : cases) {
    const std::string& expected = test.first;
    CAPTURE(expected);
    const auto message = failure_of([&] { IndexFile::parse(test.second, "test"); });
    CAPTURE(message);
    CHECK(message.find(expected) != std::string::npos);
  }
}

TEST_CASE("index file: the real ones survive being read and written") {
  const auto shared = test::shared_folder();
  if (!shared) return;
  struct Case {
    std::string_view folder;
    bool is_rewritten_exactly;  ///< older ones are in another order, and hold broken versions
    bool has_warnings;
  };
  for (const Case& test : {
           Case{"alpine/v3.19.1-bootmedia/x86_64", true, false},
           Case{"alpine/v3.19/main/x86_64", true, false},
           Case{"alpine/v3.19/community/x86_64", false, true},
           Case{"alpine/v3.22/main/x86_64", true, false},
           Case{"alpine/v3.13-bootmedia/aarch64", false, false},
           Case{"alpine/v3.4/main/x86_64", false, true},
           Case{"thirdparty/nginx/x86_64", false, false},
           Case{"thirdparty/php7.0/x86_64", false, false},
       }) {
    CAPTURE(test.folder);
    const auto file = MappedFile::open(*shared / "mirror" / test.folder / "APKINDEX.tar.gz");
    const auto read = IndexFile::parse(file.bytes(), std::string(test.folder));
    CHECK(read.signature_files.size() == 1);
    const auto index = parse_index_text(read.text.lines);
    CHECK(index.warnings.empty() != test.has_warnings);

    const Bytes written = write_index(read.description, index.packages);
    const auto again = IndexFile::parse(written, "written");
    CHECK(again.description == read.description);
    CHECK((again.text.lines == read.text.lines) == test.is_rewritten_exactly);
    if (!test.is_rewritten_exactly) {
      const auto reread = parse_index_text(again.text.lines);
      CHECK(reread.packages.size() == index.packages.size());
      CHECK((index_text(reread.packages) == again.text.lines));
    }
  }
}

}  // namespace tarn::apk
