// Explanations as people read them: each file of tests/data/unsatisfiable is a recipe that cannot
// be had, and what is said of it. $TARN_UPDATE_EXPLANATIONS writes what is said now into the files.

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "apk/index/index.h"
#include "apk/solver/unsatisfiable.h"
#include "apk/support/file.h"
#include "repositories.h"
#include "unit/shared.h"

namespace tarn::apk {
namespace {

namespace fs = std::filesystem;
using test::Repositories;

/// The parts of a file: its comment, repositories, world, text.
struct Case {
  std::string question;  ///< all but the explanation, as it is written
  std::vector<std::pair<std::string, std::vector<std::string>>> repositories;
  std::vector<std::string> whole_indexes;  ///< below the shared mirror
  std::vector<std::string> recipe;
  std::string explanation;
};

Case read_case(const fs::path& path) {
  Case read;
  std::istringstream lines(read_file(path));
  std::string part;
  for (std::string line; std::getline(lines, line);) {
    if (part == "explanation") {
      read.explanation += line + "\n";
      continue;
    }
    read.question += line + "\n";
    if (line.empty() || line.front() == '#') continue;
    if (line.front() == '[') {
      const auto words = split_words(std::string_view(line).substr(1, line.size() - 2));
      part = words.at(0);
      if (part == "repository") read.repositories.emplace_back(words.at(1), 0);
      if (part == "index") read.whole_indexes.emplace_back(words.at(1));
    } else if (part == "repository") {
      read.repositories.back().second.push_back(line);
    } else if (part == "recipe") {
      read.recipe.push_back(line);
    }
  }
  return read;
}

/// Whole indexes are read once for all cases.
class WholeIndexes {
 public:
  const BinaryIndex& get(const fs::path& path) {
    const auto [place, is_new] = indexes_.try_emplace(path.string());
    if (is_new) {
      const std::string file = read_file(path);
      place->second = BinaryIndex::from_text(
          std::string(IndexFile::parse(as_bytes(file), path.string()).text.lines));
    }
    return place->second;
  }

 private:
  std::map<std::string, BinaryIndex> indexes_;
};

/// What is said of the case; empty where the shared indexes are not there.
std::string explain_case(const Case& question, WholeIndexes& whole) {
  Repositories small;
  Origins origins;
  for (const auto& [label, packages] : question.repositories) {
    const std::string tag = label.starts_with('@') ? label.substr(1) : "";
    small.add(tag, {packages.begin(), packages.end()});
    origins.repository_labels.push_back(tag.empty() ? label : "");
  }
  std::vector<SolverRepository> repositories;
  if (!question.whole_indexes.empty()) {
    const auto shared = test::shared_folder();
    if (!shared) return {};
    for (const std::string& name : question.whole_indexes) {
      const BinaryIndex& index =
          whole.get(*shared / "mirror/alpine" / name / "x86_64/APKINDEX.tar.gz");
      repositories.push_back({&index, ""});
      origins.repository_labels.push_back(name);
    }
  }
  Request request = small.request(fmt::format("{}", fmt::join(question.recipe, " ")));
  request.repositories.insert(request.repositories.end(), repositories.begin(), repositories.end());
  origins.world = [&](const Dependency& entry) {
    const auto place = std::find(question.recipe.begin(), question.recipe.end(), entry.str());
    return fmt::format("recipe.yaml:{}", place - question.recipe.begin() + 4);
  };
  try {
    resolve(request, origins);
  } catch (UnsatisfiableError& error) {
    error.context("resolving for x86_64");
    return error.render();
  }
  return "there is a plan\n";
}

TEST_CASE("explanation: recipes that cannot be had") {
  const bool is_update = std::getenv("TARN_UPDATE_EXPLANATIONS") != nullptr;
  std::set<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(fs::path(TARN_TEST_DATA) / "unsatisfiable")) {
    paths.insert(entry.path());
  }
  CHECK(paths.size() >= 30);
  WholeIndexes whole;
  for (const fs::path& path : paths) {
    INFO(path.filename().string());
    const Case question = read_case(path);
    const std::string said = explain_case(question, whole);
    if (said.empty()) continue;
    if (is_update) std::ofstream(path) << question.question << said;
    CHECK(said == question.explanation);
    CHECK(std::count(said.begin(), said.end(), '\n') <= 15);
    CHECK(said.starts_with("error: "));
  }
}

}  // namespace
}  // namespace tarn::apk
