#include "builder/report/installed_needs.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace tarn::builder {
namespace {

/// "name=version D:need,need P:provide,provide I:condition k:priority".
apk::InstalledPackage needing(std::string_view line) {
  apk::InstalledPackage installed;
  apk::Package& package = installed.package;
  for (const std::string_view word : apk::split_words(line)) {
    if (word.size() < 2 || word[1] != ':') {
      package.name = word.substr(0, word.find('='));
      package.version = word.substr(package.name.size() + 1);
      continue;
    }
    std::string list(word.substr(2));
    if (word[0] == 'k') package.provider_priority = static_cast<std::uint32_t>(std::stoul(list));
    if (word[0] == 'k') continue;
    for (char& c : list) c = c == ',' ? ' ' : c;
    for (const std::string_view item : apk::split_words(list)) {
      if (word[0] == 'D') package.depends.push_back(*apk::Dependency::parse(item));
      if (word[0] == 'I') package.install_if.push_back(*apk::Dependency::parse(item));
      if (word[0] == 'P') package.provides.push_back(*apk::Provide::parse(item));
    }
  }
  return installed;
}

/// "top: those that go with it; …".
std::string alone_text(const std::vector<std::string>& lines, std::string_view world) {
  std::vector<apk::InstalledPackage> packages;
  for (const std::string& line : lines) packages.push_back(needing(line));
  std::vector<apk::Dependency> wishes;
  for (const std::string_view word : apk::split_words(world))
    wishes.push_back(*apk::Dependency::parse(word));
  std::string text;
  for (const TopLevelPackage& top : InstalledNeeds(packages).top_level(wishes)) {
    text += (text.empty() ? "" : "; ") + packages[top.package].package.name + ":";
    for (const std::size_t i : top.alone) text += " " + packages[i].package.name;
  }
  return text;
}

}  // namespace

TEST_CASE("installed needs: what goes with a package that world asks for") {
  struct Case {
    std::string why;
    std::vector<std::string> packages;
    std::string world;
    std::string expected;
  };
  for (const auto& row : std::vector<Case>{
           {"a chain goes, what is shared stays",
            {"a=1 D:x,y", "b=1 D:y", "x=1 D:z", "y=1", "z=1"},
            "a b",
            "a: a x z; b: b"},
           {"one that others need as well", {"a=1 D:b", "b=1"}, "a b", "a: a; b:"},
           {"a circle", {"a=1 D:x", "x=1 D:y", "y=1 D:x", "b=1"}, "a b", "a: a x y; b: b"},
           {"two lines for one package",
            {"a=1 P:cmd:a=1 D:x", "x=1", "b=1"},
            "a cmd:a b",
            "a: a x; b: b"},
           {"a provided name with a version",
            {"a=1 D:so:x.so.1", "lib=2 P:so:x.so.1=1.5", "b=1"},
            "a b",
            "a: a lib; b: b"},
           {"of two that provide a name the one that is there anyway is enough",
            {"a=1 P:virt", "b=1 P:virt", "x=1 D:virt", "y=1 D:b"},
            "a x y",
            "a: a; x: x; y: b y"},
           {"else that of the higher priority stays",
            {"a=1 D:virt", "low=1 P:virt k:1", "high=1 P:virt k:2", "b=1 D:low"},
            "a b",
            "a: a; b: low b"},
           {"the version decides who is meant",
            {"a=1 D:virt>2", "real=3 P:virt=3", "other=1 P:virt", "b=1 D:other"},
            "a b",
            "a: a real; b: other b"},
           {"what two bring goes with either",
            {"a=1", "b=1", "both=1 I:a,b D:deep", "deep=1"},
            "a b",
            "a: a both deep; b: b both deep"},
           {"what must not be there forbids nothing",
            {"a=1 D:!z", "b=1", "c=1 I:a,!z"},
            "a b !z",
            "a: a c; b: b"},
           {"a world that nothing answers", {"a=1"}, "gone", ""},
           {"what nothing needs is nobody's", {"a=1", "lost=1"}, "a", "a: a"},
       }) {
    CAPTURE(row.why);
    CHECK(alone_text(row.packages, row.world) == row.expected);
  }
}

TEST_CASE("installed needs: a thousand packages in a circle, each of them asked for") {
  std::vector<std::string> lines;
  std::string world;
  for (int i = 0; i < 1000; ++i) {
    lines.push_back("p" + std::to_string(i) + "=1 D:p" + std::to_string((i + 1) % 1000));
    world += "p" + std::to_string(i) + " ";
  }
  const std::string text = alone_text(lines, world);
  CHECK(text.starts_with("p0:; p1:;"));
}

}  // namespace tarn::builder
