#include "builder/report/why.h"

#include <variant>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "builder/report/plan_names.h"
#include "builder/report/why_json.h"
#include "builder/report/why_text.h"
#include "unit/report/small_plan.h"

namespace tarn::builder {
namespace {

using test::SmallPlan;

/// Each chain in a line.
std::string chains(const SmallPlan& plan, const char* package, std::size_t most,
                   std::optional<std::string_view> name = std::nullopt) {
  const Chains found = find_chains(plan.graph, plan.number(package), most, name);
  std::string text;
  for (const Chain& chain : found.chains)
    text += chain_text(chain, plan.selection, plan.graph, unicode_symbols) + "\n";
  return text + std::to_string(found.total);
}

const std::vector<std::string_view> web = {
    "nginx 1.28-r3 so:libz.so.1 so:libc.so pcre>10",
    "pcre 10.4-r0 so:libc.so",
    "zlib 1.3-r0 p:so:libz.so.1=1.3 p:so:libz-extra.so=1 so:libc.so T:Compression",
    "musl 1.2-r0 p:so:libc.so=1",
    "git 2.4-r0 so:libz.so.1 so:libz-extra.so so:libc.so",
    "nginx-openrc 1.28-r3 i:nginx=1.28-r3",
    "cron 1-r0 /bin/sh",
    "bash 5-r0 p:/bin/sh k:10",
    "dash 1-r0 p:/bin/sh k:60",
    "vim 9-r0 so:libc.so T:Editor",
    "gvim 9-r0 vim",
};

TEST_CASE("why: chains, the shortest of each line of the recipe") {
  const SmallPlan plan(web, "nginx git~2 cron");
  CHECK(chains(plan, "nginx", 10) == "recipe:1: nginx-1.28-r3\n1");
  CHECK(chains(plan, "git", 10) == "recipe:2: git~2 → git-2.4-r0\n1");
  CHECK(chains(plan, "zlib", 10) ==
        "recipe:1: nginx → so:libz.so.1 → zlib-1.3-r0\n"
        "recipe:2: git~2 → so:libz.so.1, so:libz-extra.so → zlib-1.3-r0\n2");
  CHECK(chains(plan, "zlib", 1) == "recipe:1: nginx → so:libz.so.1 → zlib-1.3-r0\n2");
  CHECK(chains(plan, "zlib", 0, "so:libz-extra.so") ==
        "recipe:2: git~2 → so:libz.so.1, so:libz-extra.so → zlib-1.3-r0\n1");
  CHECK(chains(plan, "zlib", 0, "zlib") == "0");
  CHECK(chains(plan, "pcre", 10) == "recipe:1: nginx → pcre>10 → pcre-10.4-r0\n1");
  CHECK(chains(plan, "dash", 10) == "recipe:3: cron → /bin/sh → dash-1-r0\n1");
  CHECK(chains(plan, "nginx-openrc", 10) ==
        "recipe:1: nginx → install_if nginx=1.28-r3 → nginx-openrc-1.28-r3\n1");
}

TEST_CASE("why: several shortest chains, and cycles") {
  const SmallPlan plan({"a 1 b c", "b 1 d", "c 1 d", "d 1 e=1 a", "e 1 d"}, "a");
  CHECK(chains(plan, "d", 10) == "recipe:1: a → b → d-1\nrecipe:1: a → c → d-1\n2");
  CHECK(chains(plan, "e", 10) ==
        "recipe:1: a → b → d → e=1 → e-1\nrecipe:1: a → c → d → e=1 → e-1\n2");
  CHECK(chains(plan, "e", 1) == "recipe:1: a → b → d → e=1 → e-1\n2");
}

/// 2^40 shortest chains are counted, not walked.
TEST_CASE("why: very many chains") {
  std::vector<std::string> lines;
  for (int i = 0; i < 40; ++i) {
    const std::string n = std::to_string(i);
    lines.push_back("a" + n + " 1 l" + n + " r" + n);
    for (const char* side : {"l", "r"}) lines.push_back(side + n + " 1 a" + std::to_string(i + 1));
  }
  lines.emplace_back("a40 1");
  const SmallPlan plan({lines.begin(), lines.end()}, "a0");
  const Chains found = find_chains(plan.graph, plan.number("a40"), 3);
  CHECK(found.chains.size() == 3);
  CHECK(found.total == std::uint64_t{1} << 40U);
}

TEST_CASE("why: a package of the plan as text") {
  const SmallPlan plan(web, "nginx git~2 cron");
  const auto text = [&](const char* query, std::size_t most, const Symbols& symbols) {
    const Answer answer = explain_presence(plan.selection, plan.graph, query, most);
    std::string all;
    for (const Presence& presence : answer.present)
      all += presence_text(presence, plan.selection, plan.graph, plan.names, symbols);
    return all;
  };
  CHECK(text("zlib", 1, ascii_symbols) ==
        "zlib-1.3-r0 (v1/main): Compression\n"
        "  wanted by:\n"
        "    recipe:1: nginx -> so:libz.so.1 -> zlib-1.3-r0\n"
        "    and 1 more\n"
        "  the only candidate for zlib, so:libz.so.1, so:libz-extra.so\n");
  CHECK(text("zlib-1.3-r0", 1, ascii_symbols) == text("zlib", 1, ascii_symbols));
  CHECK(text("/bin/sh", 0, unicode_symbols) ==
        "dash-1-r0 (v1/main)\n"
        "  wanted by:\n"
        "    recipe:3: cron → /bin/sh → dash-1-r0\n"
        "  chosen for /bin/sh, not:\n"
        "    bash-5-r0 (v1/main): lower provider priority: 10, the chosen one has 60\n");
  CHECK(text("vim", 0, ascii_symbols).empty());
}

TEST_CASE("why: reasons in words") {
  const SmallPlan plan({"app 1 lib<3 tool", "lib 3", "lib 2", "lib 1", "tool 1 p:x=1 k:5",
                        "tool 2 A:armhf", "other 1 p:tool=0.5", "late 1 p:tool"},
                       "app");
  const auto words = [&](const char* query) {
    const Answer answer = explain_presence(plan.selection, plan.graph, query, 0);
    REQUIRE(answer.present.size() == 1);
    const Presence& presence = answer.present.front();
    std::string all;
    for (const apk::Rival& rival : presence.rivals)
      all += plan.names.label(rival.package) + ": " +
             plan.names.loss(rival, plan.selection.packages()[presence.package]) + "\n";
    return all;
  };
  CHECK(words("lib") ==
        "lib-3: excluded by app-1 (lib<3)\n"
        "lib-1: lower version\n");
  CHECK(words("tool") ==
        "tool-2: built for armhf\n"
        "other-1: lower version of tool: 0.5, the chosen one has 1\n"
        "late-1: provides tool without version or priority, and nothing names it\n");
}

TEST_CASE("why: what is not in the plan") {
  const SmallPlan plan(web, "nginx !gvim cron");
  const auto text = [&](const char* query) {
    const Answer answer = explain_presence(plan.selection, plan.graph, query, 0);
    CHECK(answer.present.empty());
    Error error(ErrorKind::failed, query);
    describe_absence(answer, plan.selection, plan.names, error);
    return error.render();
  };
  CHECK(text("vim") ==
        "error: vim\n"
        "  there is: vim-9-r0 (v1/main): Editor\n"
        "  needed by: nothing in the plan; in the repositories by gvim\n");
  CHECK(text("gvim") ==
        "error: gvim\n"
        "  there is: gvim-9-r0 (v1/main)\n"
        "  cannot be added: excluded by recipe:2 (!gvim)\n"
        "  needed by: nothing in the plan or the repositories\n");
  CHECK(text("bash") ==
        "error: bash\n"
        "  there is: bash-5-r0 (v1/main)\n"
        "  instead: dash-1-r0 has /bin/sh; bash-5-r0: lower provider priority: 10, the chosen one "
        "has 60\n"
        "  needed by: nothing in the plan or the repositories\n");
  CHECK(text("nginxx") == "error: nginxx\n  similar: nginx\n");
  CHECK(text("q") == "error: q\n");
}

TEST_CASE("why: a reason for each package, and the data as JSON") {
  const SmallPlan plan(web, "nginx git~2 cron");
  const auto reasons = find_reasons(plan.selection, plan.graph);
  REQUIRE(reasons.size() == plan.graph.size());
  const auto words = [&](const char* package) {
    const std::size_t i = plan.number(package);
    return wanted_by_text(reasons[i], plan.selection, plan.graph) + "; " +
           chosen_text(reasons[i], i, plan.selection, plan.names);
  };
  CHECK(words("nginx") == "recipe:1; only candidate");
  CHECK(words("git") == "recipe:2 (git~2); only candidate");
  CHECK(words("musl") == "nginx (so:libc.so); only candidate");
  CHECK(words("dash") ==
        "cron (/bin/sh); not bash-5-r0: lower provider priority: 10, the chosen one has 60");

  const auto json = answer_json(explain_presence(plan.selection, plan.graph, "zlib", 1),
                                plan.selection, plan.graph, plan.names);
  CHECK(json["present"][0]["chains_total"] == 2);
  CHECK(json["present"][0]["chains"][0].dump() ==
        R"({"origin":"recipe:1","dependency":"nginx","package":"nginx-1.28-r3",)"
        R"("links":[{"kind":"depends","dependencies":["so:libz.so.1"],"package":"zlib-1.3-r0"}]})");
  CHECK(json["absent"].empty());
  CHECK(wanted_by_json(reasons[plan.number("git")], plan.selection, plan.graph).dump() ==
        R"({"origin":"recipe:2","dependency":"git~2"})");
}

}  // namespace
}  // namespace tarn::builder
