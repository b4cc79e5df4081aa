#include "builder/report/tree.h"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "unit/report/small_plan.h"

namespace tarn::builder {
namespace {

using test::SmallPlan;

const std::vector<std::string_view> packages = {
    "web 1 so:z pcre>1 sh", "pcre 2 so:c", "z 1 p:so:z=1 so:c", "c 1 p:so:c=1",
    "sh 1 so:c box=1",      "box 1 sh",    "web-rc 1 i:web",
};

TEST_CASE("tree: what needs what, each subtree once") {
  const SmallPlan plan(packages, "web~1 c");
  const Tree tree{plan.selection, plan.graph, "title", Direction::needs, {}};
  CHECK(tree_text(tree, unicode_symbols) ==
        "title\n"
        "├── web-1 (web~1)\n"
        "│   ├── z-1 (so:z)\n"
        "│   │   └── c-1 (so:c)\n"
        "│   ├── pcre-2 (pcre>1)\n"
        "│   │   └── c-1 (so:c)\n"
        "│   ├── sh-1\n"
        "│   │   ├── c-1 (so:c)\n"
        "│   │   └── box-1 (box=1)\n"
        "│   │       └── sh-1 *\n"
        "│   └── web-rc-1 (install_if web)\n"
        "└── c-1\n"
        "* what stands below it is shown above\n");
  const Tree part{plan.selection, plan.graph, "title", Direction::needs, {plan.number("pcre")}};
  CHECK(tree_text(part, ascii_symbols) == "title\n`-- pcre-2\n    `-- c-1 (so:c)\n");
}

TEST_CASE("tree: who needs it") {
  const SmallPlan plan(packages, "web~1 c");
  const Tree tree{plan.selection, plan.graph, "title", Direction::needed_by, {plan.number("pcre")}};
  CHECK(tree_text(tree, ascii_symbols) ==
        "title\n"
        "`-- pcre-2\n"
        "    `-- web-1 (pcre>1)\n"
        "        `-- recipe:1 (web~1)\n");
  const Tree all{plan.selection, plan.graph, "title", Direction::needed_by, {}};
  const std::string text = tree_text(all, ascii_symbols);
  CHECK(text.find("\n|-- c-1\n") != std::string::npos);
  CHECK(text.find("recipe:2\n") != std::string::npos);
  CHECK(text.find("web-rc-1\n") != std::string::npos);
}

TEST_CASE("tree: packages that only cycles lead to are shown from below, too") {
  const SmallPlan plan({"a 1 b", "b 1 a"}, "a");
  const Tree tree{plan.selection, plan.graph, "title", Direction::needed_by, {}};
  const std::string text = tree_text(tree, ascii_symbols);
  CHECK(text.find("a-1") != std::string::npos);
  CHECK(text.find("b-1") != std::string::npos);
}

TEST_CASE("tree: very deep ones end") {
  std::vector<std::string> lines;
  for (int i = 0; i < 300; ++i)
    lines.push_back("p" + std::to_string(i) + " 1 p" + std::to_string(i + 1));
  lines.emplace_back("p300 1");
  const SmallPlan plan({lines.begin(), lines.end()}, "p0");
  const std::string text =
      tree_text({plan.selection, plan.graph, "title", Direction::needs, {}}, ascii_symbols);
  CHECK(text.find("p99-1 ...\n") != std::string::npos);
  CHECK(text.find("p100-1") == std::string::npos);
  CHECK(text.find("levels below the 100th are not shown") != std::string::npos);
}

TEST_CASE("tree: as a graph and as JSON") {
  const SmallPlan plan(packages, "web~1 c");
  const Tree part{
      plan.selection, plan.graph, "a \"title\"", Direction::needs, {plan.number("pcre")}};
  CHECK(tree_dot(part) ==
        "digraph \"a \\\"title\\\"\" {\n"
        "  rankdir=LR;\n"
        "  node [shape=box];\n"
        "  \"c-1\";\n"
        "  \"pcre-2\";\n"
        "  \"pcre-2\" -> \"c-1\" [label=\"so:c\"];\n"
        "}\n");
  const Tree all{plan.selection, plan.graph, "t", Direction::needs, {}};
  const std::string dot = tree_dot(all);
  CHECK(dot.find("  \"recipe:1\" -> \"web-1\" [label=\"web~1\"];\n") != std::string::npos);
  CHECK(dot.find("  \"web-1\" -> \"web-rc-1\" [label=\"install_if web\", style=dashed];\n") !=
        std::string::npos);
  const Tree reverse{plan.selection, plan.graph, "t", Direction::needed_by, {plan.number("web")}};
  CHECK(tree_dot(reverse).find("  \"web-1\" -> \"recipe:1\"") != std::string::npos);

  CHECK(
      tree_json(part).dump() ==
      R"({"roots":[{"package":"pcre-2"}],"packages":[{"package":"c-1","needs":[]},)"
      R"({"package":"pcre-2","needs":[{"package":"c-1","kind":"depends","dependencies":["so:c"]}]}]})");
  CHECK(tree_json(all)["roots"][0].dump() ==
        R"({"package":"web-1","dependency":"web~1","origin":"recipe:1"})");
  const auto json = tree_json(reverse);
  CHECK(json["packages"][0]["needed_by"].empty());
  CHECK(json["packages"][0]["wanted_by"][0]["origin"] == "recipe:1");
}

}  // namespace
}  // namespace tarn::builder
