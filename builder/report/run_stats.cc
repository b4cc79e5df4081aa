#include "builder/report/run_stats.h"

#include <algorithm>
#include <array>

namespace tarn::builder {
namespace {

struct NetworkCount {
  std::string_view name;
  std::uint64_t NetworkUseCounts::*member;
};
constexpr std::array<NetworkCount, 5> network_counts = {{
    {"requests", &NetworkUseCounts::requests},
    {"retries", &NetworkUseCounts::retries},
    {"not modified", &NetworkUseCounts::not_modified},
    {"bytes received", &NetworkUseCounts::bytes_received},
    {"bytes sent", &NetworkUseCounts::bytes_sent},
}};

void add_count(const std::string& name, std::uint64_t number, RunStats& stats) {
  for (const auto& [known, member] : network_counts)
    if (name == known) {
      stats.network.*member = number;
      return;
    }
  if (name.starts_with(cache_hits_prefix))
    stats.cache[name.substr(cache_hits_prefix.size())].hits = number;
  else if (name.starts_with(cache_misses_prefix))
    stats.cache[name.substr(cache_misses_prefix.size())].misses = number;
  else
    stats.counts[name] = number;
}

/// To the microsecond.
template <typename Duration>
double seconds(Duration time) {
  return static_cast<double>(std::chrono::duration_cast<std::chrono::microseconds>(time).count()) /
         1e6;
}

nlohmann::ordered_json work_json(const RunStats& stats) {
  auto all = nlohmann::ordered_json::object();
  for (const auto& [category, sum] : stats.work)
    all[category] = {
        {"count", sum.spans},
        {"seconds", seconds(sum.time)},
        {"bytes", sum.bytes},
        {"longest", {{"label", sum.longest_label}, {"seconds", seconds(sum.longest)}}}};
  return all;
}

nlohmann::ordered_json process_json(const ProcessUse& process) {
  nlohmann::ordered_json json = {{"user_seconds", seconds(process.user)},
                                 {"system_seconds", seconds(process.system)},
                                 {"programs_seconds", seconds(process.programs)},
                                 {"peak_memory", process.peak_memory}};
  if (process.read) json["bytes_read"] = *process.read;
  if (process.written) json["bytes_written"] = *process.written;
  return json;
}

}  // namespace

RunStats make_run_stats(const RunRecord& run, const ProcessUse& process) {
  RunStats stats;
  stats.time = run.ended - run.begun;
  stats.passes = run.passes;
  stats.work.assign(run.work.begin(), run.work.end());
  std::ranges::stable_sort(stats.work, std::ranges::greater(),
                           [](const auto& work) { return work.second.time; });
  for (const auto& [name, number] : run.counts) add_count(name, number, stats);
  stats.process = process;
  return stats;
}

nlohmann::ordered_json run_stats_json(const RunStats& stats) {
  auto passes = nlohmann::ordered_json::array();
  for (const PassTime& pass : stats.passes)
    passes.push_back({{"name", pass.name}, {"seconds", seconds(pass.time)}});
  auto cache = nlohmann::ordered_json::object();
  for (const auto& [kind, use] : stats.cache)
    cache[kind] = {{"hits", use.hits}, {"misses", use.misses}};
  auto network = nlohmann::ordered_json::object();
  for (const auto& [name, member] : network_counts) {
    std::string key(name);
    std::ranges::replace(key, ' ', '_');
    network[key] = stats.network.*member;
  }
  nlohmann::ordered_json json = {{"command", stats.command},
                                 {"outcome", stats.outcome == RunOutcome::done ? "done" : "failed"},
                                 {"seconds", seconds(stats.time)},
                                 {"threads", stats.threads},
                                 {"passes", std::move(passes)},
                                 {"work", work_json(stats)},
                                 {"cache", std::move(cache)},
                                 {"network", std::move(network)}};
  json["counts"] = nlohmann::ordered_json::object();
  for (const auto& [name, number] : stats.counts) json["counts"][name] = number;
  json["process"] = process_json(stats.process);
  return json;
}

}  // namespace tarn::builder
