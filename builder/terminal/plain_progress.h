#pragma once

#include <iosfwd>
#include <mutex>

#include "apk/support/progress.h"
#include "builder/terminal/output_options.h"

namespace tarn::builder {

/// Progress as plain lines, for logs and pipes: each note is a line, warnings begin with "warning:
/// "; of pieces of work only the labels are shown, and only with `verbose`. Each line goes out
/// whole.
class PlainProgress : public Progress {
 public:
  /// `out` must outlive this and is written by nobody else while other threads may report.
  PlainProgress(std::ostream& out, Verbosity verbosity, Coloring coloring = Coloring::off)
      : out_(out), verbosity_(verbosity), coloring_(coloring) {}

  Task begin(std::string_view label, std::optional<std::uint64_t> total) override;
  void advance(Task, std::uint64_t) override {}
  void end(Task, TaskOutcome) override {}
  void note(NoteLevel level, std::string_view text) override;

 private:
  std::mutex mutex_;
  std::ostream& out_;
  Verbosity verbosity_;
  Coloring coloring_;
  Task last_task_ = 0;
};

}  // namespace tarn::builder
