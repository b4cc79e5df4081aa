#include "apk/model/architecture.h"

#include <algorithm>

#include <doctest/doctest.h>

namespace tarn::apk {

TEST_CASE("architectures: each by its apk name, its OCI name and its platform") {
  struct Case {
    std::string_view apk, oci, variant, written;
  };
  for (const auto& row : {
           Case{"x86", "386", "", "386"},
           {"x86_64", "amd64", "", "amd64"},
           {"aarch64", "arm64", "", "arm64"},
           {"armhf", "arm", "v6", "arm/v6"},
           {"armv7", "arm", "v7", "arm/v7"},
           {"loongarch64", "loong64", "", "loong64"},
           {"ppc64le", "ppc64le", "", "ppc64le"},
           {"riscv64", "riscv64", "", "riscv64"},
           {"s390x", "s390x", "", "s390x"},
       }) {
    const auto& [apk, oci, variant, written] = row;
    CAPTURE(row.apk);
    const auto parsed = Architecture::parse(apk);
    REQUIRE(parsed);
    CHECK(parsed->apk == apk);
    CHECK(parsed->oci == oci);
    CHECK(parsed->variant == variant);
    CHECK(parsed->platform() == "linux/" + std::string(written));
    CHECK(Architecture::parse(written) == parsed);
    CHECK(Architecture::parse(parsed->platform()) == parsed);
  }
}

TEST_CASE("architectures: the list is sorted and whole") {
  const auto all = Architecture::all();
  CHECK(all.size() == 9);
  CHECK(std::is_sorted(all.begin(), all.end(),
                       [](const auto& a, const auto& b) { return a.apk < b.apk; }));
}

TEST_CASE("architectures: the host is one of them") {
  CHECK(Architecture::parse("host") == Architecture::host());
  CHECK(Architecture::parse(Architecture::host().apk) == Architecture::host());
}

TEST_CASE("architectures: other spellings") {
  CHECK(Architecture::parse("i386").value().apk == "x86");
  CHECK(Architecture::parse("armv7l").value().apk == "armv7");
  CHECK(Architecture::parse("arm64/v8").value().apk == "aarch64");
  for (const std::string_view name : {"", "all", "AMD64", "sparc", "arm/v5", "linux/", "windows"})
    CHECK_FALSE(Architecture::parse(name));
}

}  // namespace tarn::apk
