#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tarn {

enum class NoteLevel { detail, info, warning };
enum class TaskOutcome { done, failed };

/// Where parts of a run report what they do; the terminal shows it, tests record it. Every function
/// may be called from any thread.
class Progress {
 public:
  using Task = std::uint64_t;
  virtual ~Progress() = default;
  Progress() = default;
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// A piece of work with a label ("fetching musl-1.2.5-r0"), and its size in octets where known.
  virtual Task begin(std::string_view label, std::optional<std::uint64_t> total) = 0;
  /// `done` octets in all of that piece of work.
  virtual void advance(Task task, std::uint64_t done) = 0;
  virtual void end(Task task, TaskOutcome outcome) = 0;
  /// A line for the person: `detail` is shown with -v, `info` unless -q, `warning` always.
  virtual void note(NoteLevel level, std::string_view text) = 0;
};

/// Takes everything and shows nothing.
class SilentProgress : public Progress {
 public:
  Task begin(std::string_view, std::optional<std::uint64_t>) override { return 0; }
  void advance(Task, std::uint64_t) override {}
  void end(Task, TaskOutcome) override {}
  void note(NoteLevel, std::string_view) override {}
};

}  // namespace tarn
