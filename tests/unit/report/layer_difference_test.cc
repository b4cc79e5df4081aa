#include "builder/report/layer_difference.h"

#include <doctest/doctest.h>

#include "unit/sink/sample_layers.h"

using namespace tarn;
using namespace tarn::builder;

namespace {

using Records = std::vector<std::pair<TarHeader, std::string>>;

Records sample_records() {
  return {{test::record("usr", TarType::directory), ""},
          {test::record("usr/a", TarType::file), "one"},
          {test::record("usr/b", TarType::hard_link, "usr/a"), ""},
          {test::record("usr/c", TarType::symlink, "a"), ""},
          {test::record("usr/d", TarType::character_device), ""}};
}

LayerDifference compare(const Records& before, const Records& after) {
  const std::vector<Layer> left = {test::layer_of(before)};
  const std::vector<Layer> right = {test::layer_of(after)};
  return compare_layers(left, right, {});
}

/// "PATH: CHANGE NAME…" of each.
std::vector<std::string> lines(const LayerDifference& difference) {
  std::vector<std::string> lines;
  for (const FileDifference& file : difference.records) {
    std::string line = file.path + ": " + std::string(name_of(file.change));
    for (const ValueDifference& value : file.values) line += " " + value.name;
    lines.push_back(std::move(line));
  }
  return lines;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("layers: the same ones do not differ") {
  CHECK(compare(sample_records(), sample_records()).empty());
}

TEST_CASE("layers: each value of a record counts") {
  Records records = sample_records();
  Lines expected;
  SUBCASE("content") {
    records[1].second = "two";
    expected = {"usr/a: changed content"};
  }
  SUBCASE("size") {
    records[1].second = "three";
    expected = {"usr/a: changed size content"};
  }
  SUBCASE("mode") {
    records[0].first.mode = 0700;
    expected = {"usr: changed mode"};
  }
  SUBCASE("owner") {
    records[1].first.gid = 9;
    expected = {"usr/a: changed owner"};
  }
  SUBCASE("owner's name") {
    records[1].first.user = "root";
    expected = {"usr/a: changed owner's name"};
  }
  SUBCASE("time") {
    records[1].first.mtime = 1;
    expected = {"usr/a: changed time"};
  }
  SUBCASE("link") {
    records[3].first.link = "b";
    expected = {"usr/c: changed target"};
  }
  SUBCASE("device") {
    records[4].first.device_minor = 1;
    expected = {"usr/d: changed device"};
  }
  SUBCASE("attribute") {
    records[1].first.xattrs["user.a"] = "b";
    expected = {"usr/a: changed xattrs"};
  }
  SUBCASE("hard link") {
    records[2] = {test::record("usr/b", TarType::file), "one"};
    expected = {"usr/b: changed type size content target"};
  }
  SUBCASE("added, removed") {
    records[4].first.path = "usr/e";
    expected = {"usr/d: removed", "usr/e: added"};
  }
  SUBCASE("twice") {
    records.push_back(records[1]);
    expected = {"usr/a (record 2): added"};
  }
  const LayerDifference difference = compare(sample_records(), records);
  CHECK(lines(difference) == expected);
  CHECK(difference.forms.empty());
}

TEST_CASE("layers: what no record shows") {
  std::vector<Layer> before = {test::layer_of(sample_records())};
  std::vector<Layer> after = before;
  std::string expected;
  SUBCASE("order") {
    Records records = sample_records();
    std::swap(records[3], records[4]);
    after = {test::layer_of(records)};
    expected = "the records stand in another order, first usr/c → usr/d";
  }
  SUBCASE("compression") {
    after[0].digest = sha256(std::string("another"));
    expected = "layer 1: the same tar, compressed in another way";
  }
  SUBCASE("media type") {
    after[0].media_type += "+gzip";
    expected = "layer 1: media type application/vnd.oci.image.layer.v1.tar → ";
  }
  SUBCASE("number of layers") {
    Records records = sample_records();
    const Records upper = {records.back()};
    records.pop_back();
    after = {test::layer_of(records), test::layer_of(upper)};
    const LayerDifference difference = compare_layers(before, after, {});
    CHECK(lines(difference) == Lines{"usr/d: changed layer"});
    expected = "layers: 1 → 2";
  }
  const LayerDifference difference = compare_layers(before, after, {});
  REQUIRE(difference.forms.size() == 1);
  CHECK(difference.forms[0].find(expected) == 0);
}

TEST_CASE("layers: where tars of the same records part") {
  const std::vector<Layer> before = {test::layer_of(sample_records())};
  const ByteView tar = before[0].blob.bytes();
  std::string longer(as_text(tar));
  longer.append(1024, '\0');
  const TemporaryDirectory folder(std::filesystem::temp_directory_path() / "tarn-report-");
  write_file(folder.path() / "tar", longer);
  std::vector<Layer> after = before;
  after[0].blob = MappedFile::open(folder.path() / "tar");
  after[0].size = after[0].tar_size = longer.size();
  after[0].digest = after[0].diff_id = sha256(longer);
  const LayerDifference difference = compare_layers(before, after, {});
  CHECK(difference.records.empty());
  REQUIRE(difference.forms.size() == 1);
  CHECK(difference.forms[0].find("the same records, written as another tar") != std::string::npos);
  CHECK(difference.forms[0].find(std::to_string(tar.size())) != std::string::npos);
}
