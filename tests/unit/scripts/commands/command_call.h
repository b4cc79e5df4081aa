#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "builder/rootfs/rootfs.h"
#include "builder/scripts/command.h"
#include "unit/scripts/commands/text_stream.h"

namespace tarn::test {

/// What a command came to.
struct CallResult {
  int status = 0;
  std::string output;
  std::string error;
  bool operator==(const CallResult&) const = default;
};

/// Calls commands on a rootfs of their own. The working directory is "/".
class CommandCall {
 public:
  builder::Rootfs rootfs;
  std::map<std::string, std::string, std::less<>> environment{
      {"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"}};
  builder::ScriptSurroundings surroundings{1'000'000'000, "x86_64", "localhost", {}};

  void file(std::string_view path, std::string_view text, std::uint32_t mode = 0644) {
    rootfs.write_file(path, text, builder::Owner{}, mode);
  }
  std::string text(std::string_view path) const {
    return rootfs.read_file(path).value_or("(none)");
  }

  CallResult run(const std::vector<std::string>& arguments, std::string_view input = {}) {
    builder::ScriptRootfs files(rootfs, surroundings.now);
    builder::ScriptBudget budget{builder::ScriptLimits{}};
    TextStream in(input);
    TextStream out;
    TextStream errors;
    std::function<int(std::span<const std::string>, builder::ScriptStream&)> call;
    call = [&](std::span<const std::string> words, builder::ScriptStream& stream) {
      const builder::Command* command = builder::find_command(words[0]);
      if (command == nullptr) return 127;
      return command->run(
          {words, files, stream, out, errors, "/", 022, environment, budget, surroundings, call});
    };
    const int status = call(arguments, in);
    return {status, out.text, errors.text};
  }

  /// Why the call cannot be run, as it is known before; empty when it can.
  static std::string unsupported(const std::vector<std::string>& arguments) {
    const builder::Command* command = builder::find_command(arguments[0]);
    if (command == nullptr) return "no such command";
    const std::vector<std::optional<std::string>> known(arguments.begin(), arguments.end());
    return command->unsupported(known).value_or("");
  }
};

}  // namespace tarn::test
