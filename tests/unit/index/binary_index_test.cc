#include "apk/index/binary_index.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "apk/index/index.h"
#include "apk/index/name_table.h"
#include "apk/index/package_text.h"
#include "apk/support/error.h"
#include "apk/support/file.h"
#include "unit/shared.h"

namespace tarn::apk {
namespace {

const std::string kText =
    "C:Q1TD/6b5L/7zTai/me+k/PJePFscE=\nP:svc\nV:2.0-r1\nA:x86_64\nS:1548\nI:50\nT:svc test\n"
    "U:http://x\nL:MIT\nk:7\nD:base libz>=1 !old\np:so:libsvc.so.1=1.0.0 virt\ni:svc docs\n\n"
    "C:Q1EyN5AdpAOBJWKMR89pp/C66o+OE=\nP:base\nV:1\nA:noarch\nS:1\nI:1\nT:\nU:\nL:\nD:bad=\nz:1\n"
    "\n";

Bytes file_of(const BinaryIndex& index) {
  const BinaryIndex::File file = index.file();
  Bytes bytes = file.header;
  for (const ByteView section : file.sections)
    bytes.insert(bytes.end(), section.begin(), section.end());
  return bytes;
}

std::string lines_of(const Package& package) {
  std::string lines;
  append_package_text(lines, package);
  return lines + (package.uninstallable ? "uninstallable" : "");
}

/// Everything that an index gives access to.
std::string walk(const BinaryIndex& index) {
  std::string seen;
  for (std::size_t i = 0; i < index.package_count(); ++i) {
    seen.append(index.name(i)).append(index.version(i)).append(index.text(index.record(i).arch));
    for (const IndexOffer& offer : index.offers(i)) {
      seen.append(" p:").append(index.name_text(offer.name));
      seen.append("=").append(index.text(offer.version));
    }
    for (const IndexNeed& need : index.depends(i))
      seen.append(" D:").append(index.name_text(need.name));
    for (const IndexNeed& need : index.install_if(i))
      seen.append(" i:").append(index.name_text(need.name));
    try {
      seen.append(" ").append(index.package(i).label());
    } catch (const Error&) {
      seen.append(" unreadable");
    }
    seen += '\n';
  }
  return seen;
}

void check_same(const BinaryIndex& index, const Index& expected) {
  REQUIRE(index.package_count() == expected.packages.size());
  for (std::size_t i = 0; i < expected.packages.size(); ++i) {
    if (lines_of(index.package(i)) != lines_of(expected.packages[i]))
      CHECK(lines_of(index.package(i)) == lines_of(expected.packages[i]));
  }
  CHECK(index.warnings() == expected.warnings);
}

}  // namespace

TEST_CASE("binary index: what the text says") {
  const BinaryIndex index = BinaryIndex::from_text(kText);
  CHECK(walk(index) ==
        "svc2.0-r1x86_64 p:svc=2.0-r1 p:so:libsvc.so.1=1.0.0 p:virt= D:base D:libz D:old i:svc "
        "i:docs svc-2.0-r1\n"
        "base1noarch p:base=1 base-1\n");
  CHECK(index.record(0).provider_priority == 7);
  CHECK(index.depends(0)[1].match == static_cast<std::uint8_t>(VersionMatch::greater_or_equal));
  CHECK(index.depends(0)[2].conflict == 1);
  CHECK(index.record(0).uninstallable == 0);
  CHECK(index.record(1).uninstallable == 1);
  CHECK(index.faults(1) == std::vector<std::string>{"its dependency 'bad=' is broken"});
  check_same(index, parse_index_text(kText));
  // Names that packages have come before those that are only needed.
  CHECK(index.name_text(3) == "base");
  CHECK(index.name_text(index.name_count() - 1) == "docs");
  CHECK(index.is_own_name(3));
  CHECK_FALSE(index.is_own_name(1));
}

TEST_CASE("binary index: several are one, in their order") {
  // b is in both, with one identity; so is c, with the one that says nothing.
  const std::string b = "C:Q1TD/6b5L/7zTai/me+k/PJePFscE=\nP:b\nV:1\nA:noarch\nI:1\np:x=1\n\n";
  const std::string c = "C:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=\nP:c\nV:1\nA:noarch\nI:1\n\n";
  const std::string first_text =
      "C:Q1EyN5AdpAOBJWKMR89pp/C66o+OE=\nP:a\nV:1\nA:x86_64\nI:1\nD:z\np:y\ni:x\n\n" + b + c;
  const std::string second_text =
      c + b + "C:Q1lCFa6JMZgeWOXmWIDOT4i4t94yM=\nP:z\nV:2\nA:x86_64\nI:1\nD:a>1 w\np:x\ni:c x\n\n";
  const BinaryIndex first = BinaryIndex::from_text(first_text, "first");
  const BinaryIndex second = BinaryIndex::from_text(second_text, "second");
  const BinaryIndex both = BinaryIndex::join({&first, &second});
  const Bytes file = file_of(both);
  const BinaryIndex read = BinaryIndex::view(file, BinaryIndex::Checksum::verified);
  CHECK(file_of(BinaryIndex::join_parts({BinaryIndex::Part::from_text(first_text, "first"),
                                         BinaryIndex::Part::from_text(second_text, "second")})) ==
        file);
  for (const BinaryIndex* index : {&both, &read}) {
    CHECK(walk(*index) == walk(first) + walk(second));
    CHECK(index->source_count() == 2);
    CHECK(index->warnings().size() == first.warnings().size() + second.warnings().size());
    const std::vector<std::uint64_t> sources = {1, 3, 1, 2, 3, 2};
    const std::vector<std::uint32_t> equals = {0, 1, 2, 3, 1, 5};
    for (std::size_t i = 0; i < sources.size(); ++i) {
      CAPTURE(i);
      CHECK(index->sources(i) == sources[i]);
      CHECK(index->record(i).first_equal == equals[i]);
    }
    const auto find = [&](std::string_view name) { return *index->find(name, name_hash(name)); };
    CHECK(index->providers(find("b")).size() == 1);
    CHECK(index->providers(find("c")).size() == 2);
    REQUIRE(index->providers(find("x")).size() == 2);
    CHECK(index->providers(find("x"))[1].package == 5);
    // z is needed before anything has it.
    CHECK(find("z") < find("w"));
    CHECK(find("w") == index->name_count() - 1);
    // By buckets of apk's table; each name once, though z and x come of both conditions.
    std::vector<std::string_view> triggered;
    for (const std::uint32_t name : index->triggered(find("x")))
      triggered.push_back(index->name_text(name));
    std::vector<std::string_view> expected = {"a", "y", "z", "x"};
    std::sort(expected.begin(), expected.end(), [](std::string_view l, std::string_view r) {
      return name_hash(l) % 20000 < name_hash(r) % 20000;
    });
    CHECK(triggered == expected);
  }
  const BinaryIndex thrice = BinaryIndex::join({&second, &both});
  CHECK(thrice.source_count() == 3);
  CHECK(thrice.sources(1) == 7);
  CHECK(walk(thrice) == walk(second) + walk(both));
  CHECK(walk(BinaryIndex::join({})).empty());
  const std::vector<const BinaryIndex*> too_many(65, &first);
  CHECK_THROWS_AS(BinaryIndex::join(too_many), Error);
}

TEST_CASE("binary index: runs of one index's packages are one source") {
  const std::string text = std::string(kText) + "\n" + kText;
  const std::size_t cut = text.find("\n\n") + 2;
  const auto whole = std::make_shared<const std::string>(text);
  const SharedText shared{*whole, whole};
  std::vector<BinaryIndex::Part> parts;
  parts.push_back(BinaryIndex::Part::from_text(shared.part(0, cut), "n"));
  parts.push_back(BinaryIndex::Part::from_text(shared.part(cut, text.size() - cut), "n",
                                               shared.lines.substr(0, cut)));
  parts.push_back(BinaryIndex::Part::from_text(kText, "other"));
  const BinaryIndex cut_index = BinaryIndex::join_parts(parts);
  const BinaryIndex first = BinaryIndex::from_text(text, "n");
  const BinaryIndex second = BinaryIndex::from_text(kText, "other");
  const BinaryIndex expected = BinaryIndex::join({&first, &second});
  CHECK(walk(cut_index) == walk(expected));
  CHECK(cut_index.source_count() == 2);
  for (std::size_t i = 0; i < expected.package_count(); ++i)
    CHECK(cut_index.sources(i) == expected.sources(i));
  CHECK(cut_index.warnings() == expected.warnings());

  const std::string broken = text + "\nno field\n";
  std::string message;
  try {
    BinaryIndex::from_text(broken);
  } catch (const Error& error) {
    message = error.message();
  }
  CHECK(message.starts_with("APKINDEX line "));
  CHECK_THROWS_WITH_AS(BinaryIndex::Part::from_text(SharedText::own(broken.substr(cut)), {},
                                                    std::string_view(broken).substr(0, cut)),
                       message.c_str(), Error);
}

TEST_CASE("binary index: packages that no text said, and none at all") {
  Package package;
  package.name = "a";
  package.version = "1";
  package.uninstallable = true;
  const BinaryIndex index = BinaryIndex::from_packages({package});
  CHECK(index.record(0).uninstallable == 1);
  CHECK(index.package(0).uninstallable);
  CHECK(BinaryIndex::from_packages({}).package_count() == 0);
  CHECK(BinaryIndex::from_text("\n\n").package_count() == 0);
  const Bytes empty = file_of(BinaryIndex::from_text(""));
  CHECK(BinaryIndex::view(empty, BinaryIndex::Checksum::verified).package_count() == 0);
  CHECK_THROWS_AS(BinaryIndex::from_text("P:x\n"), Error);
}

TEST_CASE("binary index: a file is the index, and any other is refused") {
  using Checksum = BinaryIndex::Checksum;
  const BinaryIndex index = BinaryIndex::from_text(kText);
  const Bytes file = file_of(index);
  const BinaryIndex read = BinaryIndex::view(file, Checksum::verified);
  CHECK(walk(read) == walk(index));
  CHECK(read.warnings() == index.warnings());
  CHECK(file_of(read) == file);

  for (std::size_t size = 0; size < file.size(); ++size)
    CHECK_THROWS_AS(BinaryIndex::view(ByteView(file).first(size), Checksum::verified), Error);
  Bytes longer = file;
  longer.resize(file.size() + 4);
  CHECK_THROWS_AS(BinaryIndex::view(longer, Checksum::ignored), Error);

  std::size_t accepted = 0;
  for (std::size_t i = 0; i < file.size(); ++i) {
    for (const unsigned flip : {0x01U, 0x80U, 0xffU}) {
      Bytes damaged = file;
      damaged[i] ^= static_cast<std::byte>(flip);
      if (i < file.size() - kText.size()) {
        CHECK_THROWS_AS(BinaryIndex::view(damaged, Checksum::verified), Error);
      } else {
        // The text is checked where it is read: a package's lines, not what separates them.
        const std::string seen = walk(BinaryIndex::view(damaged, Checksum::verified));
        CHECK((seen.find(" unreadable") != std::string::npos) ==
              (i != file.size() - kText.size() + kText.find("\n\n") + 1 && i != file.size() - 1));
      }
      try {
        walk(BinaryIndex::view(damaged, Checksum::ignored));
        ++accepted;
      } catch (const Error&) {
      }
    }
  }
  CHECK(accepted > 0);
}

TEST_CASE("binary index: whole indexes") {
  const auto shared = test::shared_folder();
  if (!shared) return;
  const auto path = *shared / "mirror/alpine/v3.22/main/x86_64/APKINDEX.tar.gz";
  const std::string file = read_file(path);
  const std::string text(IndexFile::parse(as_bytes(file), path.string()).text.lines);
  const BinaryIndex index = BinaryIndex::from_text(text);
  check_same(index, parse_index_text(text));
  const Bytes bytes = file_of(index);
  CHECK(walk(BinaryIndex::view(bytes, BinaryIndex::Checksum::verified)) == walk(index));
}

}  // namespace tarn::apk
