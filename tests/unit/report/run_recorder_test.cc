#include "builder/report/run_recorder.h"

#include <thread>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "builder/report/run_stats.h"
#include "builder/report/run_trace.h"

namespace tarn::builder {
namespace {

using namespace std::chrono_literals;
using TimePoint = std::chrono::steady_clock::time_point;

/// What came through.
class Below : public SilentProgress {
 public:
  Task begin(std::string_view, std::optional<std::uint64_t>) override { return 7; }
  void advance(Task task, std::uint64_t done) override { advanced = {task, done}; }
  void end(Task task, TaskOutcome) override { ended = task; }
  void note(NoteLevel, std::string_view text) override { notes.emplace_back(text); }
  void record(const SpanRecord&) override { ++spans; }
  void count(std::string_view, std::uint64_t number) override { counted += number; }

  std::pair<Task, std::uint64_t> advanced;
  Task ended = 0;
  std::vector<std::string> notes;
  int spans = 0;
  std::uint64_t counted = 0;
};

SpanRecord span(std::string_view category, std::string_view label, TimePoint begin,
                std::chrono::milliseconds time, std::uint64_t bytes = 0,
                SpanKind kind = SpanKind::work) {
  return {category, label, begin, begin + time, bytes, kind};
}

nlohmann::json trace_of(const RunRecord& run) {
  std::string text;
  write_run_trace(run, "tarn build", [&](std::string_view piece) { text += piece; });
  return nlohmann::json::parse(text);
}

/// The events with a value in a member, in order.
std::vector<nlohmann::json> events_with(const nlohmann::json& trace, const std::string& member,
                                        const std::string& value) {
  std::vector<nlohmann::json> found;
  for (const auto& event : trace.at("traceEvents"))
    if (event.value(member, "") == value) found.push_back(event);
  return found;
}

}  // namespace

TEST_CASE("a recorder hands everything on") {
  Below below;
  RunRecorder recorder(below, RecordKeeping::sums);
  const auto task = recorder.begin("fetching", 10);
  CHECK(task == 7);
  recorder.advance(task, 4);
  CHECK(below.advanced == std::pair<Progress::Task, std::uint64_t>(7, 4));
  recorder.end(task, TaskOutcome::done);
  CHECK(below.ended == 7);
  recorder.note(NoteLevel::info, "text");
  CHECK(below.notes == std::vector<std::string>{"text"});
  recorder.record(span("solve", "x86_64", {}, 1ms));
  recorder.count("requests", 3);
  CHECK(below.spans == 1);
  CHECK(below.counted == 3);
}

TEST_CASE("sums of many threads are whole") {
  SilentProgress below;
  RunRecorder recorder(below, RecordKeeping::sums);
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t)
      threads.emplace_back([&recorder, t] {
        for (int i = 0; i < 500; ++i) {
          recorder.record(span("inflate", t == 3 && i == 9 ? "longest" : "other", {},
                               t == 3 && i == 9 ? 5ms : 1ms, 10));
          recorder.count("requests", 2);
        }
      });
  }
  const RunRecord run = recorder.run_so_far();
  const WorkSum& sum = run.work.at("inflate");
  CHECK(sum.spans == 4000);
  CHECK(sum.bytes == 40000);
  CHECK(sum.time == 4004ms);
  CHECK(sum.longest == 5ms);
  CHECK(sum.longest_label == "longest");
  CHECK(run.counts.at("requests") == 8000);
  CHECK(run.spans.empty());
  CHECK(run.changes.empty());
  CHECK(run.dropped == 0);
}

TEST_CASE("passes are told apart from work, in their order, and added up by name") {
  SilentProgress below;
  RunRecorder recorder(below, RecordKeeping::sums);
  for (const char* name : {"resolve", "fetch", "resolve"})
    recorder.record(span(pass_category, name, {}, 2ms));
  const RunRecord run = recorder.run_so_far();
  REQUIRE(run.passes.size() == 2);
  CHECK(run.passes[0].name == "resolve");
  CHECK(run.passes[0].time == 4ms);
  CHECK(run.passes[1].name == "fetch");
  CHECK(run.work.empty());
}

TEST_CASE("what is kept one by one is bounded; sums are not") {
  SilentProgress below;
  RunRecorder recorder(below, RecordKeeping::each, 3);
  for (int i = 0; i < 5; ++i) {
    recorder.record(span("solve", std::string(1000, 'x'), {}, 1ms));
    recorder.count("requests", 1);
  }
  const RunRecord run = recorder.run_so_far();
  CHECK(run.spans.size() == 3);
  CHECK(run.spans[0].label.size() == 200);
  CHECK(run.changes.size() == 3);
  CHECK(run.dropped == 4);
  CHECK(run.work.at("solve").spans == 5);
  CHECK(run.counts.at("requests") == 5);
  CHECK(trace_of(run).at("otherData").at("left_out") == 4);
}

