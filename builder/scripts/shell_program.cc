#include "builder/scripts/shell_program.h"

#include <algorithm>
#include <array>

namespace tarn::builder {
namespace {

std::string_view last_part(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

bool is_busybox(std::string_view real_path) {
  const auto name = last_part(real_path);
  return name == "busybox" || name == "busybox.static" || name == "busybox-extras" ||
         name == "bbsuid";
}

}  // namespace

Program program_at(std::string_view path, const ScriptRootfs& files) {
  Program program;
  program.path = path;
  const auto* entry = files.find(path, ScriptRootfs::Follow::last);
  if (entry == nullptr) return program;
  if (entry->node->type != NodeType::file) {
    program.kind = Program::Kind::directory;
    return program;
  }
  if ((entry->node->mode & 0111U) == 0) {
    program.kind = Program::Kind::not_executable;
    return program;
  }
  program.kind = Program::Kind::binary;
  if (is_busybox(files.real_path(path))) {
    program.kind = Program::Kind::busybox;
    return program;
  }
  if (stands_for_any_program(last_part(path))) return program;
  auto text = entry->node->content.read();
  if (text.starts_with("\x7f"
                       "ELF"))
    return program;
  program.kind = Program::Kind::script;
  program.interpreter = interpreter_line(text);
  program.text = std::move(text);
  return program;
}

std::vector<std::string> interpreter_line(std::string_view text) {
  if (!text.starts_with("#!")) return {};
  auto line = text.substr(
      2, text.find('\n') == std::string_view::npos ? std::string_view::npos : text.find('\n') - 2);
  const auto trim = [&line] {
    while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
    while (!line.empty() && (line.back() == ' ' || line.back() == '\t')) line.remove_suffix(1);
  };
  trim();
  if (line.empty()) return {};
  // The kernel hands over all that follows the interpreter as one argument.
  std::vector<std::string> words;
  const auto end = std::min(line.find_first_of(" \t"), line.size());
  words.emplace_back(line.substr(0, end));
  line.remove_prefix(end);
  trim();
  if (!line.empty()) words.emplace_back(line);
  return words;
}

std::optional<ShellInterpreter> shell_interpreter(const std::vector<std::string>& line) {
  if (line.empty()) return std::nullopt;
  const auto program = last_part(line.front());
  ShellInterpreter interpreter;
  const auto argument = line.size() > 1 ? std::string_view(line[1]) : std::string_view();
  if (program == "sh" || program == "ash") {
    if (!argument.empty()) interpreter.options.emplace_back(argument);
    return interpreter;
  }
  if ((program == "busybox" || program == "env") && (argument == "sh" || argument == "ash"))
    return interpreter;
  return std::nullopt;
}

std::vector<std::string> paths_for(std::string_view name, std::string_view path_variable,
                                   std::string_view directory) {
  std::vector<std::string> paths;
  const auto absolute = [directory](std::string_view path) {
    return path.starts_with('/') ? std::string(path)
                                 : std::string(directory) + "/" + std::string(path);
  };
  for (std::size_t at = 0; at <= path_variable.size();) {
    const auto end = std::min(path_variable.find(':', at), path_variable.size());
    const auto folder = path_variable.substr(at, end - at);
    paths.push_back(absolute(folder.empty() ? std::string(name)
                                            : std::string(folder) + "/" + std::string(name)));
    at = end + 1;
  }
  return paths;
}

bool stands_for_any_program(std::string_view name) {
  constexpr std::array<std::string_view, 8> names = {
      "add-shell", "apk",          "ldconfig",  "rc-service",
      "rc-update", "remove-shell", "rc-status", "update-ca-certificates"};
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace tarn::builder
