#include "builder/scripts/command.h"

#include <array>

#include "builder/scripts/commands/account_commands.h"
#include "builder/scripts/commands/compare_commands.h"
#include "builder/scripts/commands/file_commands.h"
#include "builder/scripts/commands/match_commands.h"
#include "builder/scripts/commands/print_commands.h"
#include "builder/scripts/commands/running_commands.h"
#include "builder/scripts/commands/system_commands.h"
#include "builder/scripts/commands/text_commands.h"

namespace tarn::builder {

std::string Invocation::absolute(std::string_view path) const {
  if (path.starts_with('/')) return std::string(path);
  std::string whole(directory);
  if (!whole.ends_with('/')) whole += '/';
  whole += path;
  return whole;
}

void Invocation::complain(std::string_view text) const {
  std::string line(title);
  if (title.empty() && !arguments.empty()) line = arguments.front();
  if (const std::size_t slash = line.rfind('/'); slash != std::string::npos) {
    line.erase(0, slash + 1);
  }
  line += ": ";
  line += text;
  line += '\n';
  error.write(line);
}

const Command* find_command(std::string_view name) {
  const std::array groups{
      print_commands(),   text_commands(),    match_commands(), compare_commands(),
      running_commands(), account_commands(), file_commands(),  system_commands(),
  };
  for (const std::span<const Command> group : groups) {
    for (const Command& command : group) {
      if (command.name == name) return &command;
    }
  }
  return nullptr;
}

}  // namespace tarn::builder
