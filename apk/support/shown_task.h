#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "apk/support/progress.h"

namespace tarn {

/// A task as the person sees it: begun here, ended with this object, failed unless done() was
/// called.
class ShownTask {
 public:
  ShownTask(Progress& progress, const std::string& label, std::optional<std::uint64_t> total)
      : progress_(progress), task_(progress.begin(label, total)) {}
  ShownTask(const ShownTask&) = delete;
  ShownTask& operator=(const ShownTask&) = delete;
  ~ShownTask() { progress_.end(task_, outcome_); }
  void advance(std::uint64_t octets) { progress_.advance(task_, octets); }
  void done() { outcome_ = TaskOutcome::done; }

 private:
  Progress& progress_;
  Progress::Task task_;
  TaskOutcome outcome_ = TaskOutcome::failed;
};

}  // namespace tarn
