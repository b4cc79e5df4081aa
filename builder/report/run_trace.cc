#include "builder/report/run_trace.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

namespace tarn::builder {
namespace {

using Json = nlohmann::ordered_json;
using TimePoint = std::chrono::steady_clock::time_point;

constexpr int process_number = 1;

/// A stretch of time that takes a line for itself.
struct Stretch {
  TimePoint begin;
  TimePoint end;
  std::size_t line = 0;
};

/// Gives each stretch the first line that is free when it begins; gives how many lines there are.
std::size_t lay_out(std::vector<Stretch>& stretches) {
  std::vector<Stretch*> in_order;
  for (Stretch& stretch : stretches) in_order.push_back(&stretch);
  std::ranges::stable_sort(in_order, {}, &Stretch::begin);
  std::vector<TimePoint> free_from;
  for (Stretch* stretch : in_order) {
    const auto free =
        std::ranges::find_if(free_from, [&](TimePoint from) { return from <= stretch->begin; });
    stretch->line = static_cast<std::size_t>(free - free_from.begin());
    if (free == free_from.end())
      free_from.push_back(stretch->end);
    else
      *free = stretch->end;
  }
  return free_from.size();
}

/// The line of each span, and what the lines are called.
struct Lines {
  std::vector<std::size_t> of_spans;
  std::vector<std::string> names;
};

/// From the first span of each thread to its last; those of other kinds than work count for none.
std::vector<Stretch> lives_of_threads(const RunRecord& run) {
  std::vector<Stretch> lives;
  for (const KeptSpan& span : run.spans) {
    if (span.kind != SpanKind::work || span.thread == 0) continue;
    if (lives.size() < span.thread) lives.resize(span.thread, {TimePoint::max(), TimePoint::min()});
    Stretch& life = lives[span.thread - 1];
    life.begin = std::min(life.begin, span.begin);
    life.end = std::max(life.end, span.end);
  }
  return lives;
}

Lines choose_lines(const RunRecord& run) {
  std::vector<Stretch> threads = lives_of_threads(run);
  std::vector<Stretch> transfers;
  for (const KeptSpan& span : run.spans)
    if (span.kind == SpanKind::transfer) transfers.push_back({span.begin, span.end});
  const std::size_t thread_lines = lay_out(threads);
  const std::size_t transfer_lines = lay_out(transfers);

  Lines lines;
  lines.names.emplace_back("main");
  for (std::size_t i = 1; i <= thread_lines; ++i)
    lines.names.push_back(fmt::format("thread {}", i));
  for (std::size_t i = 1; i <= transfer_lines; ++i)
    lines.names.push_back(fmt::format("transfers {}", i));
  std::size_t transfer = 0;
  for (const KeptSpan& span : run.spans) {
    if (span.kind == SpanKind::transfer)
      lines.of_spans.push_back(1 + thread_lines + transfers[transfer++].line);
    else
      lines.of_spans.push_back(span.thread == 0 ? 0 : 1 + threads[span.thread - 1].line);
  }
  return lines;
}

/// An array of events, written one by one.
class Events {
 public:
  Events(const RunRecord& run, const std::function<void(std::string_view)>& write)
      : run_(run), write_(write) {}

  void add_name(const std::string& what, std::size_t line, const std::string& name) {
    add({{"name", what},
         {"ph", "M"},
         {"pid", process_number},
         {"tid", line},
         {"args", {{"name", name}}}});
  }

  void add_order(std::size_t line) {
    add({{"name", "thread_sort_index"},
         {"ph", "M"},
         {"pid", process_number},
         {"tid", line},
         {"args", {{"sort_index", line}}}});
  }

  void add_span(const KeptSpan& span, std::size_t line) {
    Json event = {{"name", span.label.empty() ? span.category : span.label},
                  {"cat", span.category},
                  {"ph", "X"},
                  {"pid", process_number},
                  {"tid", line},
                  {"ts", microseconds(span.begin - run_.begun)},
                  {"dur", microseconds(span.end - span.begin)}};
    event["args"]["category"] = span.category;
    if (span.bytes != 0) event["args"]["bytes"] = span.bytes;
    add(event);
  }

  void add_change(const KeptCount& change) {
    add({{"name", change.name},
         {"ph", "C"},
         {"pid", process_number},
         {"tid", 0},
         {"ts", microseconds(change.at - run_.begun)},
         {"args", {{"total", change.total}}}});
  }

 private:
  static double microseconds(std::chrono::steady_clock::duration time) {
    return static_cast<double>(std::chrono::nanoseconds(time).count()) / 1e3;
  }

  /// Labels are foreign and may be cut within a character.
  void add(const Json& event) {
    write_(is_first_ ? "\n" : ",\n");
    is_first_ = false;
    write_(event.dump(-1, ' ', false, Json::error_handler_t::replace));
  }

  const RunRecord& run_;
  const std::function<void(std::string_view)>& write_;
  bool is_first_ = true;
};

}  // namespace

void write_run_trace(const RunRecord& run, const std::string& process_name,
                     const std::function<void(std::string_view)>& write) {
  const Lines lines = choose_lines(run);
  write("{\"displayTimeUnit\": \"ms\",\n");
  write(fmt::format("\"otherData\": {{\"left_out\": {}}},\n", run.dropped));
  write("\"traceEvents\": [");
  Events events(run, write);
  events.add_name("process_name", 0, process_name);
  for (std::size_t line = 0; line < lines.names.size(); ++line) {
    events.add_name("thread_name", line, lines.names[line]);
    events.add_order(line);
  }
  for (std::size_t i = 0; i < run.spans.size(); ++i)
    events.add_span(run.spans[i], lines.of_spans[i]);
  for (const KeptCount& change : run.changes) events.add_change(change);
  write("\n]}\n");
}

}  // namespace tarn::builder
