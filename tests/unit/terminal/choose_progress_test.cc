#include "builder/terminal/choose_progress.h"

#include <sstream>

#include <doctest/doctest.h>
#include <unistd.h>

#include "builder/terminal/live_progress.h"

namespace tarn::builder {

TEST_CASE("colours and live lines by mode and place") {
  const MessagePlace terminal{.is_terminal = true, .can_move_cursor = true};
  const MessagePlace no_color{.is_terminal = true, .can_move_cursor = true, .no_color = true};
  const MessagePlace dumb{.is_terminal = true};
  const MessagePlace pipe{.can_move_cursor = true};
  const struct {
    const MessagePlace& place;
    ColorMode mode;
    Verbosity verbosity;
    bool is_live;
    bool is_coloured;
  } cases[] = {
      {terminal, ColorMode::automatic, Verbosity::normal, true, true},
      {terminal, ColorMode::automatic, Verbosity::verbose, true, true},
      {terminal, ColorMode::automatic, Verbosity::quiet, false, true},
      {terminal, ColorMode::never, Verbosity::normal, false, false},
      {no_color, ColorMode::automatic, Verbosity::normal, true, false},
      {no_color, ColorMode::always, Verbosity::normal, true, true},
      {dumb, ColorMode::automatic, Verbosity::normal, false, false},
      {pipe, ColorMode::automatic, Verbosity::normal, false, false},
      {pipe, ColorMode::always, Verbosity::normal, false, true},
  };
  for (const auto& c : cases) {
    std::ostringstream out;
    const auto progress = choose_progress(out, STDERR_FILENO, c.place, c.verbosity, c.mode);
    CHECK((dynamic_cast<LiveProgress*>(progress.get()) != nullptr) == c.is_live);
    progress->note(NoteLevel::warning, "careful");
    CHECK(out.str() ==
          (c.is_coloured ? "\x1b[1;33mwarning:\x1b[0m careful\n" : "warning: careful\n"));
  }
}

TEST_CASE("a pipe is no terminal") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  CHECK_FALSE(message_place(ends[1]).is_terminal);
  for (const int end : ends) ::close(end);
}

}  // namespace tarn::builder
