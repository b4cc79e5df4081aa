#include "builder/report/version_differences.h"

#include <doctest/doctest.h>

namespace tarn::builder {
namespace {

apk::Plan plan(const std::vector<std::pair<std::string, std::string>>& packages) {
  apk::Plan plan;
  for (const auto& [name, version] : packages) {
    apk::PlannedPackage planned;
    planned.package.name = name;
    planned.package.version = version;
    plan.packages.push_back(planned);
  }
  return plan;
}

TEST_CASE("version differences: what differs or is missing, by name") {
  const apk::Plan first = plan({{"musl", "1"}, {"curl", "8-r0"}, {"atomic", "1"}});
  const apk::Plan second = plan({{"curl", "8-r1"}, {"musl", "1"}});
  const apk::Plan third = plan({{"musl", "1"}, {"curl", "8-r0"}});

  CHECK(find_version_differences({}).packages.empty());
  CHECK(find_version_differences({{"x86_64", &first}}).packages.empty());
  CHECK(find_version_differences({{"x86_64", &first}, {"x86", &first}}).packages.empty());

  const auto differences =
      find_version_differences({{"aarch64", &first}, {"s390x", &second}, {"x86_64", &third}});
  CHECK(differences.architectures == std::vector<std::string>{"aarch64", "s390x", "x86_64"});
  CHECK(differences.packages == std::vector<VersionDifference>{{"atomic", {"1", "", ""}},
                                                               {"curl", {"8-r0", "8-r1", "8-r0"}}});
}

TEST_CASE("version differences: the error names packages, versions and architectures") {
  const apk::Plan first = plan({{"curl", "8-r0"}, {"atomic", "1"}});
  const apk::Plan second = plan({{"curl", "8-r1"}});
  const Error two = different_versions_error(
      find_version_differences({{"aarch64", &first}, {"x86_64", &second}}));
  CHECK(two.kind() == ErrorKind::unsatisfiable);
  CHECK(two.render() ==
        "error: 2 packages have not the same version for all architectures\n"
        "  atomic: 1 (aarch64), missing (x86_64)\n"
        "  curl: 8-r0 (aarch64), 8-r1 (x86_64)\n"
        "hint: ask for versions that all architectures have, wait until the repositories agree, or "
        "leave out --same-versions\n");

  const apk::Plan third = plan({{"curl", "8-r1"}, {"atomic", "1"}});
  CHECK(
      different_versions_error(find_version_differences({{"aarch64", &first}, {"x86_64", &third}}))
          .message() == "curl has not the same version for all architectures");

  std::vector<std::pair<std::string, std::string>> many;
  for (char c = 'a'; c <= 'p'; ++c) many.emplace_back(std::string(1, c), "1");
  const apk::Plan full = plan(many);
  const apk::Plan empty;
  const Error cut =
      different_versions_error(find_version_differences({{"x86", &full}, {"x86_64", &empty}}));
  CHECK(cut.details().size() == 13);
  CHECK(cut.details().back().second == "4 more");
}

}  // namespace
}  // namespace tarn::builder
