#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace tarn {

enum class NoteLevel { detail, info, warning };
enum class TaskOutcome { done, failed };

/// Whether a thread did nothing else meanwhile.
enum class SpanKind {
  work,      ///< on one thread; what it consists of lies within it
  transfer,  ///< mostly waiting for another machine; a thread has many of them at a time
};

/// A piece of work that was done on one thread, for who wants to know where the time went.
struct SpanRecord {
  std::string_view category;  ///< what kind of work: "inflate", "compress"
  std::string_view label;     ///< on what: "musl-1.2.5-r0"
  std::chrono::steady_clock::time_point begin;
  std::chrono::steady_clock::time_point end;
  std::uint64_t bytes = 0;  ///< octets that the work went through; 0: none to speak of
  SpanKind kind = SpanKind::work;
};

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

  /// A measurement, from the thread that did the work. Nobody need listen.
  virtual void record(const SpanRecord& /*span*/) {}
  /// `number` more of what `name` counts ("requests", "bytes received": octets are called bytes).
  virtual void count(std::string_view /*name*/, std::uint64_t /*number*/) {}
};

/// Whether a cache had what was looked for.
enum class CacheAnswer { hit, miss };

/// What the names of such counts begin with; the kind follows.
constexpr std::string_view cache_hits_prefix = "cache hits: ";
constexpr std::string_view cache_misses_prefix = "cache misses: ";

/// Counts looks into a cache for things of that kind ("package").
inline void count_cache(Progress& progress, std::string_view kind, CacheAnswer answer,
                        std::uint64_t number = 1) {
  std::string name(answer == CacheAnswer::hit ? cache_hits_prefix : cache_misses_prefix);
  progress.count(name.append(kind), number);
}

/// Measures its own life and reports it as a span.
class Span {
 public:
  Span(Progress& progress, std::string_view category, std::string label, std::uint64_t bytes = 0)
      : progress_(progress), category_(category), label_(std::move(label)), bytes_(bytes) {}
  Span(const Span&) = delete;
  Span& operator=(const Span&) = delete;
  ~Span() {
    progress_.record({category_, label_, begin_, std::chrono::steady_clock::now(), bytes_});
  }
  /// For work whose size is known at its end only.
  void set_bytes(std::uint64_t bytes) { bytes_ = bytes; }

 private:
  Progress& progress_;
  std::string_view category_;  ///< a literal
  std::string label_;
  std::uint64_t bytes_;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
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
