#include "builder/terminal/live_progress.h"

#include <algorithm>
#include <ostream>
#include <utility>

#include <fmt/core.h>

#include "builder/terminal/colors.h"
#include "builder/terminal/format_size.h"
#include "builder/terminal/table.h"

namespace tarn::builder {
namespace {

constexpr std::chrono::milliseconds between_frames{100};
constexpr std::chrono::seconds between_measurements{1};
constexpr std::chrono::seconds worth_showing{2};  ///< for work that has no octets to show
constexpr std::size_t most_lines = 12;

double seconds(LiveProgress::Clock::duration time) {
  return std::chrono::duration<double>(time).count();
}

bool continues_character(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

}  // namespace

std::string fit(std::string_view text, std::size_t width) {
  if (display_width(text) <= width) return std::string(text);
  if (width == 0) return {};
  std::size_t end = 0;
  for (std::size_t columns = 0; end < text.size(); ++end)
    if (!continues_character(text[end]) && ++columns == width) break;
  return std::string(text.substr(0, end)) + "…";
}

std::string printable(std::string_view text) {
  std::string shown;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto octet = static_cast<unsigned char>(text[i]);
    const bool is_low = (octet < 0x20 && octet != '\n' && octet != '\t') || octet == 0x7f;
    // U+0080 to U+009F are controls as well.
    const bool is_high = octet == 0xc2 && i + 1 < text.size() &&
                         static_cast<unsigned char>(text[i + 1]) >= 0x80 &&
                         static_cast<unsigned char>(text[i + 1]) <= 0x9f;
    shown += is_low || is_high ? '?' : text[i];
    if (is_high) ++i;
  }
  return shown;
}

LiveProgress::LiveProgress(std::ostream& out, Verbosity verbosity, Screen screen, Drawing drawing,
                           std::function<Clock::time_point()> now)
    : out_(out), verbosity_(verbosity), screen_(std::move(screen)), now_(std::move(now)) {
  if (drawing == Drawing::by_itself)
    drawer_ = std::jthread([this](const std::stop_token& stop) { draw_regularly(stop); });
}

LiveProgress::~LiveProgress() {
  drawer_.request_stop();
  if (drawer_.joinable()) drawer_.join();
  const std::lock_guard lock(mutex_);
  write(erase());
}

void LiveProgress::draw_regularly(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    wake_.wait(lock, stop, [this] { return !lines_.empty(); });
    if (stop.stop_requested()) return;
    // First the wait: what is done within it needs no line.
    wake_.wait_for(lock, stop, between_frames, [] { return false; });
    if (!lines_.empty()) redraw();
  }
}

Progress::Task LiveProgress::begin(std::string_view label, std::optional<std::uint64_t> total) {
  const std::lock_guard lock(mutex_);
  const auto now = now_();
  lines_[++last_task_] = {.label = printable(label), .total = total, .begun = now, .measured = now};
  wake_.notify_all();
  return last_task_;
}

void LiveProgress::advance(Task task, std::uint64_t done) {
  const std::lock_guard lock(mutex_);
  const auto line = lines_.find(task);
  if (line == lines_.end()) return;
  // A body that starts again begins with fewer octets than it had.
  if (done < line->second.measured_done) line->second.measured_done = done;
  line->second.done = done;
}

void LiveProgress::end(Task task, TaskOutcome) {
  const std::lock_guard lock(mutex_);
  lines_.erase(task);
  if (lines_.empty()) write(erase());
}

void LiveProgress::note(NoteLevel level, std::string_view text) {
  if (level == NoteLevel::detail && verbosity_ != Verbosity::verbose) return;
  if (level == NoteLevel::info && verbosity_ == Verbosity::quiet) return;
  const std::lock_guard lock(mutex_);
  const bool was_drawn = drawn_ != 0;
  std::string output = erase();
  if (level == NoteLevel::warning) output += warning_prefix(screen_.coloring);
  output += printable(text) + '\n';
  if (was_drawn) output += frame();
  write(output);
}

void LiveProgress::draw() {
  const std::lock_guard lock(mutex_);
  redraw();
}

void LiveProgress::redraw() {
  std::string text = erase();
  text += frame();
  write(text);
}

/// What takes the drawn lines away and leaves the cursor where they began.
std::string LiveProgress::erase() {
  const std::size_t drawn = std::exchange(drawn_, 0);
  return drawn == 0 ? std::string() : fmt::format("\r\x1b[{}A\x1b[J", drawn);
}

/// The lines; they never take the last column (which some terminals wrap at) nor the whole screen.
std::string LiveProgress::frame() {
  const std::size_t width = std::max<std::size_t>(screen_.columns(), 2) - 1;
  const std::size_t height = std::max<std::size_t>(screen_.rows(), 3) - 2;
  const std::size_t room = std::min(height, most_lines);
  const auto now = now_();
  std::string text;
  std::size_t shown = 0;
  for (auto& [task, line] : lines_) {
    if (shown + 1 == room && lines_.size() > room) {
      text += fit(fmt::format("… and {} more", lines_.size() - shown), width) + '\n';
      ++shown;
      break;
    }
    const std::string state = describe(line, now);
    const std::size_t state_width = state.empty() ? 0 : display_width(state) + 2;
    if (state_width + 8 > width) {
      text += fit(line.label, width);
    } else {
      const std::string label = fit(line.label, width - state_width);
      const std::size_t label_width = display_width(label);
      text += label;
      if (!state.empty()) text += std::string(width - label_width - state_width + 2, ' ') + state;
    }
    text += '\n';
    ++shown;
  }
  drawn_ = shown;
  return text;
}

/// "1.2 MiB / 3.4 MiB   35%   1.1 MiB/s", as far as it is known.
std::string LiveProgress::describe(Line& line, Clock::time_point now) const {
  const auto since = now - line.measured;
  if (since >= between_measurements) {
    line.speed = static_cast<double>(line.done - line.measured_done) / seconds(since);
    line.measured = now;
    line.measured_done = line.done;
  }
  std::string text;
  if (line.done == 0 && !line.total) {
    const auto time = std::chrono::floor<std::chrono::seconds>(now - line.begun);
    return time >= worth_showing ? fmt::format("{} s", time.count()) : text;
  }
  text = format_size(line.done);
  if (line.total) {
    text += " / " + format_size(*line.total);
    if (*line.total != 0)
      text += fmt::format("  {:3.0f}%", std::min(100.0, 100.0 * static_cast<double>(line.done) /
                                                            static_cast<double>(*line.total)));
  }
  if (line.speed > 0)
    text += fmt::format("  {:>10}/s", format_size(static_cast<std::uint64_t>(line.speed)));
  return text;
}

void LiveProgress::write(const std::string& text) {
  if (!text.empty()) out_ << text << std::flush;
}

}  // namespace tarn::builder
