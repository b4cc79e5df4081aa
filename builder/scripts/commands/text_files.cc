#include "builder/scripts/commands/text_files.h"

#include <cerrno>

#include <fmt/core.h>

namespace tarn::builder {

int read_operand(const Invocation& invocation, std::string_view name, std::string& text) {
  if (name == "-") {
    text = invocation.input.read_all();
    return 0;
  }
  if (name.empty()) return ENOENT;
  const int problem = invocation.files.read(invocation.absolute(name), text);
  if (problem == 0) invocation.budget.spend_octets(text.size());
  return problem;
}

bool read_or_complain(const Invocation& invocation, std::string_view name, std::string& text) {
  const int problem = read_operand(invocation, name, text);
  if (problem != 0) invocation.complain(fmt::format("{}: {}", name, error_text(problem)));
  return problem == 0;
}

bool flush(const Invocation& invocation, std::string& out) {
  const bool written = out.empty() || invocation.output.write(out);
  out.clear();
  return written;
}

std::vector<TextLine> split_lines(const Invocation& invocation, std::string_view text) {
  if (text.find('\0') != std::string_view::npos) {
    throw NotNative(invocation.arguments[0] + ": text with a NUL in it");
  }
  std::vector<TextLine> lines;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = text.find('\n', start);
    const bool ended = end != std::string_view::npos;
    lines.push_back({text.substr(start, ended ? end - start : end), ended});
    start = ended ? end + 1 : text.size();
  }
  invocation.budget.spend_steps(lines.size());
  return lines;
}

}  // namespace tarn::builder
