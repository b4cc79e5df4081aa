#include "builder/cli/script_reports.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include <fmt/core.h>

#include "builder/terminal/live_progress.h"

namespace tarn::builder {
namespace {

void note_lines(std::string_view text, NoteLevel level, Progress& progress) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    progress.note(level, "  " + printable(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

}  // namespace

nlohmann::ordered_json script_json(const ScriptReport& report) {
  nlohmann::ordered_json json = {{"package", report.package},
                                 {"script", apk::script_name(report.kind)},
                                 {"way", way_name(report.way)}};
  if (!report.reason.empty()) json["reason"] = report.reason;
  return json;
}

void note_scripts(const std::vector<ScriptRun>& scripts, Progress& progress) {
  std::array<std::size_t, 3> counts{};
  for (const auto& [architecture, report] : scripts) {
    ++counts[static_cast<std::size_t>(report.way)];
    const std::string title =
        fmt::format("{}: {} of {}", architecture, apk::script_name(report.kind), report.package);
    const NoteLevel level = report.status == 0 ? NoteLevel::detail : NoteLevel::warning;
    const std::string reason = report.reason.empty() ? "" : " (" + report.reason + ")";
    progress.note(level, report.status == 0
                             ? fmt::format("{}: {}{}", title, way_name(report.way), reason)
                             : fmt::format("{} failed with status {}", title, report.status));
    note_lines(report.output, level, progress);
  }
  if (!scripts.empty())
    progress.note(NoteLevel::info, fmt::format("scripts: {} natively, {} in a sandbox, {} skipped",
                                               counts[0], counts[1], counts[2]));
}

}  // namespace tarn::builder
