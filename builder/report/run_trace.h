#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "builder/report/run_recorder.h"

namespace tarn::builder {

/// Writes a recorded run (RecordKeeping::each) in the Trace Event Format, its JSON object form,
/// that chrome://tracing, Perfetto and speedscope read: a complete event ("X") for each span, with
/// times in microseconds since the run began; metadata events ("M") that name the process and its
/// lines; a counter event ("C") for each change of a count. Line 0 is the thread that began the
/// run; other threads are lines of their own, where a thread that began after another had ended may
/// share its line; then come as many lines as there were transfers at a time. `write` takes the
/// text piece by piece.
void write_run_trace(const RunRecord& run, const std::string& process_name,
                     const std::function<void(std::string_view)>& write);

}  // namespace tarn::builder
