// Repositories, a root and an operation on it, against what apk did.

#include <algorithm>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "apk/index/binary_index.h"
#include "apk/solver/operation.h"
#include "apk/support/error.h"
#include "mentions.h"
#include "unit/shared.h"

namespace tarn::apk {
namespace {

using Json = nlohmann::json;

/// Some identities of the cases differ in bits that their base64 does not use: to apk these are the
/// same package.
Identity read_identity(std::string text) {
  static constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  char& last = text.at(text.size() - 2);
  last = digits[digits.find(last) & ~std::size_t{3}];
  return Identity::parse(text).value();
}

Package read_package(const Json& json, const std::string& arch) {
  Package package;
  package.identity = read_identity(json["checksum"]);
  package.name = json["name"];
  package.version = json["version"];
  package.arch = json.value("arch", arch);
  package.installed_size = json.value("installed_size", 0U);
  package.provider_priority = json.value("provider_priority", 0U);
  for (const std::string text : json.value("depends", Json::array())) {
    auto dependency = Dependency::parse(text);
    // As the reader of indexes does it.
    if (!dependency || dependency->broken || !dependency->tag.empty()) package.uninstallable = true;
    if (dependency) package.depends.push_back(std::move(*dependency));
  }
  for (const std::string text : json.value("provides", Json::array())) {
    package.provides.push_back(Provide::parse(text).value());
  }
  for (const std::string text : json.value("install_if", Json::array())) {
    package.install_if.push_back(Dependency::parse(text).value());
  }
  return package;
}

std::vector<Package> read_packages(const Json& list, const std::string& arch) {
  std::vector<Package> packages;
  for (const Json& package : list) packages.push_back(read_package(package, arch));
  return packages;
}

/// A case: the root with its repositories, and what is to be done to it.
struct Case {
  explicit Case(const Json& json, const std::string& arch) {
    read_options(json["operation"]["options"]);
    operation.packages = json["operation"]["packages"].get<std::vector<std::string>>();
    const std::string applet = json["operation"]["applet"];
    operation.kind = applet == "add"   ? OperationKind::add
                     : applet == "del" ? OperationKind::remove
                     : applet == "fix" ? OperationKind::fix
                                       : OperationKind::upgrade;
    root.architectures = {arch};
    indexes.reserve(json["repositories"].size() + 1);
    if (json["cache_installed"].is_array()) {
      indexes.push_back(BinaryIndex::from_packages(read_packages(json["cache_installed"], arch)));
      root.repositories.push_back({&indexes.back(), "", Availability::cached});
    }
    for (const Json& repository : json["repositories"]) {
      indexes.push_back(BinaryIndex::from_packages(read_packages(repository["packages"], arch)));
      const Json& tag = repository["tag"];
      root.repositories.push_back(
          {&indexes.back(), tag.is_null() ? "" : tag.get<std::string>(),
           is_offline ? Availability::unreachable : Availability::reachable});
    }
    for (const Json& package : json["installed"]) {
      root.installed.push_back({read_package(package, arch), package.value("repository_tag", "")});
    }
    std::stable_sort(root.installed.begin(), root.installed.end(),
                     [](const PresentPackage& a, const PresentPackage& b) {
                       return name_less(a.package.name, b.package.name);
                     });
    for (const std::string text : json["world"]) {
      root.world.push_back(Dependency::parse(text).value());
    }
  }

  void read_options(const Json& options) {
    using Option = OperationOption;
    for (const Json& option : options) {
      const std::string name = option[0];
      const std::string value = option.size() > 1 ? option[1].get<std::string>() : "";
      if (name == "--no-network") {
        is_offline = true;
      } else if (name == "--force-broken-world") {
        root.broken_world = BrokenWorld::left_out;
      } else if (name == "-a" || name == "--available") {
        operation.wish = operation.wish | Wish::available;
      } else if (name == "-l" || name == "--latest") {
        operation.wish = operation.wish | Wish::latest;
      } else if (name == "-u" || name == "--upgrade") {
        operation.wish = operation.wish | Wish::upgrade;
      } else if (name == "--reinstall") {
        operation.wish = operation.wish | Wish::reinstall;
      } else if (name == "-r" || name == "--rdepends") {
        operation.options.insert(Option::recursive);
      } else if (name == "-d" || name == "--depends") {
        operation.options.insert(Option::depends);
      } else if (name == "--prune") {
        operation.options.insert(Option::prune);
      } else if (name == "--ignore") {
        operation.options.insert(Option::ignore);
      } else if (name == "--preupgrade-only" || name == "--self-upgrade-only") {
        operation.options.insert(Option::preupgrade_only);
      } else if (name == "--preupgrade-depends") {
        operation.preupgrade.push_back(value);
      } else if (name == "-t" || name == "--virtual") {
        operation.virtual_package = value;
      } else if (name == "-v") {
        is_verbose = true;
      } else {
        CHECK_MESSAGE(name == "--root-tmpfs=yes", "unknown option ", name);
      }
    }
  }

