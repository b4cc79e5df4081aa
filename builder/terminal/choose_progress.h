#pragma once

#include <iosfwd>
#include <memory>

#include "apk/support/progress.h"
#include "builder/terminal/colors.h"
#include "builder/terminal/output_options.h"

namespace tarn::builder {

/// What a file descriptor and the environment (TERM, NO_COLOR) say.
MessagePlace message_place(int fd);

/// Live lines where `place` is a terminal that can show them, unless `mode` or `verbosity` is
/// against it; else plain lines. `out` writes to `fd`, and must outlive the result.
std::unique_ptr<Progress> choose_progress(std::ostream& out, int fd, const MessagePlace& place,
                                          Verbosity verbosity, ColorMode mode);

}  // namespace tarn::builder
