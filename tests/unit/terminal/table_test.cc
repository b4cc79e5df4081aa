#include "builder/terminal/table.h"

#include <doctest/doctest.h>

#include "builder/terminal/format_size.h"

namespace tarn::builder {

TEST_CASE("columns are as wide as their widest cell") {
  Table table({{"name", Align::left}, {"size", Align::right}, {"note", Align::left}});
  table.add({"musl", "9 B", ""});
  table.add({"größe", "1000 B", "x"});
  CHECK(table.str() ==
        "name     size  note\n"
        "musl      9 B\n"
        "größe  1000 B  x\n");
}

TEST_CASE("sizes have at most three significant digits") {
  const std::pair<std::uint64_t, const char*> cases[] = {
      {0, "0 B"},           {1023, "1023 B"},     {1024, "1.0 KiB"},
      {1536, "1.5 KiB"},    {102348, "99.9 KiB"}, {102400, "100 KiB"},
      {1048575, "1.0 MiB"}, {1048576, "1.0 MiB"}, {UINT64_MAX, "16.0 EiB"},
  };
  for (const auto& [octets, text] : cases) CHECK(format_size(octets) == text);
}

}  // namespace tarn::builder