  std::vector<BinaryIndex> indexes;
  Request root;
  Operation operation;
  bool is_offline = false;
  bool is_verbose = false;
};

/// "Upgrading a@testing 1 -> 2".
std::string step_text(std::string_view message, const std::string& name, const std::string& tag,
                      const std::string& from, const std::string& version) {
  return fmt::format("{} {}{}{} {}{}{}", message, name, tag.empty() ? "" : "@", tag, from,
                     from.empty() ? "" : " -> ", version);
}

std::vector<std::string> steps_of(const Transaction& transaction) {
  std::vector<std::string> steps;
  for (const Change& change : transaction.changes) {
    if (change.kind == ChangeKind::stay) continue;
    const bool is_other = change.kind == ChangeKind::upgrade ||
                          change.kind == ChangeKind::downgrade ||
                          change.kind == ChangeKind::replace;
    steps.push_back(step_text(message_of(change.kind), change.package().name, change.tag,
                              is_other ? change.before->version : "", change.package().version));
  }
  return steps;
}

std::vector<std::string> steps_of(const Json& expected) {
  static const std::map<std::string, std::string> messages = {
      {"installing", "Installing"},
      {"upgrading", "Upgrading"},
      {"downgrading", "Downgrading"},
      {"replacing", "Replacing"},
      {"purging", "Purging"},
      {"reinstalling", "Reinstalling"},
      {"updating_pinning", "Updating pinning"}};
  std::vector<std::string> steps;
  for (const Json& step : expected["steps"]) {
    steps.push_back(step_text(messages.at(step["action"]), step["package"], step.value("tag", ""),
                              step.value("from_version", ""), step["version"]));
  }
  return steps;
}

void check_outcome(const Outcome& outcome, const Case& test_case, const Json& expected) {
  CHECK(expected["result"] == "ok");
  CHECK(fmt::format("{}", fmt::join(steps_of(outcome.transaction), "; ")) ==
        fmt::format("{}", fmt::join(steps_of(expected), "; ")));
  const std::vector<std::string> messages = expected["messages"];
  if (test_case.is_verbose && !messages.empty()) {
    CHECK("  " + fmt::format("{}", fmt::join(outcome.transaction.unavailable, " ")) ==
          messages.back());
  }
}

void check_problems(const std::vector<Problem>& problems, const Json& expected) {
  CHECK(expected["result"] == "error");
  CHECK_FALSE(problems.empty());
  const auto mentions = test::mentioned_by(problems);
  for (const auto& subject : test::subjects_of(expected["error"].get<std::vector<std::string>>())) {
    INFO("subject ", subject);
    CHECK(test::is_mentioned(mentions, subject));
  }
}

TEST_CASE("solver: operations on a root") {
  const auto shared = test::shared_folder();
  if (!shared) return;
  std::ifstream file(*shared / "corpora/solver-cases.json");
  const Json corpus = Json::parse(file);
  std::size_t count = 0;
  for (const Json& json : corpus["cases"]) {
    ++count;
    const std::string name = json["name"];
    INFO("case ", name, ": ", json["args"].get<std::string>());
    const Case test_case(json, corpus["arch"]);
    const Json& expected = json["expected"];
    try {
      const auto result = operate(test_case.root, test_case.operation);
      if (const auto* outcome = std::get_if<Outcome>(&result)) {
        check_outcome(*outcome, test_case, expected);
      } else {
        check_problems(std::get<std::vector<Problem>>(result), expected);
      }
    } catch (const Error& error) {
      CAPTURE(error.render());
      CHECK(error.kind() == ErrorKind::usage);
      CHECK(expected["exit_status"] == 99);
    }
  }
  CHECK(count == 79);
}

}  // namespace
}  // namespace tarn::apk
