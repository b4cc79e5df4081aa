#include "builder/sink/program.h"

#include <csignal>

#include <doctest/doctest.h>

#include "apk/support/error.h"

using namespace tarn;
using namespace tarn::builder;

namespace {

ProgramCall shell(const std::string& script) {
  ProgramCall call;
  call.program = require_program("sh", "dash", "busybox");
  call.arguments = {"-c", script};
  return call;
}

}  // namespace

TEST_CASE("program: input, output and environment are what the call says") {
  ProgramCall call = shell("cat; echo \"$WORD ${HOME-none} $LC_ALL\" >&2; pwd");
  call.environment["WORD"] = "word";
  call.folder = "/";
  call.input = [](OctetSink& input) {
    for (int i = 0; i < 1000; ++i) input.write(as_bytes("0123456789"));
  };
  const ProgramSaid said = run_program(call, {});
  CHECK(said.output.size() == 10000 + 2);
  CHECK(said.output.ends_with("9/\n"));
  CHECK(said.errors == "word none C\n");
}

TEST_CASE("program: a failure says what the program said last") {
  ProgramCall call = shell("echo first; echo second >&2; exit 3");
  // It ends without reading all of this.
  call.input = [](OctetSink& input) { input.write(as_bytes(std::string(1U << 20U, 'x'))); };
  // As the program does for itself.
  const auto before = std::signal(SIGPIPE, SIG_IGN);
  try {
    run_program(call, {});
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.message() == "sh failed with status 3");
    REQUIRE(error.details().size() == 1);
    CHECK(error.details().front().second == "second");
  }
  std::signal(SIGPIPE, before);
  CHECK_THROWS_AS(run_program(shell("kill -9 $$"), {}), Error);
}

TEST_CASE("program: a stop ends it") {
  std::stop_source stop;
  stop.request_stop();
  try {
    run_program(shell("sleep 60"), stop.get_token());
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::interrupted);
  }
}

TEST_CASE("program: one that is missing is named with its packages") {
  CHECK_FALSE(find_program("no-such-program-anywhere"));
  try {
    require_program("no-such-program-anywhere", "a", "b");
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.hint() == "Debian has it in the package a, Alpine in b");
  }
}
