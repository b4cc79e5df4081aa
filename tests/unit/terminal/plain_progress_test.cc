#include "builder/terminal/plain_progress.h"

#include <sstream>

#include <doctest/doctest.h>

namespace tarn::builder {

TEST_CASE("plain progress shows notes by verbosity") {
  struct Case {
    Verbosity verbosity;
    const char* expected;
  };
  const Case cases[] = {
      {Verbosity::quiet, "warning: careful\n"},
      {Verbosity::normal, "packed\nwarning: careful\n"},
      {Verbosity::verbose, "packing\nsmall\npacked\nwarning: careful\n"},
  };
  for (const auto& [verbosity, expected] : cases) {
    std::ostringstream out;
    PlainProgress progress(out, verbosity);
    const auto task = progress.begin("packing", 10);
    progress.advance(task, 5);
    progress.note(NoteLevel::detail, "small");
    progress.note(NoteLevel::info, "packed");
    progress.note(NoteLevel::warning, "careful");
    progress.end(task, TaskOutcome::done);
    CHECK(out.str() == expected);
  }
}

}  // namespace tarn::builder
