#include "apk/model/package.h"

#include <algorithm>

#include <doctest/doctest.h>

namespace tarn::apk {

TEST_CASE("packages: label and file name") {
  Package package;
  package.name = "libstdc++";
  package.version = "13.2.1_git20231014-r0";
  CHECK(package.label() == "libstdc++-13.2.1_git20231014-r0");
  CHECK(package_file_name(package) == "libstdc++-13.2.1_git20231014-r0.apk");
}

TEST_CASE("packages: names are ordered without regard to case, ties by octets") {
  std::vector<std::string> names = {"b", "a", "B", "Abc", "ab", "A", "abc", "", "a-b", "zlib"};
  std::sort(names.begin(), names.end(), name_less);
  CHECK(names ==
        std::vector<std::string>{"", "A", "a", "a-b", "ab", "Abc", "abc", "B", "b", "zlib"});
  for (const auto& name : names) CHECK_FALSE(name_less(name, name));
}

}  // namespace tarn::apk
