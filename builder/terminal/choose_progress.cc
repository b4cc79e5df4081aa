#include "builder/terminal/choose_progress.h"

#include <cstdlib>
#include <string_view>

#include <sys/ioctl.h>
#include <unistd.h>

#include "builder/terminal/live_progress.h"
#include "builder/terminal/plain_progress.h"

namespace tarn::builder {
namespace {

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : value;
}

winsize window_of(int fd) {
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) {
    size.ws_col = 80;
    size.ws_row = 24;
  }
  return size;
}

}  // namespace

MessagePlace message_place(int fd) {
  const std::string_view terminal = environment("TERM");
  return {.is_terminal = ::isatty(fd) == 1,
          .can_move_cursor = !terminal.empty() && terminal != "dumb",
          .no_color = !environment("NO_COLOR").empty()};
}

std::unique_ptr<Progress> choose_progress(std::ostream& out, int fd, const MessagePlace& place,
                                          Verbosity verbosity, ColorMode mode) {
  const Coloring coloring = coloring_at(place, mode);
  if (!place.is_terminal || !place.can_move_cursor || mode == ColorMode::never ||
      verbosity == Verbosity::quiet)
    return std::make_unique<PlainProgress>(out, verbosity, coloring);
  const Screen screen{.columns = [fd] { return window_of(fd).ws_col; },
                      .rows = [fd] { return window_of(fd).ws_row; },
                      .coloring = coloring};
  return std::make_unique<LiveProgress>(out, verbosity, screen);
}

}  // namespace tarn::builder
