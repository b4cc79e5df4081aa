#include "builder/sbom/license_expression.h"

#include <map>
#include <string>

#include <doctest/doctest.h>

#include "builder/sbom/license_list.h"

using namespace tarn::builder;

TEST_CASE("licence list: names are found in any case, in the list's spelling") {
  CHECK(license_named("mit") == "MIT");
  CHECK(license_named("0bsd") == "0BSD");
  CHECK(license_named("zpl-2.1") == "ZPL-2.1");
  CHECK(license_named("GPL-2.0") == "GPL-2.0");  // deprecated
  CHECK(license_named("GPL2").empty());
  CHECK(license_named("").empty());
  CHECK(license_exception_named("llvm-EXCEPTION") == "LLVM-exception");
  CHECK(license_exception_named("MIT").empty());
}

TEST_CASE("licence expression: what packages say becomes an expression") {
  struct Case {
    const char* text;
    const char* expected;
    std::map<std::string, std::string> references{};
  };
  const Case cases[] = {
      {"", "NOASSERTION"},
      {"  ", "NOASSERTION"},
      {"MIT", "MIT"},
      {"mit", "MIT"},
      {"GPL-2.0+", "GPL-2.0+"},
      {"MIT AND BSD-2-Clause", "MIT AND BSD-2-Clause"},
      {"MIT and (bsd-2-clause or Zlib)", "MIT AND (BSD-2-Clause OR Zlib)"},
      {"(MIT)AND(Zlib)", "(MIT) AND (Zlib)"},
      {"Apache-2.0 WITH LLVM-exception OR MIT", "Apache-2.0 WITH LLVM-exception OR MIT"},
      {"apache-2.0 with llvm-Exception", "Apache-2.0 WITH LLVM-exception"},
      {"MIT OR Zlib AND ISC", "MIT OR Zlib AND ISC"},
      // Old packages list licences without operators.
      {"PHP-3.01 BSD-3-Clause MIT", "PHP-3.01 AND BSD-3-Clause AND MIT"},
      {"custom", "LicenseRef-custom", {{"LicenseRef-custom", "custom"}}},
      {"GPL2+", "LicenseRef-GPL2-", {{"LicenseRef-GPL2-", "GPL2+"}}},
      {"MIT/X11", "LicenseRef-MIT-X11", {{"LicenseRef-MIT-X11", "MIT/X11"}}},
      {"LicenseRef-DMIT", "LicenseRef-DMIT", {{"LicenseRef-DMIT", "LicenseRef-DMIT"}}},
      {"GPLv2 or Artistic",
       "LicenseRef-GPLv2 OR LicenseRef-Artistic",
       {{"LicenseRef-GPLv2", "GPLv2"}, {"LicenseRef-Artistic", "Artistic"}}},
      {"Public Domain",
       "LicenseRef-Public-Domain",
       {{"LicenseRef-Public-Domain", "Public Domain"}}},
      {"GPL-2.0-only WITH Custom-Exception",
       "LicenseRef-GPL-2.0-only-WITH-Custom-Exception",
       {{"LicenseRef-GPL-2.0-only-WITH-Custom-Exception", "GPL-2.0-only WITH Custom-Exception"}}},
      // No expressions.
      {"MIT AND", "LicenseRef-MIT-AND", {{"LicenseRef-MIT-AND", "MIT AND"}}},
      {"(MIT", "LicenseRef--MIT", {{"LicenseRef--MIT", "(MIT"}}},
      {"MIT)", "LicenseRef-MIT-", {{"LicenseRef-MIT-", "MIT)"}}},
      {"AND", "LicenseRef-AND", {{"LicenseRef-AND", "AND"}}},
      {"odd (MIT", "LicenseRef-odd--MIT", {{"LicenseRef-odd--MIT", "odd (MIT"}}},
  };
  for (const Case& item : cases) {
    CAPTURE(item.text);
    LicenseReferences references;
    CHECK(license_expression(item.text, references) == item.expected);
    CHECK(references.texts() == item.references);
  }
}

TEST_CASE("licence expression: another text gets another reference, the same the same") {
  LicenseReferences references;
  CHECK(license_expression("a+b", references) == "LicenseRef-a-b");
  CHECK(license_expression("a/b", references) == "LicenseRef-a-b-2");
  CHECK(license_expression("a+b", references) == "LicenseRef-a-b");
  CHECK(references.texts().size() == 2);
}

TEST_CASE("licence expression: hostile texts end soon") {
  LicenseReferences references;
  const std::string deep(3000, '(');
  CHECK(license_expression(deep + "MIT", references).starts_with("LicenseRef-"));
  CHECK(license_expression(std::string(100'000, 'x'), references).size() < 200);
}

TEST_CASE("licence expression: another document's references keep their texts") {
  const std::map<std::string, std::string> known = {{"LicenseRef-own", "do what you like"}};
  LicenseReferences references;
  references.reference("own", "another text");
  CHECK(foreign_license_expression("MIT AND LicenseRef-own", known, references) ==
        "MIT AND LicenseRef-own-2");
  CHECK(references.texts().at("LicenseRef-own-2") == "do what you like");
  for (const char* wrong : {"", "NONE", "NOASSERTION", "LicenseRef-missing", "GPL2", "MIT Zlib",
                            "MIT WITH what", "DocumentRef-a:LicenseRef-b"}) {
    CAPTURE(wrong);
    CHECK(foreign_license_expression(wrong, known, references) == "NOASSERTION");
  }
  CHECK(references.texts().size() == 2);
}
