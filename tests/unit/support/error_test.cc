#include "apk/support/error.h"

#include <cerrno>

#include <doctest/doctest.h>

namespace tarn {

TEST_CASE("errors: the whole as text") {
  const auto error = Error(ErrorKind::trust, "checksum differs")
                         .detail("expected", "a")
                         .detail("found", "b")
                         .context("reading x")
                         .context("building y")
                         .hint("fetch it again");
  CHECK(error.render() ==
        "error: checksum differs\n  expected: a\n  found: b\n  while reading x\n  while building "
        "y\nhint: fetch it again\n");
  CHECK(error.exit_status() == 5);
  CHECK(std::string_view(error.what()) == "checksum differs");
}

TEST_CASE("errors: a system call's") {
  const auto error = system_error("opening x", ENOENT);
  CHECK(error.kind() == ErrorKind::failed);
  CHECK(error.message() == "opening x: No such file or directory");
}

TEST_CASE("errors: a context is added on the way up, other exceptions pass") {
  try {
    with_context("doing", [] { throw Error(ErrorKind::failed, "no"); });
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.contexts() == std::vector<std::string>{"doing"});
  }
  CHECK_THROWS_AS(with_context("doing", [] { throw 1; }), int);
  CHECK(with_context("doing", [] { return 7; }) == 7);
}

}  // namespace tarn
