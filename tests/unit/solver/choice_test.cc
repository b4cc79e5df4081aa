#include "apk/solver/choice.h"

#include <fstream>
#include <map>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "apk/index/index.h"
#include "apk/support/file.h"
#include "unit/shared.h"
#include "unit/solver/small_index.h"

namespace tarn::apk {
namespace {

using test::dependencies;
using test::small_index;

/// "reason", with what else the loss says.
std::string text(const Universe& universe, const Loss& loss) {
  std::string text(code(loss.reason));
  if (!loss.dependency.name.empty()) text += " " + loss.dependency.str();
  if (!loss.name.empty()) text += " " + loss.name;
  if (loss.by != kNoPackage) text += " by " + universe.label(loss.by);
  return text;
}

/// The rivals of the package that holds `name`: "label: loss; …".
std::string rivals(const BinaryIndex& first, const BinaryIndex& second, const char* tag,
                   const char* world, const char* name) {
  Universe universe({"x86_64"}, {{&first, ""}, {&second, tag}});
  const auto result = solve_in(universe, dependencies(world));
  REQUIRE(std::holds_alternative<Plan>(result));
  const Selection selection(universe, dependencies(world), std::get<Plan>(result));
  const auto id = universe.find(name);
  REQUIRE(id.has_value());
  const auto holders = selection.holders(*id);
  REQUIRE(!holders.empty());
  std::string all;
  for (const Rival& rival : find_rivals(selection, *id, holders.front().package)) {
    if (!all.empty()) all += "; ";
    all += universe.label(rival.package) + ": " + text(universe, rival.loss);
  }
  return all;
}

TEST_CASE("choice: why a candidate lost") {
  struct Row {
    const char* title;
    std::vector<std::string_view> first;
    std::vector<std::string_view> second;
    const char* tag;
    const char* world;
    const char* name;
    const char* expected;
  };
  const std::vector<Row> rows = {
      {"alone", {"a 1"}, {}, "", "a", "a", ""},
      {"versions, the highest first",
       {"a 1", "a 3", "a 2"},
       {},
       "",
       "a",
       "a",
       "a-2: lower-version; a-1: lower-version"},
      {"world excludes", {"a 1", "a 2"}, {}, "", "a<2", "a", "a-2: excluded a<2"},
      {"a package excludes",
       {"a 1", "a 2", "b 1 a<2"},
       {},
       "",
       "a b",
       "a",
       "a-2: excluded a<2 by b-1"},
      {"another architecture", {"a 1", "a 2 A:armhf"}, {}, "", "a", "a", "a-2: architecture"},
      {"a broken dependency", {"a 1", "a 2 b=?"}, {}, "", "a", "a", "a-2: broken"},
      {"tag not allowed", {"a 1"}, {"a 2"}, "edge", "a", "a", "a-2: tag"},
      {"a tag does not count for a package without size",
       {"a 2"},
       {"a 1 I:0"},
       "edge",
       "a",
       "a",
       "a-1: lower-version"},
      {"tag preferred", {"a 2"}, {"a 1"}, "edge", "a@edge", "a", "a-2: other-tag"},
      {"a tag is passed on, and untagged ones stay preferred",
       {"b 1 c", "c 1"},
       {"a 1 b", "b 2"},
       "edge",
       "a@edge",
       "b",
       "b-2: other-tag"},
      {"needs what nothing has", {"a 1", "a 2 x"}, {}, "", "a", "a", "a-2: unsatisfied x"},
      {"needs what is there in another version",
       {"a 1", "a 2 b>1", "b 1"},
       {},
       "",
       "a b",
       "a",
       "a-2: unsatisfied b>1 by b-1"},
      {"another of its names is taken",
       {"a 1", "a 2 p:tool=2", "b 1 p:tool=1"},
       {},
       "",
       "a b",
       "a",
       "a-2: taken-name tool by b-1"},
      {"priority decides between provides without version",
       {"a 1 p:sh k:10", "b 1 p:sh k:20", "c 1 p:sh"},
       {},
       "",
       "sh",
       "sh",
       "a-1: lower-priority; c-1: unnamed"},
      {"version of the provide before priority",
       {"a 1 p:sh=1 k:99", "b 1 p:sh=2"},
       {},
       "",
       "sh",
       "sh",
       "a-1: lower-version"},
      {"equal but later in the index",
       {"a 1 p:sh=1", "b 1 p:sh=1"},
       {},
       "",
       "sh",
       "sh",
       "b-1: later-in-repository"},
      {"equal but in a later repository", {"a 1"}, {"a 1"}, "", "a", "a", "a-1: later-repository"},
      {"the chosen one is wanted by its own name",
       {"a 1 p:x", "b 1 p:x k:9", "c 1 a"},
       {},
       "",
       "c x",
       "x",
       "b-1: chosen-otherwise a by c-1"},
      {"the chosen one came by its install_if",
       {"a 1 p:x i:c", "b 1 p:x k:9", "c 1"},
       {},
       "",
       "c",
       "x",
       "b-1: chosen-by-condition"},
      {"others of the plan are no rivals", {"a 1 p:sh", "b 1 p:sh"}, {}, "", "a b sh", "sh", ""},
      {"a conflict of the chosen one with its rival does not hide the difference",
       {"a 1 p:sh k:20 !b", "b 1 p:sh k:10"},
       {},
       "",
       "sh",
       "sh",
       "b-1: lower-priority"},
  };
  for (const Row& row : rows) {
    INFO("case: ", std::string(row.title));
    CHECK(rivals(small_index(row.first, "first"), small_index(row.second, "second"), row.tag,
                 row.world, row.name) == row.expected);
  }
}

TEST_CASE("choice: what keeps a package out of a plan") {
  const BinaryIndex all =
      small_index({"a 1", "b 1 !a", "c 1 p:a=0", "d 1 x", "e 1 A:s390x", "f 1", "g 1 h", "h 1 x"});
  Universe universe({"x86_64"}, {{&all, ""}});
  const auto world = dependencies("a");
  const Selection selection(universe, world, std::get<Plan>(solve_in(universe, world)));
  const std::vector<std::pair<const char*, const char*>> rows = {
      {"b", "unsatisfied !a by a-1"},
      {"c", "taken-name a by a-1"},
      {"d", "unsatisfied x"},
      {"e", "architecture"},
      {"f", ""},
      {"g", "unsatisfied h"},
  };
  for (const auto& row : rows) {
    const auto& [name, expected] = row;
    INFO("package: ", std::string(row.first));
    const auto provider = universe.providers(universe.find(name).value()).front();
    const auto loss = find_obstacle(selection, provider.package);
    CHECK((loss ? text(universe, *loss) : std::string()) == expected);
  }
}

/// Nearly every rival in real worlds lost for a reason that can be named.
TEST_CASE("choice: reasons over whole indexes") {
  const auto shared = test::shared_folder();
  if (!shared) return;
  const auto read = [&](const char* path) {
    const std::string file = read_file(*shared / "mirror/alpine" / path / "APKINDEX.tar.gz");
    return BinaryIndex::from_text(std::string(IndexFile::parse(as_bytes(file), path).text.lines));
  };
  const BinaryIndex main = read("v3.19/main/x86_64");
  const BinaryIndex community = read("v3.19/community/x86_64");
  const BinaryIndex other = read("v3.19.1-bootmedia/x86_64");
  Universe universe({"x86_64"}, {{&main, ""}, {&community, ""}, {&other, ""}});
  std::ifstream worlds(*shared / "corpora/worlds-v3.19.jsonl");
  std::map<LossReason, std::size_t> counts;
  std::size_t line_number = 0;
  for (std::string line; std::getline(worlds, line);) {
    if (line_number++ % 10 != 0) continue;
    std::vector<Dependency> world;
    const auto expected = nlohmann::json::parse(line);
    for (const auto& word : expected["world"])
      world.push_back(Dependency::parse(word.get<std::string>()).value());
    const auto result = solve_in(universe, world);
    if (!std::holds_alternative<Plan>(result)) continue;
    const Selection selection(universe, world, std::get<Plan>(result));
    for (const PackageId id : selection.packages())
      for (const Offer& offer : universe.offers(id))
        for (const Rival& rival : find_rivals(selection, offer.name, id)) {
          ++counts[rival.loss.reason];
        }
  }
  CHECK(counts[LossReason::lower_version] > 100);
  CHECK(counts[LossReason::lower_priority] > 0);
  CHECK(counts[LossReason::earlier_decision] <= 2);
}

}  // namespace
}  // namespace tarn::apk
