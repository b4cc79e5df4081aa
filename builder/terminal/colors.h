#pragma once

#include <string_view>

#include "builder/terminal/output_options.h"

namespace tarn::builder {

/// What is known of the place that messages go to.
struct MessagePlace {
  bool is_terminal = false;
  bool can_move_cursor = false;  ///< a terminal that understands ANSI control sequences
  bool no_color = false;         ///< NO_COLOR is set (https://no-color.org)
};

/// What the mode comes to at that place.
Coloring coloring_at(const MessagePlace& place, ColorMode mode);

/// "warning: ".
std::string_view warning_prefix(Coloring coloring);

}  // namespace tarn::builder
