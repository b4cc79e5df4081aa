#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "builder/report/process_use.h"
#include "builder/report/run_recorder.h"

namespace tarn::builder {

/// How often a cache had something of a kind.
struct CacheUse {
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
};

/// What went over the network.
struct NetworkUseCounts {
  std::uint64_t requests = 0;
  std::uint64_t retries = 0;       ///< requests that were a second, third, … attempt
  std::uint64_t not_modified = 0;  ///< answers that what is in the cache is still right
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_sent = 0;
};

enum class RunOutcome { done, failed };

/// Where the time of a run went, and what else it took.
struct RunStats {
  std::string command;  ///< "tarn build"
  RunOutcome outcome = RunOutcome::done;
  std::chrono::steady_clock::duration time{};  ///< of the whole run
  std::size_t threads = 1;                     ///< it was allowed
  std::vector<PassTime> passes{};
  std::vector<std::pair<std::string, WorkSum>> work{};  ///< by category; what took longest first
  std::map<std::string, CacheUse> cache{};              ///< by kind
  NetworkUseCounts network{};
  std::map<std::string, std::uint64_t> counts{};  ///< all others
  ProcessUse process{};
};

RunStats make_run_stats(const RunRecord& run, const ProcessUse& process);

/// Times are in seconds, sizes in octets.
nlohmann::ordered_json run_stats_json(const RunStats& stats);

}  // namespace tarn::builder
