#include "builder/terminal/colors.h"

namespace tarn::builder {

Coloring coloring_at(const MessagePlace& place, ColorMode mode) {
  if (mode == ColorMode::always) return Coloring::on;
  const bool suits = place.is_terminal && place.can_move_cursor && !place.no_color;
  return mode == ColorMode::automatic && suits ? Coloring::on : Coloring::off;
}

std::string_view warning_prefix(Coloring coloring) {
  return coloring == Coloring::on ? "\x1b[1;33mwarning:\x1b[0m " : "warning: ";
}

}  // namespace tarn::builder
