#include "builder/scripts/script_stream.h"

namespace tarn::builder {
namespace {

constexpr std::size_t chunk = 64U << 10U;

}  // namespace

std::string ScriptStream::read_all() {
  std::string all;
  for (std::string part = read(chunk); !part.empty(); part = read(chunk)) all += part;
  return all;
}

std::optional<std::string> ScriptStream::read_line() {
  std::string line;
  for (std::string next = read(1); !next.empty(); next = read(1)) {
    if (next == "\n") return line;
    line += next;
  }
  return line.empty() ? std::nullopt : std::optional(line);
}

}  // namespace tarn::builder
