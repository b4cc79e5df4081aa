#include "apk/model/version.h"

#include <array>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "apk/model/dependency.h"
#include "unit/shared.h"

namespace tarn::apk {
namespace {

std::string sign(std::strong_ordering order) {
  if (order == std::strong_ordering::less) return "<";
  return order == std::strong_ordering::greater ? ">" : "=";
}

}  // namespace

TEST_CASE("versions: the corpus of comparisons, fuzzy matches and validations") {
  const auto shared = test::shared_folder();
  if (!shared) return;
  std::ifstream file(*shared / "corpora" / "version-cases.tsv");
  std::string line;
  std::getline(file, line);
  int cases = 0;
  while (std::getline(file, line)) {
    std::array<std::string, 5> field;
    std::istringstream fields(line);
    for (auto& value : field) std::getline(fields, value, '\t');
    const auto& [kind, left, operation, right, expected] = field;
    CAPTURE(line);
    ++cases;
    if (kind == "validate") {
      CHECK(is_valid_version(left) == (expected == "true"));
    } else if (operation == "~") {
      CHECK((compare_versions_fuzzy(left, right) == std::strong_ordering::equal) ==
            (expected == "true"));
    } else {
      CHECK((sign(compare_versions(left, right)) == operation) == (expected == "true"));
      const auto reversed = compare_versions(right, left);
      CHECK((0 <=> compare_versions(left, right)) == reversed);
    }
  }
  CHECK(cases == 510);
}

TEST_CASE("versions: order") {
  struct Case {
    std::string_view left, order, right;
  };
  for (const auto& row : {
           Case{"1.0", "<", "1.0.1"},
           {"1.0", "<", "1.0a"},
           {"1.0a", "<", "1.0.1"},
           {"1.0", "<", "1.0_p1"},
           {"1.0", "<", "1.0-r0"},
           {"1.0", ">", "1.0_rc1"},
           {"1.0_alpha", "<", "1.0_beta"},
           {"1.0_rc", "<", "1.0"},
           {"1.0_cvs", ">", "1.0"},
           {"1.0_git20200101", "<", "1.0_git20200102"},
           {"1.0_p9", "<", "1.0_p10"},
           {"1.2.3", "<", "1.10"},
           {"1.05", "<", "1.5"},
           {"1.010", "<", "1.02"},
           {"01", "=", "1"},
           {"18446744073709551616", ">", "18446744073709551615"},
           {"99999999999999999999999999999998", "<", "99999999999999999999999999999999"},
           {"1.0~abc", "<", "1.0~abd"},
           {"1.0~abc-r1", "<", "1.0~abc-r2"},
           {"1.0-r9", "<", "1.0-r10"},
           {"1.0", "<", "1.0bc"},
           {"", "=", ""},
           {"", "<", "1"},
           {"x", "=", "y"},
       }) {
    const auto& [left, order, right] = row;
    CAPTURE(row.left);
    CAPTURE(row.right);
    CHECK(sign(compare_versions(left, right)) == order);
  }
}

TEST_CASE("versions: fuzzy equality goes by tokens") {
  for (const std::string_view version : {"2.2", "2.2.1", "2.2_rc1", "2.2-r3", "2.2b"})
    CHECK(compare_versions_fuzzy(version, "2.2") == std::strong_ordering::equal);
  for (const std::string_view version : {"2", "2.20", "2.1", "3"})
    CHECK(compare_versions_fuzzy(version, "2.2") != std::strong_ordering::equal);
}

TEST_CASE("versions: the grammar") {
  for (const std::string_view version :
       {"0", "1.2.3", "1a", "1.0_alpha", "1.0_alpha1_p2", "1~0af", "1.2b_git3~0af-r12", "007"})
    CHECK(is_valid_version(version));
  for (const std::string_view version :
       {"",    ".1", "1.", "1..2", "1-r", "1-r1.2", "1~",      "1~xyz",   "1_",      "1_nope",
        "1ab", "1A", "1 ", " 1",   "1-1", "v1",     "1-r1-r2", "1~ab~cd", "1-r1~ab", "1_p1a"})
    CHECK_FALSE(is_valid_version(version));
}

}  // namespace tarn::apk
