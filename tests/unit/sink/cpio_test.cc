#include "builder/sink/cpio.h"

#include <map>

#include <doctest/doctest.h>

#include "apk/support/error.h"
#include "unit/sink/sample_layers.h"

using namespace tarn;
using namespace tarn::builder;

namespace {

struct CpioEntry {
  std::vector<std::uint64_t> fields;
  std::string content;
};

/// A reader of the format as buffer-format.rst has it, for entries that are well-formed.
std::vector<std::pair<std::string, CpioEntry>> read_cpio(std::string_view text) {
  std::vector<std::pair<std::string, CpioEntry>> entries;
  for (std::size_t at = 0; at < text.size();) {
    REQUIRE(text.substr(at, 6) == "070701");
    CpioEntry entry;
    for (std::size_t i = 0; i < 13; ++i)
      entry.fields.push_back(std::stoull(std::string(text.substr(at + 6 + i * 8, 8)), nullptr, 16));
    const std::string path(text.substr(at + 110, entry.fields[11] - 1));
    at = (at + 110 + entry.fields[11] + 3) / 4 * 4;
    entry.content = text.substr(at, entry.fields[6]);
    at = (at + entry.fields[6] + 3) / 4 * 4;
    entries.emplace_back(path, entry);
    if (path == "TRAILER!!!") {
      CHECK(text.substr(at).find_first_not_of('\0') == std::string_view::npos);
      CHECK(text.size() % 512 == 0);
      break;
    }
  }
  return entries;
}

}  // namespace

TEST_CASE("cpio: names of one file stand together, the content with the last") {
  const Images images = test::sample_images({"x86_64"}, "base");
  const LayerTree tree(images.images.front().layers, 9, {});
  test::StringSink sink;
  const auto losses = write_cpio(tree, sink);
  REQUIRE(losses.size() == 1);
  CHECK(losses.front().find("1 file: extended attributes") != std::string::npos);
  const auto entries = read_cpio(sink.text);
  REQUIRE(entries.size() == tree.entries().size() + 1);
  CHECK(entries.front().first == ".");
  CHECK(entries.back().first == "TRAILER!!!");
  std::map<std::string, CpioEntry> by_path(entries.begin(), entries.end());
  CHECK(by_path.at("usr/bin/tool").fields[1] == 0104755);
  CHECK(by_path.at("usr/bin/tool").fields[2] == 82);
  CHECK(by_path.at("usr/bin/tool").fields[4] == 3);
  CHECK(by_path.at("usr/bin/tool").fields[5] == 300);
  CHECK(by_path.at("usr/bin-link").content == "bin");
  CHECK(by_path.at("usr/bin-link").fields[1] == 0120777);
  CHECK(by_path.at("dev/null").fields[1] == 020666);
  CHECK(by_path.at("dev/null").fields[9] == 1);
  CHECK(by_path.at("dev/null").fields[10] == 3);
  CHECK(by_path.at("dev").fields[1] == 041777);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < entries.size(); ++i)
    if (entries[i].second.fields[0] == by_path.at("usr/bin/tool").fields[0])
      names.push_back(entries[i].first + "=" + entries[i].second.content);
  REQUIRE(names.size() == 3);
  CHECK(names[0].ends_with("="));
  CHECK(names[1].ends_with("="));
  CHECK(names[2].ends_with("=the tool"));
}