TEST_CASE("statistics put counts where they belong") {
  SilentProgress below;
  RunRecorder recorder(below, RecordKeeping::sums);
  recorder.record(span("solve", "x86_64", {}, 3ms));
  recorder.record(span("inflate", "musl", {}, 9ms, 600));
  recorder.record(span(pass_category, "resolve", {}, 4ms));
  recorder.count("requests", 4);
  recorder.count("not modified", 2);
  recorder.count("bytes received", 1000);
  recorder.count("segments kept", 5);
  count_cache(recorder, "package", CacheAnswer::hit);
  count_cache(recorder, "package", CacheAnswer::hit);
  count_cache(recorder, "package", CacheAnswer::miss);
  count_cache(recorder, "index", CacheAnswer::miss);
  RunStats stats = make_run_stats(recorder.run_so_far(), {.user = 1500ms, .peak_memory = 1 << 20});
  stats.command = "tarn build";
  stats.outcome = RunOutcome::failed;
  stats.time = 2s;
  stats.threads = 2;
  const auto expected = nlohmann::json::parse(R"({
    "command": "tarn build", "outcome": "failed", "seconds": 2.0, "threads": 2,
    "passes": [{"name": "resolve", "seconds": 0.004}],
    "work": {
      "inflate": {"count": 1, "seconds": 0.009, "bytes": 600,
                  "longest": {"label": "musl", "seconds": 0.009}},
      "solve": {"count": 1, "seconds": 0.003, "bytes": 0,
                "longest": {"label": "x86_64", "seconds": 0.003}}},
    "cache": {"index": {"hits": 0, "misses": 1}, "package": {"hits": 2, "misses": 1}},
    "network": {"requests": 4, "retries": 0, "not_modified": 2, "bytes_received": 1000,
                "bytes_sent": 0},
    "counts": {"segments kept": 5},
    "process": {"user_seconds": 1.5, "system_seconds": 0.0, "programs_seconds": 0.0,
                "peak_memory": 1048576}
  })");
  CHECK(nlohmann::json(run_stats_json(stats)) == expected);
  // What took longest comes first.
  CHECK(stats.work.front().first == "inflate");
}

TEST_CASE("a process knows what it took") {
  const ProcessUse before = process_use();
  CHECK(before.peak_memory > 1 << 20);
  std::vector<char> held(64 << 20, 'x');
  CHECK(held[held.size() / 2] == 'x');
  CHECK(process_use().peak_memory >= before.peak_memory);
  CHECK(process_use().peak_memory > held.size());
  CHECK(process_use().user + process_use().system > 0us);
}

TEST_CASE("a trace has a line for each thread that ran at a time, and for each transfer") {
  SilentProgress below;
  RunRecorder recorder(below, RecordKeeping::each);
  const TimePoint start = recorder.run_so_far().begun;
  const auto on_a_thread = [&](const SpanRecord& record) {
    std::jthread([&] { recorder.record(record); }).join();
  };
  recorder.record(span(pass_category, "resolve", start, 20ms));
  on_a_thread(span("inflate", "musl", start + 1ms, 4ms, 100));
  on_a_thread(span("inflate", "busybox", start + 3ms, 4ms));
  on_a_thread(span("inflate", "zlib", start + 8ms, 1ms));
  recorder.record(span("fetch", "a", start + 1ms, 5ms, 9, SpanKind::transfer));
  recorder.record(span("fetch", "b", start + 2ms, 1ms, 9, SpanKind::transfer));
  recorder.record(span("fetch", "c", start + 4ms, 9ms, 9, SpanKind::transfer));
  recorder.count("requests", 2);
  recorder.count("requests", 1);

  const auto trace = trace_of(recorder.run_so_far());
  const auto processes = events_with(trace, "name", "process_name");
  REQUIRE(processes.size() == 1);
  CHECK(processes[0]["args"]["name"] == "tarn build");

  const auto spans = events_with(trace, "ph", "X");
  REQUIRE(spans.size() == 7);
  CHECK(spans[0]["tid"] == 0);
  CHECK(spans[0]["name"] == "resolve");
  CHECK(spans[0]["cat"] == "pass");
  CHECK(spans[0]["ts"] == 0.0);
  CHECK(spans[0]["dur"] == 20000.0);
  CHECK(spans[1]["ts"] == 1000.0);
  CHECK(spans[1]["args"]["bytes"] == 100);
  // Threads of the system may have got the same name one after the other; lines are told by time.
  std::vector<std::size_t> transfers;
  for (std::size_t i = 4; i < 7; ++i) transfers.push_back(spans[i]["tid"]);
  CHECK(transfers[0] != transfers[1]);
  CHECK(transfers[1] == transfers[2]);

  for (const auto& event : spans) CHECK(event["pid"] == 1);
  const auto counters = events_with(trace, "ph", "C");
  REQUIRE(counters.size() == 2);
  CHECK(counters[0]["args"]["total"] == 2);
  CHECK(counters[1]["args"]["total"] == 3);
  CHECK(events_with(trace, "name", "thread_name").size() ==
        events_with(trace, "name", "thread_sort_index").size());
}

TEST_CASE("lines of threads that ran at different times are shared") {
  SilentProgress below;
  RunRecorder recorder(below, RecordKeeping::each);
  RunRecord run = recorder.run_so_far();
  const auto kept = [&](std::size_t thread, std::chrono::milliseconds begin) {
    run.spans.push_back(
        {"inflate", "x", run.begun + begin, run.begun + begin + 10ms, 0, SpanKind::work, thread});
  };
  kept(1, 0ms);
  kept(2, 5ms);
  kept(3, 20ms);
  kept(1, 12ms);
  kept(4, 23ms);
  std::vector<int> lines;
  for (const auto& event : events_with(trace_of(run), "ph", "X")) lines.push_back(event["tid"]);
  CHECK(lines == std::vector<int>{1, 2, 2, 1, 1});
}

TEST_CASE("a trace of foreign labels is JSON") {
  SilentProgress below;
  RunRecorder recorder(below, RecordKeeping::each);
  recorder.record(span("fetch", "a\"\\\n\xff\xc3", {}, 1ms));
  CHECK(events_with(trace_of(recorder.run_so_far()), "ph", "X").size() == 1);
}

}  // namespace tarn::builder
