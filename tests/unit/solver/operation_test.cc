#include "apk/solver/operation.h"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "apk/index/index.h"
#include "apk/support/error.h"
#include "unit/solver/small_index.h"

namespace tarn::apk {
namespace {

using test::small_index;
using Lines = std::vector<std::string_view>;

/// The packages of lines as a root has them: in the order of names.
std::vector<PresentPackage> present(const Lines& lines) {
  std::vector<PresentPackage> installed;
  const BinaryIndex index = small_index(lines);
  for (std::size_t i = 0; i < index.package_count(); ++i) {
    installed.push_back({index.package(i), ""});
  }
  return installed;
}

Request request(const BinaryIndex& repository, const Lines& installed, std::string_view world) {
  Request request;
  request.architectures = {"x86_64"};
  request.repositories.push_back({&repository, ""});
  request.installed = present(installed);
  for (const auto word : split_words(world)) {
    request.world.push_back(Dependency::parse(word).value());
  }
  return request;
}

std::string packages(const std::variant<Plan, std::vector<Problem>>& result) {
  std::vector<std::string> words;
  if (const auto* plan = std::get_if<Plan>(&result)) {
    for (const PlannedPackage& planned : plan->packages) words.push_back(planned.package.label());
  } else {
    for (const Problem& problem : std::get<std::vector<Problem>>(result)) {
      words.push_back("!" + problem.name);
    }
  }
  return fmt::format("{}", fmt::join(words, " "));
}

std::string steps(const Transaction& transaction) {
  std::vector<std::string> words;
  for (const Change& change : transaction.changes) {
    if (change.kind == ChangeKind::stay) continue;
    words.push_back(fmt::format("{} {}", message_of(change.kind), change.package().label()));
  }
  return fmt::format("{}", fmt::join(words, "; "));
}

std::string steps(const std::variant<Outcome, std::vector<Problem>>& result) {
  const auto* outcome = std::get_if<Outcome>(&result);
  return outcome == nullptr ? "no plan" : steps(outcome->transaction);
}

TEST_CASE("solver: an older plan changes as little as possible") {
  struct Row {
    const char* title;
    const char* world;
    std::vector<NameWish> wishes;
    const char* plan;
  };
  // Of the older plan, d-1 has gone from the repository.
  const BinaryIndex repository =
      small_index({"a 1 b", "a 2 b", "b 1", "b 2", "c 1 b", "c 2 b>=2", "d 2", "e 1"});
  const Lines older = {"a 1 b", "b 1", "c 1 b", "d 1"};
  const std::vector<Row> rows = {
      {"nothing changes though all have newer versions", "a c", {}, "b-1 a-1 c-1"},
      {"what has gone is replaced", "a d", {}, "b-1 a-1 d-2"},
      {"an addition leaves the others", "a c e", {}, "b-1 a-1 c-1 e-1"},
      {"a removal leaves the others", "c", {}, "b-1 c-1"},
      {"an upgrade of one", "a c", {{"a", Wish::upgrade, Wish::none}}, "b-1 a-2 c-1"},
      {"an upgrade of one and what it needs",
       "a c",
       {{"a", Wish::upgrade, Wish::upgrade}},
       "b-2 a-2 c-1"},
      {"an upgrade brings what it has to",
       "a c",
       {{"c", Wish::upgrade, Wish::none}},
       "b-2 a-1 c-2"},
      {"world is stronger than what is there", "a>1 c", {}, "b-1 a-2 c-1"},
  };
  for (const Row& row : rows) {
    INFO("case: ", std::string(row.title));
    Request asked = request(repository, older, row.world);
    asked.wish = Wish::available;
    asked.wishes = row.wishes;
    CHECK(packages(solve(asked)) == row.plan);
  }
}

TEST_CASE("solver: a package that no repository has any more") {
  const BinaryIndex repository = small_index({"a 2"});
  Request asked = request(repository, {"a 1", "b 1"}, "a b");
  const auto kept = std::get<Transaction>(transact(asked));
  CHECK(steps(kept).empty());
  CHECK(kept.unavailable == std::vector<std::string>{"a", "b"});
  asked.wish = Wish::available;
  const auto result = solve(asked);
  CHECK(packages(result) == "a-2 b-1");
  CHECK(std::get<Plan>(result).packages[0].repository == 0);
  CHECK(std::get<Plan>(result).packages[1].repository == kNoRepository);
}

TEST_CASE("operation: removing") {
  const BinaryIndex repository = small_index({"a 1 b", "b 1 c", "c 1", "x 1 a"});
  const Lines all = {"a 1 b", "b 1 c", "c 1", "x 1 a"};
  struct Row {
    const char* world;
    const char* name;
    bool recursive;
    const char* steps;
    const char* world_after;
    const char* needed_by;
  };
  const std::vector<Row> rows = {
      {"x", "x", false, "Purging x-1; Purging a-1; Purging b-1; Purging c-1", "", ""},
      {"b x", "x", false, "Purging x-1; Purging a-1", "b", ""},
      {"a x", "a", false, "", "x", "x"},
      {"c x", "b", true, "Purging x-1; Purging a-1; Purging b-1", "c", ""},
  };
  for (const Row& row : rows) {
    INFO("world ", std::string(row.world), ", removing ", std::string(row.name));
    Operation operation{.kind = OperationKind::remove, .packages = {row.name}};
    if (row.recursive) operation.options.insert(OperationOption::recursive);
    const auto result = operate(request(repository, all, row.world), operation);
    CHECK(steps(result) == row.steps);
    const Outcome& outcome = std::get<Outcome>(result);
    std::string world;
    for (const Dependency& entry : outcome.world) world += entry.str();
    CHECK(world == row.world_after);
    std::string needed_by;
    for (const Unremoved& unremoved : outcome.unremoved) {
      needed_by += fmt::format("{}", fmt::join(unremoved.needed_by, " "));
    }
    CHECK(needed_by == row.needed_by);
  }
}

TEST_CASE("operation: virtual packages, pruning and the edits of world") {
  const BinaryIndex repository = small_index({"a 1 b", "b 1", "gcc 1"});
  Request asked = request(repository, {}, "");
  Operation add{.kind = OperationKind::add, .packages = {"a", "gcc"}};
  add.virtual_package = ".deps";
  add.virtual_version = "7";
  const auto result = operate(asked, add);
  CHECK(steps(result) == "Installing b-1; Installing a-1; Installing gcc-1; Installing .deps-7");
  const Outcome& outcome = std::get<Outcome>(result);
  REQUIRE(outcome.world.size() == 1);
  CHECK(outcome.world[0].str() == ".deps=7");
  CHECK(outcome.transaction.changes[0].repository == 0);
  CHECK(outcome.transaction.changes[3].repository == kNoRepository);

  // With what came of it as the root, all goes with the virtual package.
  asked.world = outcome.world;
  for (const auto* name : {".deps", "a", "b", "gcc"}) {
    for (const Change& change : outcome.transaction.changes) {
      if (change.after->name == name) asked.installed.push_back({*change.after, ""});
    }
  }
  CHECK(steps(operate(asked, {.kind = OperationKind::upgrade})).empty());
  CHECK(steps(operate(asked, {.kind = OperationKind::remove, .packages = {".deps"}})) ==
        "Purging .deps-7; Purging a-1; Purging b-1; Purging gcc-1");

  asked = request(repository, {"a 1 b", "b 1", "gone 1"}, "a gone");
  CHECK(steps(operate(asked, {.kind = OperationKind::upgrade,
                              .options = {OperationOption::prune}})) == "Purging gone-1");
}

TEST_CASE("operation: arguments that name nothing") {
  const BinaryIndex repository = small_index({"a 1"});
  const Request root = request(repository, {}, "b");
  const std::vector<Operation> operations = {
      {.kind = OperationKind::remove, .packages = {"nothing"}},
      {.kind = OperationKind::upgrade, .packages = {"nothing"}},
      {.kind = OperationKind::fix, .packages = {"nothing"}},
      {.kind = OperationKind::add, .packages = {"a=?"}},
      {.kind = OperationKind::add, .packages = {"a@edge"}, .virtual_package = ".v"},
      {.kind = OperationKind::add, .packages = {"a"}, .virtual_package = "v>1"},
  };
  for (const Operation& operation : operations) {
    CHECK_THROWS_AS(operate(root, operation), const Error&);
  }
  CHECK(steps(operate(root, {.kind = OperationKind::remove, .packages = {"b"}})).empty());
}

TEST_CASE("solver: entries of world that cannot be are left out on request") {
  const BinaryIndex repository = small_index({"a 1 missing", "b 1"});
  Request asked = request(repository, {}, "a b none");
  CHECK(std::holds_alternative<std::vector<Problem>>(solve(asked)));
  asked.broken_world = BrokenWorld::left_out;
  const auto result = solve(asked);
  CHECK(packages(result) == "b-1");
  const auto& left_out = std::get<Plan>(result).left_out;
  REQUIRE(left_out.size() == 2);
  CHECK(left_out[0].name == "a");
  CHECK(left_out[1].name == "none");
}

}  // namespace
}  // namespace tarn::apk
