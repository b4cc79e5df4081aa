#include "builder/report/run_recorder.h"

#include <algorithm>

namespace tarn::builder {
namespace {

/// Labels may come from a package's name or a server's address.
constexpr std::size_t longest_label = 200;

std::string cut(std::string_view label) {
  return std::string(label.substr(0, longest_label));
}

}  // namespace

RunRecorder::RunRecorder(Progress& below, RecordKeeping keeping, std::size_t most_kept)
    : below_(below), keeping_(keeping), most_kept_(most_kept) {
  run_.begun = std::chrono::steady_clock::now();
  threads_.emplace(std::this_thread::get_id(), 0);
}

void RunRecorder::record(const SpanRecord& span) {
  {
    const std::lock_guard lock(mutex_);
    if (span.category == pass_category)
      add_pass(span);
    else
      add_work(span);
    if (keeping_ == RecordKeeping::each) keep(span);
  }
  below_.record(span);
}

void RunRecorder::count(std::string_view name, std::uint64_t number) {
  {
    const std::lock_guard lock(mutex_);
    auto known = run_.counts.find(name);
    if (known == run_.counts.end()) known = run_.counts.emplace(std::string(name), 0).first;
    known->second += number;
    if (keeping_ == RecordKeeping::each) {
      if (run_.changes.size() < most_kept_)
        run_.changes.push_back({known->first, std::chrono::steady_clock::now(), known->second});
      else
        ++run_.dropped;
    }
  }
  below_.count(name, number);
}

void RunRecorder::add_pass(const SpanRecord& span) {
  auto known = std::ranges::find(run_.passes, span.label, &PassTime::name);
  if (known == run_.passes.end())
    known = run_.passes.insert(run_.passes.end(), {std::string(span.label), {}});
  known->time += span.end - span.begin;
}

void RunRecorder::add_work(const SpanRecord& span) {
  auto known = run_.work.find(span.category);
  if (known == run_.work.end())
    known = run_.work.emplace(std::string(span.category), WorkSum{}).first;
  WorkSum& sum = known->second;
  const auto time = span.end - span.begin;
  ++sum.spans;
  sum.bytes += span.bytes;
  sum.time += time;
  if (time <= sum.longest) return;
  sum.longest = time;
  sum.longest_label = cut(span.label);
}

void RunRecorder::keep(const SpanRecord& span) {
  if (run_.spans.size() == most_kept_) {
    ++run_.dropped;
    return;
  }
  const std::size_t thread =
      threads_.emplace(std::this_thread::get_id(), threads_.size()).first->second;
  run_.spans.push_back({.category = std::string(span.category),
                        .label = cut(span.label),
                        .begin = span.begin,
                        .end = span.end,
                        .bytes = span.bytes,
                        .kind = span.kind,
                        .thread = thread});
}

RunRecord RunRecorder::run_so_far() const {
  const std::lock_guard lock(mutex_);
  RunRecord run = run_;
  run.ended = std::chrono::steady_clock::now();
  return run;
}

}  // namespace tarn::builder
