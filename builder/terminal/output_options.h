#pragma once

namespace tarn::builder {

/// How much of what happens the person wants to read.
enum class Verbosity {
  quiet,    ///< warnings and errors
  normal,   ///< also what is done
  verbose,  ///< also details
};

/// Whether messages are coloured; `automatic`: on a terminal, unless NO_COLOR is set.
enum class ColorMode { automatic, always, never };

/// Whether the texts of one place are coloured: what ColorMode comes to there.
enum class Coloring { off, on };

}  // namespace tarn::builder
