#include "builder/report/package_search.h"

#include <algorithm>
#include <map>

#include <fnmatch.h>
#include <strings.h>

#include "apk/model/version.h"

namespace tarn::builder {
namespace {

using apk::PackageId;

bool is_glob(const std::string& pattern) {
  return pattern.find_first_of("*?[") != std::string::npos;
}

bool contains(const std::string& text, const std::string& part) {
  const auto lower = [](unsigned char c) { return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c; };
  const auto same = [&](char left, char right) {
    return lower(static_cast<unsigned char>(left)) == lower(static_cast<unsigned char>(right));
  };
  return part.empty() ||
         std::search(text.begin(), text.end(), part.begin(), part.end(), same) != text.end();
}

bool fits_name(const std::string& name, const PackageQuery& query) {
  return std::ranges::any_of(query.patterns, [&](const std::string& pattern) {
    if (query.match == PackageQuery::Match::exact) return name == pattern;
    if (is_glob(pattern)) return ::fnmatch(pattern.c_str(), name.c_str(), FNM_CASEFOLD) == 0;
    return contains(name, pattern);
  });
}

bool fits_description(const std::string& description, const PackageQuery& query) {
  return std::ranges::any_of(query.patterns, [&](const std::string& pattern) {
    if (query.match == PackageQuery::Match::exact) return description == pattern;
    if (is_glob(pattern)) return ::fnmatch(pattern.c_str(), description.c_str(), FNM_CASEFOLD) == 0;
    return contains(description, pattern);
  });
}

}  // namespace

std::vector<FoundPackage> search_packages(const apk::Universe& universe,
                                          const PackageQuery& query) {
  std::vector<FoundPackage> found;
  for (PackageId id = 0; id < universe.package_count(); ++id) {
    const auto offers = universe.offers(id);
    FoundPackage one{id, {}};
    bool is_found = fits_name(std::string(universe.text(offers.front().name)), query);
    if (!is_found)
      for (const apk::Offer& offer : offers.subspan(1)) {
        std::string name(universe.text(offer.name));
        if (fits_name(name, query)) one.provides.push_back(std::move(name));
      }
    is_found = is_found || !one.provides.empty();
    if (!is_found && query.where == PackageQuery::Where::names_and_descriptions)
      is_found = fits_description(universe.package(id).description, query);
    if (is_found) found.push_back(std::move(one));
  }
  std::ranges::stable_sort(found, [&](const FoundPackage& a, const FoundPackage& b) {
    const apk::NameId left = universe.name_of(a.package);
    const apk::NameId right = universe.name_of(b.package);
    if (left != right) return apk::name_less(universe.text(left), universe.text(right));
    return apk::compare_versions(universe.version(a.package), universe.version(b.package)) > 0;
  });
  return found;
}

std::vector<std::vector<PackageId>> find_dependents(const apk::Universe& universe,
                                                    const std::vector<PackageId>& packages) {
  // What of which package each name would be answered by.
  std::map<std::string_view, std::vector<std::pair<std::size_t, std::string_view>>> offered;
  for (std::size_t i = 0; i < packages.size(); ++i)
    for (const apk::Offer& offer : universe.offers(packages[i]))
      offered[universe.text(offer.name)].emplace_back(i, offer.version);
  std::vector<std::vector<PackageId>> dependents(packages.size());
  for (PackageId id = 0; id < universe.package_count(); ++id)
    for (const apk::Dependency& need : universe.package(id).depends) {
      const auto answers = offered.find(need.name);
      if (need.conflict || answers == offered.end()) continue;
      for (const auto& [i, version] : answers->second)
        if (id != packages[i] && need.is_satisfied_by(version, universe.identity(packages[i])) &&
            (dependents[i].empty() || dependents[i].back() != id))
          dependents[i].push_back(id);
    }
  return dependents;
}

}  // namespace tarn::builder
