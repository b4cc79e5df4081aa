#include "builder/layer/segments.h"

#include <algorithm>

#include <doctest/doctest.h>

#include "apk/support/error.h"
#include "builder/layer/tar.h"
#include "unit/layer/archive_reader.h"
#include "unit/layer/sample_rootfs.h"

using namespace tarn;
using namespace tarn::builder;

namespace {

constexpr SegmentTimes at_1000{1000, {}};

std::shared_ptr<const Bytes> load(const ContentSource& source) {
  return source.load();
}

Bytes whole_tar(const std::vector<Segment>& segments) {
  Bytes tar;
  for (const Segment& segment : segments) {
    const Bytes part = read_segment(segment, 0, segment.size, load);
    tar.insert(tar.end(), part.begin(), part.end());
  }
  return tar;
}

const test::ReadEntry& find(const std::vector<test::ReadEntry>& entries, const std::string& path) {
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [&](const auto& entry) { return entry.path == path; });
  REQUIRE_MESSAGE(found != entries.end(), path);
  return *found;
}

Sha256Digest key_of_package(const Rootfs& rootfs, std::int32_t owner, SegmentTimes times = at_1000,
                            const std::string& compressor = "gzip 9") {
  for (const Segment& segment : make_segments(rootfs, times))
    if (segment.kind == SegmentKind::package && segment.owner.value == owner)
      return segment_key(segment, compressor);
  FAIL("no such segment");
  return {};
}

}  // namespace

TEST_CASE("segments: directories, packages in install order, generated, end") {
  const auto segments = make_segments(test::sample_rootfs(), at_1000);
  REQUIRE(segments.size() == 5);
  CHECK(segments[0].kind == SegmentKind::directories);
  CHECK(segments[1].kind == SegmentKind::package);
  CHECK(segments[1].owner == Owner{0});
  CHECK(segments[2].kind == SegmentKind::package);
  CHECK(segments[2].owner == Owner{1});
  CHECK(segments[3].kind == SegmentKind::generated);
  CHECK(segments[4].kind == SegmentKind::end);
  CHECK(as_text(read_segment(segments[4], 0, segments[4].size, load)) == tar_end());

  std::vector<std::string> paths;
  for (const auto& entry : test::read_archive(whole_tar(segments))) paths.push_back(entry.path);
  CHECK(paths ==
        std::vector<std::string>{"dev/", "etc/", "usr/", "usr/bin/",                      //
                                 "etc/empty", "etc/group", "etc/passwd", "usr/bin-link",  //
                                 "dev/pipe", "usr/bin/alias", "usr/bin/tool",             //
                                 "dev/null", "etc/hosts", "etc/os-release", "etc/tool-link"});
}

TEST_CASE("segments: paths are in order of octets, parents before children") {
  Rootfs rootfs;
  for (const char* path : {"a/b", "a-b/c", "a.b", "a/B", "\xc3\xa9/x", "z"})
    rootfs.make_directories(path, Owner{});
  std::vector<std::string> paths;
  for (const auto& entry : test::read_archive(whole_tar(make_segments(rootfs, at_1000))))
    paths.push_back(entry.path);
  CHECK(paths == std::vector<std::string>{"a/", "a-b/", "a-b/c/", "a.b/", "a/B/", "a/b/", "z/",
                                          "\xc3\xa9/", "\xc3\xa9/x/"});
}

TEST_CASE("segments: every entry says what its node says") {
  const auto entries = test::read_archive(whole_tar(make_segments(test::sample_rootfs(), at_1000)));
  const auto& tool = find(entries, "usr/bin/alias");
  CHECK(tool.type == '-');
  CHECK(tool.mode == 04755);
  CHECK(tool.uid == 82);
  CHECK(tool.gid == 82);
  CHECK(tool.user == "www");
  CHECK(tool.group == "web");
  CHECK(tool.mtime == 300);
  CHECK(tool.content == "the tool");
  CHECK(tool.xattrs.at("security.capability") == std::string("\1\0\2", 3));
  for (const char* path : {"usr/bin/tool", "etc/tool-link"}) {
    const auto& link = find(entries, path);
    CHECK(link.type == 'h');
    CHECK(link.link == "usr/bin/alias");
    CHECK(link.mode == 04755);
    CHECK(link.mtime == 300);
    CHECK(link.content.empty());
  }
  CHECK(find(entries, "dev/").mode == 01777);
  CHECK(find(entries, "usr/bin-link").link == "bin");
  CHECK(find(entries, "usr/bin-link").type == 'l');
  CHECK(find(entries, "usr/bin-link").mode == 0777);
  CHECK(find(entries, "dev/null").type == 'c');
  CHECK(find(entries, "dev/null").major == 1);
  CHECK(find(entries, "dev/null").minor == 3);
  CHECK(find(entries, "dev/pipe").type == 'p');
  CHECK(find(entries, "etc/passwd").user == "root");
  CHECK(find(entries, "etc/empty").content.empty());
}

TEST_CASE("segments: times") {
  struct Case {
    const char* path;
    std::int64_t plain;
    std::int64_t clamped;
  };
  // With an epoch of 250.
  const Case cases[] = {{"etc/", 250, 250},           {"usr/bin-link", 260, 250},
                        {"etc/passwd", 100, 100},     {"usr/bin/alias", 300, 250},
                        {"usr/bin/tool", 300, 250},   {"etc/tool-link", 300, 250},
                        {"etc/os-release", 250, 250}, {"etc/hosts", 250, 250},
                        {"dev/null", 250, 250},       {"dev/pipe", 500, 250}};
  Rootfs rootfs = test::sample_rootfs();
  rootfs.find("usr/bin-link")->node->mtime = 260;
  const auto plain = test::read_archive(whole_tar(make_segments(rootfs, {250, {}})));
  const auto clamped = test::read_archive(whole_tar(make_segments(rootfs, {250, 250})));
  for (const Case& item : cases) {
    CAPTURE(item.path);
    CHECK(find(plain, item.path).mtime == item.plain);
    CHECK(find(clamped, item.path).mtime == item.clamped);
  }
}

