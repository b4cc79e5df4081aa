#include "builder/cli/run_stats_text.h"

#include <fmt/core.h>

#include "builder/terminal/format_size.h"
#include "builder/terminal/table.h"

namespace tarn::builder {
namespace {

template <typename Duration>
double in_seconds(Duration time) {
  return std::chrono::duration<double>(time).count();
}

template <typename Duration>
std::string time_text(Duration time) {
  return fmt::format("{:.3f} s", in_seconds(time));
}

std::string size_text(std::uint64_t bytes) {
  return bytes == 0 ? std::string() : format_size(bytes);
}

std::string speed_text(const WorkSum& sum) {
  const double time = in_seconds(sum.time);
  if (sum.bytes == 0 || time <= 0) return {};
  return format_size(static_cast<std::uint64_t>(static_cast<double>(sum.bytes) / time)) + "/s";
}

std::string passes_text(const RunStats& stats) {
  Table table({{"pass"}, {"time", Align::right}});
  for (const PassTime& pass : stats.passes) table.add({pass.name, time_text(pass.time)});
  table.add({"whole run", time_text(stats.time)});
  return table.str();
}

std::string work_text(const RunStats& stats) {
  if (stats.work.empty()) return {};
  Table table({{"work"},
               {"count", Align::right},
               {"time", Align::right},
               {"size", Align::right},
               {"speed", Align::right},
               {"longest", Align::right},
               {"of"}});
  for (const auto& [category, sum] : stats.work)
    table.add({category, std::to_string(sum.spans), time_text(sum.time), size_text(sum.bytes),
               speed_text(sum), time_text(sum.longest), sum.longest_label});
  return '\n' + table.str();
}

std::string cache_text(const RunStats& stats) {
  if (stats.cache.empty()) return {};
  Table table({{"cache"}, {"hits", Align::right}, {"misses", Align::right}});
  for (const auto& [kind, use] : stats.cache)
    table.add({kind, std::to_string(use.hits), std::to_string(use.misses)});
  return '\n' + table.str();
}

bool is_size(const std::string& name) {
  return name.starts_with("bytes ");
}

std::string counts_text(const RunStats& stats) {
  if (stats.counts.empty()) return {};
  Table table({{"count"}, {"", Align::right}});
  for (const auto& [name, number] : stats.counts)
    table.add({name, is_size(name) ? format_size(number) : std::to_string(number)});
  return '\n' + table.str();
}

std::string process_text(const RunStats& stats) {
  const ProcessUse& process = stats.process;
  std::string text = fmt::format("processor: {} user, {} system", time_text(process.user),
                                 time_text(process.system));
  if (process.programs.count() != 0)
    text += fmt::format(", {} of programs started", time_text(process.programs));
  text += fmt::format("; {} {}\n", stats.threads, stats.threads == 1 ? "thread" : "threads");
  text += fmt::format("memory:    {} at most\n", format_size(process.peak_memory));
  if (process.read && process.written)
    text += fmt::format("files:     {} read, {} written\n", format_size(*process.read),
                        format_size(*process.written));
  return text;
}

std::string network_text(const NetworkUseCounts& network) {
  return fmt::format("network:   {} requests ({} retries), {} not modified, {} received, {} sent\n",
                     network.requests, network.retries, network.not_modified,
                     format_size(network.bytes_received), format_size(network.bytes_sent));
}

}  // namespace

std::string run_stats_text(const RunStats& stats) {
  return passes_text(stats) + work_text(stats) + cache_text(stats) + counts_text(stats) + '\n' +
         network_text(stats.network) + process_text(stats);
}

}  // namespace tarn::builder
