#include "builder/terminal/plain_progress.h"

#include <ostream>

#include "builder/terminal/colors.h"

namespace tarn::builder {

Progress::Task PlainProgress::begin(std::string_view label, std::optional<std::uint64_t>) {
  const std::lock_guard lock(mutex_);
  if (verbosity_ == Verbosity::verbose) out_ << label << '\n' << std::flush;
  return ++last_task_;
}

void PlainProgress::note(NoteLevel level, std::string_view text) {
  if (level == NoteLevel::detail && verbosity_ != Verbosity::verbose) return;
  if (level == NoteLevel::info && verbosity_ == Verbosity::quiet) return;
  const std::lock_guard lock(mutex_);
  if (level == NoteLevel::warning) out_ << warning_prefix(coloring_);
  out_ << text << '\n' << std::flush;
}

}  // namespace tarn::builder
