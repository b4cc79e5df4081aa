#pragma once

#include <filesystem>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "apk/support/progress.h"
#include "builder/cli/command.h"
#include "builder/report/run_recorder.h"
#include "builder/report/run_stats.h"

namespace tarn::builder {

/// What is measured of a run, and where it goes: statistics (--stats) after the results, to
/// standard error or into the result that --json prints; a trace ($TARN_TRACE) to its file. Where
/// neither is wanted nothing is recorded.
class RunMeasurement {
 public:
  /// Both must outlive it. `command`: "tarn build". `trace`: empty for none.
  RunMeasurement(const GlobalOptions& options, Progress& below, std::string command,
                 std::filesystem::path trace);

  /// What the run is to report to.
  Progress& progress() { return recorder_ ? *recorder_ : below_; }
  /// Adds the member "stats" to an object where statistics are wanted; they are not printed again
  /// then.
  void add_to(nlohmann::ordered_json& result);
  /// Prints and writes what is wanted. That the trace cannot be written is a warning.
  void finish(RunOutcome outcome, std::ostream& err);

 private:
  RunStats stats(RunOutcome outcome) const;
  void write_trace();

  const GlobalOptions& options_;
  Progress& below_;
  std::string command_;
  std::filesystem::path trace_;
  std::unique_ptr<RunRecorder> recorder_;
  bool stats_are_out_ = false;
};

}  // namespace tarn::builder
