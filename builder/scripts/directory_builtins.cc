#include <array>
#include <cerrno>

#include <fmt/format.h>

#include "builder/scripts/shell.h"
#include "builder/scripts/shell_builtins.h"

namespace tarn::builder {
namespace {

using Arguments = std::span<const std::string>;

/// "/a/./b/../c" as "/a/c", without a look at what is there; as the shell keeps PWD.
std::string logical_path(std::string_view directory, std::string_view path) {
  std::string whole = path.starts_with('/') ? std::string() : std::string(directory) + "/";
  whole += path;
  std::vector<std::string_view> parts;
  std::string_view rest = whole;
  while (!rest.empty()) {
    const auto part = rest.substr(0, rest.find('/'));
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.push_back(part);
    } else if (!parts.empty()) {
      parts.pop_back();
    }
  }
  std::string result;
  for (const auto part : parts) result.append("/").append(part);
  return result.empty() ? "/" : result;
}

/// Why a directory cannot be entered, as errno; 0 when it can.
int problem_with(Shell& shell, const std::string& path) {
  int problem = ENOENT;
  const auto* entry = shell.files().find(path, ScriptRootfs::Follow::last, &problem);
  if (entry == nullptr) return problem;
  return entry->node->type == NodeType::directory ? 0 : ENOTDIR;
}

std::string error_text(int problem) {
  switch (problem) {
    case ENOENT:
      return "No such file or directory";
    case ENOTDIR:
      return "Not a directory";
    case ELOOP:
      return "Symbolic link loop";
    default:
      throw NotNative(fmt::format("cd fails with error {}", problem));
  }
}

int run_cd(Shell& shell, Arguments arguments) {
  auto words = arguments.subspan(1);
  bool physical = false;
  while (!words.empty() && words.front().size() > 1 && words.front().starts_with('-')) {
    const auto option = words.front();
    words = words.subspan(1);
    if (option == "--") break;
    if (option != "-P" && option != "-L") shell.fail("illegal option " + option.substr(0, 2));
    physical = option == "-P";
  }
  std::string target;
  bool prints = false;
  if (words.empty()) {
    target = shell.parameter("HOME").value_or("");
  } else if (words.front() == "-") {
    target = shell.parameter("OLDPWD").value_or(shell.state().directory);
    prints = true;
  } else {
    target = words.front();
  }
  if (const auto search = shell.parameter("CDPATH");
      search && !search->empty() && !target.starts_with('/') && !target.starts_with('.'))
    throw NotNative("cd with CDPATH");
  auto& state = shell.state();
  if (target.empty()) target = state.directory;
  auto path = logical_path(state.directory, target);
  // What is removed by ".." has to be there, too.
  const auto asked = target.starts_with('/') ? target : state.directory + "/" + target;
  const auto problem = problem_with(shell, physical ? asked : path);
  if (problem != 0) shell.fail("can't cd to " + target + ": " + error_text(problem));
  if (physical) path = shell.files().real_path(asked);
  shell.set_variable("OLDPWD", state.directory);
  state.directory = path;
  shell.set_variable("PWD", path);
  state.variables.mark("PWD", ShellVariables::Mark::exported);
  if (prints) shell.write(path + "\n");
  return 0;
}

int run_pwd(Shell& shell, Arguments arguments) {
  bool physical = false;
  for (const auto& option : arguments.subspan(1)) {
    if (option == "--" || !option.starts_with('-') || option.size() < 2) break;
    if (option != "-P" && option != "-L") shell.fail("illegal option " + option.substr(0, 2));
    physical = option == "-P";
  }
  const auto& directory = shell.state().directory;
  shell.write((physical ? shell.files().real_path(directory) : directory) + "\n");
  return 0;
}

// umask --------------------------------------------------------------------------------------

std::string symbolic(std::uint32_t mask) {
  std::string text;
  constexpr std::string_view who = "ugo";
  for (std::size_t i = 0; i < who.size(); ++i) {
    const auto bits = ~mask >> (6U - 3U * i);
    if (i > 0) text += ',';
    text += who[i];
    text += '=';
    if ((bits & 4U) != 0) text += 'r';
    if ((bits & 2U) != 0) text += 'w';
    if ((bits & 1U) != 0) text += 'x';
  }
  return text;
}

/// The permissions left by "u=rwx,g-w"; nothing for what is no such text.
std::optional<std::uint32_t> changed_permissions(std::uint32_t permissions, std::string_view text) {
  while (true) {
    std::uint32_t who = 0;
    for (; !text.empty() && std::string_view("ugoa").find(text.front()) != std::string_view::npos;
         text.remove_prefix(1)) {
      const char c = text.front();
      who |= c == 'u' ? 0700U : c == 'g' ? 0070U : c == 'o' ? 0007U : 0777U;
    }
    if (who == 0) who = 0777U;
    if (text.empty() || std::string_view("+-=").find(text.front()) == std::string_view::npos)
      return std::nullopt;
    const char operation = text.front();
    text.remove_prefix(1);
    std::uint32_t bits = 0;
    for (; !text.empty() && std::string_view("rwx").find(text.front()) != std::string_view::npos;
         text.remove_prefix(1))
      bits |= text.front() == 'r' ? 0444U : text.front() == 'w' ? 0222U : 0111U;
    bits &= who;
    if (operation == '=') permissions &= ~who;
    permissions = operation == '-' ? permissions & ~bits : permissions | bits;
    if (text.empty()) return permissions;
    if (text.front() != ',') return std::nullopt;
    text.remove_prefix(1);
  }
}

int run_umask(Shell& shell, Arguments arguments) {
  auto words = arguments.subspan(1);
  auto& mask = shell.state().umask;
  bool as_symbols = false;
  while (!words.empty() && (words.front() == "-S" || words.front() == "--")) {
    as_symbols = as_symbols || words.front() == "-S";
    words = words.subspan(1);
  }
  if (words.empty()) {
    shell.write(as_symbols ? symbolic(mask) + "\n" : fmt::format("{:04o}\n", mask));
    return 0;
  }
  const auto& text = words.front();
  if (text.empty() || text.front() == '-') throw NotNative("umask '" + text + "'");
  if (text.find_first_not_of("0123456789") == std::string::npos) {
    if (text.find_first_of("89") != std::string::npos || text.size() > 6)
      shell.fail("illegal mode: " + text);
    mask = static_cast<std::uint32_t>(std::stoul(text, nullptr, 8)) & 0777U;
    return 0;
  }
  const auto permissions = changed_permissions(~mask & 0777U, text);
  if (!permissions) {
    // Forms beyond these are for chmod; what they mean to a mask is not worth a guess.
    if (text.find_first_of("ugoa+=,rwx") != std::string::npos) throw NotNative("umask " + text);
    shell.fail("illegal mode: " + text);
  }
  mask = ~*permissions & 0777U;
  return 0;
}

constexpr auto regular = ShellBuiltin::Kind::regular;
constexpr std::array<ShellBuiltin, 4> table = {{{"cd", regular, run_cd},
                                                {"chdir", regular, run_cd},
                                                {"pwd", regular, run_pwd},
                                                {"umask", regular, run_umask}}};

}  // namespace

std::span<const ShellBuiltin> directory_builtins() {
  return table;
}

}  // namespace tarn::builder
