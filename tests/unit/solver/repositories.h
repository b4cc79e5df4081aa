#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "apk/solver/solver.h"
#include "apk/support/error.h"

namespace tarn::test {

/// Repositories in a few words: packages as "name version [arch:A] [k:PRIORITY] [s:SIZE]
/// [p:PROVIDE] [i:CONDITION] [C:IDENTITY] DEPENDENCY…".
struct Repositories {
  std::vector<apk::BinaryIndex> indexes;
  std::vector<std::string> tags;

  Repositories& add(const std::string& tag, const std::vector<std::string_view>& packages) {
    std::vector<apk::Package> parsed;
    for (const std::string_view text : packages) parsed.push_back(package(text));
    indexes.push_back(apk::BinaryIndex::from_packages(parsed));
    tags.push_back(tag);
    return *this;
  }

  static apk::Package package(std::string_view text) {
    const auto words = apk::split_words(text);
    apk::Package package;
    package.name = words.at(0);
    package.version = words.at(1);
    package.arch = "x86_64";
    package.installed_size = 1;
    for (std::size_t i = 2; i < words.size(); ++i) {
      const auto word = words[i];
      const auto is = [&](std::string_view prefix) { return word.starts_with(prefix); };
      const auto rest = word.substr(word.find(':') + 1);
      if (is("arch:")) {
        package.arch = rest;
      } else if (is("s:")) {
        package.installed_size = static_cast<std::uint64_t>(std::stoul(std::string(rest)));
      } else if (is("k:")) {
        package.provider_priority = static_cast<std::uint32_t>(std::stoul(std::string(rest)));
      } else if (is("p:")) {
        package.provides.push_back(apk::Provide::parse(rest).value());
      } else if (is("i:")) {
        package.install_if.push_back(apk::Dependency::parse(rest).value());
      } else if (is("C:")) {
        package.identity = apk::Identity::parse(rest).value();
      } else {
        package.depends.push_back(apk::Dependency::parse(word).value());
        // As the reader of indexes does it.
        const apk::Dependency& added = package.depends.back();
        if (added.broken || !added.tag.empty()) package.uninstallable = true;
      }
    }
    return package;
  }

  apk::Request request(std::string_view world) const {
    apk::Request request;
    request.architectures = {"x86_64"};
    for (std::size_t i = 0; i < indexes.size(); ++i) {
      request.repositories.push_back({&indexes[i], tags[i]});
    }
    for (const auto word : apk::split_words(world)) {
      request.world.push_back(apk::Dependency::parse(word).value());
    }
    return request;
  }

  /// The plan as "a-1 b-2@tag", or "!" and the names of the problems.
  std::string solve(std::string_view world) const {
    const auto result = apk::solve(request(world));
    std::vector<std::string> words;
    if (const auto* plan = std::get_if<apk::Plan>(&result)) {
      for (const apk::PlannedPackage& planned : plan->packages) {
        words.push_back(planned.package.label());
        if (!planned.tag.empty()) words.back() += "@" + planned.tag;
      }
      return fmt::format("{}", fmt::join(words, " "));
    }
    for (const apk::Problem& problem : std::get<std::vector<apk::Problem>>(result)) {
      words.push_back("!" + problem.name);
    }
    return fmt::format("{}", fmt::join(words, " "));
  }

  std::string explain(std::string_view world, const apk::Origins& origins = {}) const {
    try {
      apk::resolve(request(world), origins);
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::unsatisfiable);
      return error.render();
    }
    return "solved";
  }
};

}  // namespace tarn::test
