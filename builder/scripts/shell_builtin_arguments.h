#pragma once

#include <string>

#include "builder/scripts/shell.h"

namespace tarn::builder {

/// The number a builtin is given; a fault of the shell "Illegal number: x" for anything else.
inline int read_number(Shell& shell, const std::string& text) {
  const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
  if (!digits || text.size() > 9) shell.fail("Illegal number: " + text);
  return std::stoi(text);
}

/// `text` between single quotes, as the shell prints it to be read again.
inline std::string single_quoted(const std::string& text) {
  std::string quoted;
  std::size_t at = 0;
  do {
    const auto end = std::min(text.find('\'', at), text.size());
    quoted += "'" + text.substr(at, end - at) + "'";
    at = end;
    const auto quotes = text.find_first_not_of('\'', at);
    const auto count = (quotes == std::string::npos ? text.size() : quotes) - at;
    if (count > 0) quoted += "\"" + std::string(count, '\'') + "\"";
    at += count;
  } while (at < text.size());
  return quoted;
}

}  // namespace tarn::builder
