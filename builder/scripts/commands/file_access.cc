#include "builder/scripts/commands/file_access.h"

#include <cerrno>
#include <charconv>

#include <fmt/core.h>

#include "apk/support/error.h"

namespace tarn::builder {

std::string_view error_text(int problem) {
  switch (problem) {
    case EPERM:
      return "Operation not permitted";
    case ENOENT:
      return "No such file or directory";
    case EBUSY:
      return "Resource busy";
    case EEXIST:
      return "File exists";
    case ENOTDIR:
      return "Not a directory";
    case EISDIR:
      return "Is a directory";
    case EINVAL:
      return "Invalid argument";
    case ENAMETOOLONG:
      return "Filename too long";
    case ENOTEMPTY:
      return "Directory not empty";
    case ELOOP:
      return "Symbolic link loop";
    default:
      throw Error(ErrorKind::failed, fmt::format("a script's call gave errno {}", problem));
  }
}

std::string path_of(const Invocation& invocation, std::string_view operand) {
  return operand.empty() ? std::string() : invocation.absolute(operand);
}

void complain_of(const Invocation& invocation, std::string_view what, int problem) {
  invocation.complain(fmt::format("{}: {}", what, error_text(problem)));
}

int write_file(const Invocation& invocation, std::string_view path, std::string_view text) {
  invocation.budget.spend_octets(text.size());
  return invocation.files.write(path, text, ScriptRootfs::Writing::truncate,
                                0666 & ~invocation.umask);
}

std::string join_path(std::string_view folder, std::string_view name) {
  std::string path(folder);
  if (!path.ends_with('/')) path += '/';
  return path.append(name);
}

std::string last_part(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  const auto slash = path.rfind('/');
  if (path == "/" || slash == std::string_view::npos) return std::string(path);
  return std::string(path.substr(slash + 1));
}

std::optional<std::uint32_t> parse_decimal(std::string_view text, std::uint32_t most) {
  std::uint32_t number = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, number);
  if (text.empty() || error != std::errc() || end != last || number > most) return std::nullopt;
  return number;
}

}  // namespace tarn::builder
