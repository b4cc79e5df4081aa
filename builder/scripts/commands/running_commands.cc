#include "builder/scripts/commands/running_commands.h"

#include <array>

#include <fmt/core.h>

#include "builder/scripts/commands/file_access.h"
#include "builder/scripts/commands/options.h"

namespace tarn::builder {

namespace {

constexpr OptionRules which_rules{"+a", {}, {}};

/// A message to the system's log goes nowhere in an image.
int run_logger(const Invocation& invocation) {
  if (invocation.arguments.size() == 1) invocation.input.read_all();
  return 0;
}

bool is_program(const Invocation& invocation, std::string_view path) {
  const Entry* entry = invocation.files.find(path_of(invocation, path), ScriptRootfs::Follow::last);
  return entry != nullptr && entry->node->type == NodeType::file &&
         (entry->node->mode & 0111U) != 0;
}

std::optional<std::string> unsupported_which(KnownArguments arguments) {
  return unsupported_option(arguments, which_rules);
}

int run_which(const Invocation& invocation) {
  const auto options = parse_options(invocation, which_rules);
  if (options.operands.empty()) throw NotNative("which without a name");
  const auto variable = invocation.environment.find("PATH");
  const std::string_view path = variable == invocation.environment.end()
                                    ? std::string_view("/sbin:/usr/sbin:/bin:/usr/bin")
                                    : std::string_view(variable->second);
  int status = 0;
  std::string out;
  for (const std::string& name : options.operands) {
    bool found = false;
    if (name.find('/') != std::string::npos) {
      found = is_program(invocation, name);
      if (found) out += name + "\n";
    } else {
      for (std::size_t at = 0; at <= path.size() && (!found || options.has('a'));) {
        const std::size_t end = std::min(path.find(':', at), path.size());
        invocation.budget.spend_steps();
        std::string folder(path.substr(at, end - at));
        if (folder.empty()) throw NotNative("which: an empty part of PATH");
        at = end + 1;
        const std::string program = join_path(folder, name);
        if (name.empty() || !is_program(invocation, program)) continue;
        found = true;
        out += program + "\n";
      }
    }
    if (!found) status = 1;
  }
  if (!out.empty()) invocation.output.write(out);
  return status;
}

constexpr std::array<Command, 3> running_table{{
    {"xargs", run_xargs, unsupported_xargs},
    {"which", run_which, unsupported_which},
    {"logger", run_logger, nothing_unsupported},
}};

}  // namespace

std::span<const Command> running_commands() {
  return running_table;
}

}  // namespace tarn::builder