TEST_CASE("segments: any cut gives the same octets") {
  const auto segments = make_segments(test::sample_rootfs(), at_1000);
  for (const Segment& segment : segments) {
    const Bytes whole = read_segment(segment, 0, segment.size, load);
    CHECK(whole.size() == segment.size);
    for (const std::uint64_t step : {1U, 7U, 511U, 512U, 513U, 1000U}) {
      Bytes joined;
      for (std::uint64_t begin = 0; begin < segment.size; begin += step) {
        const Bytes part = read_segment(segment, begin, std::min(begin + step, segment.size), load);
        joined.insert(joined.end(), part.begin(), part.end());
      }
      CHECK(joined == whole);
    }
  }
}

TEST_CASE("segments: a part needs only the sources it shows") {
  const auto one = std::make_shared<test::CountingSource>(std::string(600, '1'));
  const auto two = std::make_shared<test::CountingSource>(std::string(600, '2'));
  Rootfs rootfs;
  rootfs.put("a", {test::make_file(one, 0, 600), Owner{0}});
  rootfs.put("b", {test::make_file(two, 100, 500), Owner{0}});
  rootfs.put("c", {test::make_file(one, 0, 1), Owner{0}});
  const Segment segment = make_segments(rootfs, at_1000).at(0);
  using Sources = std::vector<const ContentSource*>;
  CHECK(segment_sources(segment, 0, 512) == Sources{});
  CHECK(segment_sources(segment, 0, 513) == Sources{one.get()});
  CHECK(segment_sources(segment, 512 + 600, 2048) == Sources{});  // padding and a header
  CHECK(segment_sources(segment, 2048, 2049) == Sources{two.get()});
  CHECK(segment_sources(segment, 0, segment.size) == Sources{one.get(), two.get()});
}

TEST_CASE("segments: a content outside its source is an error") {
  const auto source = std::make_shared<test::CountingSource>("0123456789");
  for (const auto& [offset, size] :
       {std::pair<std::uint64_t, std::uint64_t>{5, 6}, {11, 1}, {~std::uint64_t{0}, 2}}) {
    Rootfs rootfs;
    rootfs.put("a", {test::make_file(source, offset, size), Owner{0}});
    const auto segments = make_segments(rootfs, at_1000);
    CHECK_THROWS_AS(read_segment(segments[0], 0, segments[0].size, load), Error);
    CHECK_THROWS_AS(segment_key(segments[0], ""), Error);
  }
}

TEST_CASE("segments: a key changes with what the tar shows, and with nothing else") {
  const auto base = [] { return test::sample_rootfs(); };
  const Sha256Digest key = key_of_package(base(), 1);
  CHECK(key_of_package(base(), 1) == key);

  struct Case {
    const char* what;
    void (*change)(Rootfs&);
    bool same;
  };
  const Case cases[] = {
      {"mode", [](Rootfs& r) { r.find("usr/bin/tool")->node->mode = 0755; }, false},
      {"owner", [](Rootfs& r) { r.find("usr/bin/tool")->node->uid = 0; }, false},
      {"time", [](Rootfs& r) { r.find("usr/bin/tool")->node->mtime = 301; }, false},
      {"attribute", [](Rootfs& r) { r.find("usr/bin/tool")->node->xattrs["user.a"] = "b"; }, false},
      {"content",
       [](Rootfs& r) { r.find("usr/bin/tool")->node->content = Content::of("THE TOOL"); }, false},
      {"same content elsewhere",
       [](Rootfs& r) { r.find("usr/bin/tool")->node->content = Content::of("the tool"); }, true},
      {"a removed entry", [](Rootfs& r) { r.remove("dev/pipe"); }, false},
      {"a user's name",
       [](Rootfs& r) { r.write_file("etc/passwd", "other:x:82:82::/:/x\n", Owner{0}); }, false},
      {"another package's file", [](Rootfs& r) { r.remove("etc/empty"); }, true},
      {"a generated file", [](Rootfs& r) { r.remove("etc/os-release"); }, true},
      {"a directory", [](Rootfs& r) { r.make_directories("srv", Owner{1}); }, true},
  };
  for (const Case& item : cases) {
    CAPTURE(item.what);
    Rootfs rootfs = base();
    item.change(rootfs);
    CHECK((key_of_package(rootfs, 1) == key) == item.same);
  }
  CHECK(key_of_package(base(), 1, {1001, {}}) == key);  // all its times are its own
  CHECK(key_of_package(base(), 1, {250, 250}) != key);
  CHECK(key_of_package(base(), 1, at_1000, "gzip 6") != key);
  CHECK(key_of_package(base(), 0) != key);
}

TEST_CASE("segments: a source with an identity is not loaded for the key") {
  int loads = 0;
  const auto key = [&](std::uint64_t offset, const std::string& identity) {
    const auto source = std::make_shared<test::CountingSource>("0123456789", identity);
    Rootfs rootfs;
    rootfs.put("a", {test::make_file(source, offset, 3), Owner{0}});
    const Sha256Digest made = key_of_package(rootfs, 0);
    loads += source->loads();
    return made;
  };
  const Sha256Digest first = key(0, "apk one");
  CHECK(key(0, "apk one") == first);
  CHECK(key(1, "apk one") != first);
  CHECK(key(0, "apk two") != first);
  CHECK(loads == 0);
  key(0, "");
  CHECK(loads == 1);
}
