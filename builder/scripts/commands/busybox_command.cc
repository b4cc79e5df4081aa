#include <algorithm>
#include <cerrno>

#include <fmt/core.h>

#include "builder/scripts/busybox_links.h"
#include "builder/scripts/commands/file_access.h"
#include "builder/scripts/commands/system_commands.h"

namespace tarn::builder {
namespace {

/// The path of the program that is called, without its first '/': "bin/busybox".
std::string program_path(const Invocation& invocation) {
  const std::string& name = invocation.arguments.front();
  if (name.find('/') != std::string::npos) {
    const std::string path = invocation.files.real_path(path_of(invocation, name));
    if (!path.empty()) return path.substr(1);
  }
  return "bin/" + last_part(name);
}

/// Makes links, but where there is something already.
int make_links(const Invocation& invocation, const std::vector<AppletLink>& links) {
  for (const auto& link : links) {
    invocation.budget.spend_steps();
    const int problem = invocation.files.make_symlink(link.target, "/" + link.path);
    if (problem != 0 && problem != EEXIST)
      invocation.complain(fmt::format("/{}: {}", link.path, error_text(problem)));
  }
  return 0;
}

int install_links(const Invocation& invocation) {
  const auto links = applet_links(invocation.files.rootfs(), program_path(invocation));
  if (links.empty())
    throw NotNative(fmt::format("{} --install: no program to read the applets of",
                                invocation.arguments.front()));
  return make_links(invocation, links);
}

/// The applets the program itself names; none where it cannot be read.
std::vector<std::string> own_applets(const Invocation& invocation) {
  std::string program;
  if (invocation.files.read("/" + program_path(invocation), program) != 0) return {};
  return applet_names(program);
}

int list_applets(const Invocation& invocation) {
  const auto names = own_applets(invocation);
  if (names.empty()) throw NotNative("busybox --list: no program to read the applets of");
  for (const auto& name : names) invocation.output.write(name + "\n");
  return 0;
}

/// Runs an applet, whether or not there is a link of its name.
int run_applet(const Invocation& invocation) {
  const std::string& name = invocation.arguments[1];
  const auto names = own_applets(invocation);
  if (!names.empty() && std::find(names.begin(), names.end(), name) == names.end()) {
    invocation.error.write(fmt::format("{}: applet not found\n", name));
    return 127;
  }
  const Command* const command = find_command(name);
  if (command == nullptr) throw NotNative("busybox: applet " + name);
  const ScriptBudget::Level level(invocation.budget);
  Invocation inner = invocation;
  inner.arguments = invocation.arguments.subspan(1);
  return command->run(inner);
}

}  // namespace

int run_busybox(const Invocation& invocation) {
  const auto arguments = invocation.arguments;
  if (arguments.size() < 2) throw NotNative("busybox: its usage text");
  const std::string& first = arguments[1];
  if (first == "--install") {
    if (arguments.size() != 3 || arguments[2] != "-s") throw NotNative("busybox --install");
    return install_links(invocation);
  }
  if (first == "--list" && arguments.size() == 2) return list_applets(invocation);
  if (first.starts_with('-')) throw NotNative("busybox: option " + first);
  return run_applet(invocation);
}

std::optional<std::string> busybox_unsupported(KnownArguments arguments) {
  if (arguments.size() < 2) return "its usage text";
  const auto& first = arguments[1];
  if (!first) return std::nullopt;
  if (*first == "--install") {
    if (arguments.size() == 3 && (!arguments[2] || *arguments[2] == "-s")) return std::nullopt;
    return "--install but with -s";
  }
  if (*first == "--list") return std::nullopt;
  if (first->starts_with('-')) return "option " + *first;
  const Command* const applet = find_command(*first);
  if (applet == nullptr) return "applet " + *first;
  const auto fault = applet->unsupported(arguments.subspan(1));
  return fault ? std::optional(fmt::format("{}: {}", *first, *fault)) : std::nullopt;
}

int run_bbsuid(const Invocation& invocation) {
  if (invocation.arguments.size() != 2 || invocation.arguments[1] != "--install")
    throw NotNative("bbsuid but with --install");
  const auto links = bbsuid_links(invocation.files.rootfs());
  for (const auto& link : links) {
    // What leads to busybox makes room.
    invocation.files.remove_file("/" + link.path);
    const int problem = invocation.files.make_symlink(link.target, "/" + link.path);
    if (problem != 0) throw NotNative("bbsuid --install: no folder for /" + link.path);
  }
  return 0;
}

std::optional<std::string> bbsuid_unsupported(KnownArguments arguments) {
  if (arguments.size() == 2 && (!arguments[1] || *arguments[1] == "--install")) return std::nullopt;
  return "other than --install";
}

}  // namespace tarn::builder
