#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "apk/support/progress.h"

namespace tarn::builder {

/// The category of the spans that are the passes of a run, one after the other.
constexpr std::string_view pass_category = "pass";

/// All spans of one category.
struct WorkSum {
  std::uint64_t spans = 0;
  std::uint64_t bytes = 0;
  std::chrono::steady_clock::duration time{};  ///< added up, though threads work side by side
  std::chrono::steady_clock::duration longest{};
  std::string longest_label{};
};

/// A span that was kept.
struct KeptSpan {
  std::string category;
  std::string label;
  std::chrono::steady_clock::time_point begin;
  std::chrono::steady_clock::time_point end;
  std::uint64_t bytes = 0;
  SpanKind kind = SpanKind::work;
  std::size_t thread = 0;  ///< 0: the one that made the recorder; then in the order of their first
};

/// A count as it stood at a moment.
struct KeptCount {
  std::string name;
  std::chrono::steady_clock::time_point at;
  std::uint64_t total = 0;
};

/// A pass and the time it took.
struct PassTime {
  std::string name;
  std::chrono::steady_clock::duration time{};
};

/// What was recorded of a run.
struct RunRecord {
  std::chrono::steady_clock::time_point begun;
  std::chrono::steady_clock::time_point ended;
  std::vector<PassTime> passes{};                      ///< in the order in which they ended
  std::map<std::string, WorkSum, std::less<>> work{};  ///< by category, without the passes
  std::map<std::string, std::uint64_t, std::less<>> counts{};
  std::vector<KeptSpan> spans{};  ///< passes too; in the order in which they ended
  std::vector<KeptCount> changes{};
  std::uint64_t dropped = 0;  ///< spans and counts that there was no room for in these two
};

/// What a RunRecorder keeps.
enum class RecordKeeping {
  sums,  ///< by category and name: a few of each
  each,  ///< also every single one, up to a bound
};

/// Keeps what is measured of a run, and hands everything on.
class RunRecorder : public Progress {
 public:
  /// `below` must outlive it. At most `most_kept` spans, and as many counts, are kept one by one.
  RunRecorder(Progress& below, RecordKeeping keeping, std::size_t most_kept = 200'000);

  Task begin(std::string_view label, std::optional<std::uint64_t> total) override {
    return below_.begin(label, total);
  }
  void advance(Task task, std::uint64_t done) override { below_.advance(task, done); }
  void end(Task task, TaskOutcome outcome) override { below_.end(task, outcome); }
  void note(NoteLevel level, std::string_view text) override { below_.note(level, text); }
  void record(const SpanRecord& span) override;
  void count(std::string_view name, std::uint64_t number) override;

  /// All there is until now.
  RunRecord run_so_far() const;

 private:
  void add_pass(const SpanRecord& span);
  void add_work(const SpanRecord& span);
  void keep(const SpanRecord& span);

  Progress& below_;
  RecordKeeping keeping_;
  std::size_t most_kept_;
  mutable std::mutex mutex_;
  RunRecord run_;
  std::map<std::thread::id, std::size_t> threads_;
};

}  // namespace tarn::builder
