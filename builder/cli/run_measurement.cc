#include "builder/cli/run_measurement.h"

#include <ostream>
#include <utility>

#include "apk/support/error.h"
#include "apk/support/file.h"
#include "builder/cli/run_stats_text.h"
#include "builder/report/run_trace.h"

namespace tarn::builder {
namespace {

constexpr std::size_t written_at_once = 64U << 10U;

}  // namespace

RunMeasurement::RunMeasurement(const GlobalOptions& options, Progress& below, std::string command,
                               std::filesystem::path trace)
    : options_(options), below_(below), command_(std::move(command)), trace_(std::move(trace)) {
  if (!trace_.empty())
    recorder_ = std::make_unique<RunRecorder>(below_, RecordKeeping::each);
  else if (options_.stats != StatsForm::none)
    recorder_ = std::make_unique<RunRecorder>(below_, RecordKeeping::sums);
}

RunStats RunMeasurement::stats(RunOutcome outcome) const {
  RunStats stats = make_run_stats(recorder_->run_so_far(), process_use());
  stats.command = command_;
  stats.outcome = outcome;
  stats.threads = options_.threads;
  return stats;
}

void RunMeasurement::add_to(nlohmann::ordered_json& result) {
  if (options_.stats == StatsForm::none || !result.is_object()) return;
  result["stats"] = run_stats_json(stats(RunOutcome::done));
  stats_are_out_ = true;
}

void RunMeasurement::finish(RunOutcome outcome, std::ostream& err) {
  if (options_.stats != StatsForm::none && !stats_are_out_) {
    const RunStats all = stats(outcome);
    err << (options_.stats == StatsForm::text ? run_stats_text(all)
                                              : run_stats_json(all).dump() + '\n')
        << std::flush;
  }
  if (!trace_.empty()) write_trace();
}

void RunMeasurement::write_trace() {
  try {
    AtomicFile file(trace_);
    std::string waiting;
    write_run_trace(recorder_->run_so_far(), command_, [&](std::string_view text) {
      waiting += text;
      if (waiting.size() < written_at_once) return;
      file.write(waiting);
      waiting.clear();
    });
    file.write(waiting);
    file.commit();
  } catch (const Error& error) {
    below_.note(NoteLevel::warning, "no trace is written (TARN_TRACE): " + error.message());
  }
}

}  // namespace tarn::builder
