#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "apk/support/progress.h"
#include "builder/terminal/output_options.h"

namespace tarn::builder {

/// The terminal that a LiveProgress writes to.
struct Screen {
  std::function<std::size_t()> columns;  ///< its width now
  std::function<std::size_t()> rows;     ///< its height now
  Coloring coloring = Coloring::off;
};

/// Progress on a terminal: below the notes one line for each piece of work that is under way, with
/// octets, share and speed. Drawn anew at most ten times a second, by a thread of its own; taken
/// away when nothing is under way. What notes and labels say is foreign, so control characters in
/// them are shown as '?'.
class LiveProgress : public Progress {
 public:
  using Clock = std::chrono::steady_clock;
  /// Who calls draw().
  enum class Drawing { by_itself, by_caller };

  /// `out` must outlive this and is written by nobody else while work is under way. `now` is
  /// Clock::now but in tests.
  LiveProgress(std::ostream& out, Verbosity verbosity, Screen screen,
               Drawing drawing = Drawing::by_itself,
               std::function<Clock::time_point()> now = Clock::now);
  /// Takes the lines away.
  ~LiveProgress() override;

  Task begin(std::string_view label, std::optional<std::uint64_t> total) override;
  void advance(Task task, std::uint64_t done) override;
  void end(Task task, TaskOutcome outcome) override;
  void note(NoteLevel level, std::string_view text) override;

  /// Draws the lines as they are now.
  void draw();

 private:
  struct Line {
    std::string label;
    std::optional<std::uint64_t> total;
    std::uint64_t done = 0;
    Clock::time_point begun;
    Clock::time_point measured;       ///< when speed was last measured
    std::uint64_t measured_done = 0;  ///< and at how many octets
    double speed = 0;                 ///< octets a second; 0: not known yet
  };

  void draw_regularly(const std::stop_token& stop);
  void redraw();
  std::string erase();
  std::string frame();
  std::string describe(Line& line, Clock::time_point now) const;
  void write(const std::string& text);

  std::ostream& out_;
  Verbosity verbosity_;
  Screen screen_;
  std::function<Clock::time_point()> now_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::map<Task, Line> lines_;  ///< in the order begun
  Task last_task_ = 0;
  std::size_t drawn_ = 0;  ///< lines that are on the screen
  std::jthread drawer_;    ///< last: it uses the rest
};

/// `text` cut to `width` columns, with '…' at its end where something was cut.
std::string fit(std::string_view text, std::size_t width);

/// `text` with control characters (but '\n' and '\t') replaced by '?'.
std::string printable(std::string_view text);

}  // namespace tarn::builder
