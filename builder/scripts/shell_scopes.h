#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "builder/scripts/shell.h"
#include "builder/scripts/shell_state.h"

namespace tarn::builder {

/// What a part of a script changes for as long as it runs. Each puts back what it changed, however
/// the part ends.

/// The descriptors, for a command with redirections.
class Shell::SavedDescriptors {
 public:
  enum class Kept { no, yes };
  /// `kept`: what is done to the descriptors stays.
  SavedDescriptors(ShellState& state, Kept kept) : state_(state) {
    if (kept == Kept::no) saved_ = state.descriptors;
  }
  ~SavedDescriptors() {
    if (saved_) state_.descriptors = std::move(*saved_);
  }
  SavedDescriptors(const SavedDescriptors&) = delete;
  SavedDescriptors& operator=(const SavedDescriptors&) = delete;
  /// What is done to the descriptors stays after all.
  void keep() { saved_.reset(); }

 private:
  ShellState& state_;
  std::optional<std::map<int, std::shared_ptr<ScriptStream>>> saved_;
};

/// The variables that are assigned before a command, for this command.
class Shell::TemporaryVariables {
 public:
  explicit TemporaryVariables(ShellState& state) : state_(state) { state_.variables.begin_scope(); }
  ~TemporaryVariables() { state_.variables.end_scope(); }
  TemporaryVariables(const TemporaryVariables&) = delete;
  TemporaryVariables& operator=(const TemporaryVariables&) = delete;

 private:
  ShellState& state_;
};

/// A function's arguments.
class Shell::FunctionCall {
 public:
  FunctionCall(ShellState& state, std::vector<std::string> arguments)
      : state_(state), arguments_(std::exchange(state.arguments, std::move(arguments))) {
    ++state_.functions_in;
  }
  ~FunctionCall() {
    state_.arguments = std::move(arguments_);
    --state_.functions_in;
  }
  FunctionCall(const FunctionCall&) = delete;
  FunctionCall& operator=(const FunctionCall&) = delete;

 private:
  ShellState& state_;
  std::vector<std::string> arguments_;
};

/// Who complains.
class SpeakerChange {
 public:
  SpeakerChange(ShellState& state, std::string speaker)
      : state_(state), before_(std::exchange(state.speaker, std::move(speaker))) {}
  ~SpeakerChange() { state_.speaker = std::move(before_); }
  SpeakerChange(const SpeakerChange&) = delete;
  SpeakerChange& operator=(const SpeakerChange&) = delete;

 private:
  ShellState& state_;
  std::optional<std::string> before_;
};

/// A loop around what runs.
class LoopLevel {
 public:
  explicit LoopLevel(ShellState& state) : state_(state) { ++state_.loops; }
  ~LoopLevel() { --state_.loops; }
  LoopLevel(const LoopLevel&) = delete;
  LoopLevel& operator=(const LoopLevel&) = delete;

 private:
  ShellState& state_;
};

}  // namespace tarn::builder
