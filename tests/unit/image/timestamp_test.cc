#include "builder/image/timestamp.h"

#include <limits>

#include <doctest/doctest.h>

#include "apk/support/error.h"

using namespace tarn;
using namespace tarn::builder;

TEST_CASE("timestamp: seconds as RFC 3339") {
  struct Case {
    std::int64_t seconds;
    const char* text;
  };
  const Case cases[] = {
      {0, "1970-01-01T00:00:00Z"},
      {1706291544, "2024-01-26T17:52:24Z"},
      {951782400, "2000-02-29T00:00:00Z"},
      {4107542399, "2100-02-28T23:59:59Z"},
      {4107542400, "2100-03-01T00:00:00Z"},
      {-1, "1969-12-31T23:59:59Z"},
      {253402300799, "9999-12-31T23:59:59Z"},
      {-62167219200, "0000-01-01T00:00:00Z"},
  };
  for (const Case& item : cases) CHECK(format_timestamp(item.seconds) == item.text);
  for (const std::int64_t seconds :
       {std::int64_t{253402300800}, std::int64_t{-62167219201},
        std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()})
    CHECK_THROWS_AS(format_timestamp(seconds), Error);
}
