#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "apk/database/installed.h"
#include "builder/scripts/script_budget.h"
#include "builder/scripts/script_rootfs.h"
#include "builder/scripts/script_stream.h"

namespace tarn::builder {

/// Thrown by a command that turns out to be asked for what it cannot do exactly. The script's
/// changes are undone and it goes another way; it is no failure of the script.
class NotNative : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;  ///< "sed: command 'w'"
};

/// What a script may learn of its surroundings: nothing of the host, only what the image says.
struct ScriptSurroundings {
  std::int64_t now = 0;  ///< seconds since 1970: the image's creation
  std::string machine;   ///< as uname -m has it: "x86_64", "aarch64"
  std::string host_name = "localhost";
  /// The packages installed so far, in order; of those only names, versions, files are looked at.
  std::span<const apk::InstalledPackage> packages;
};

/// A call of a command.
struct Invocation {
  std::span<const std::string> arguments;  ///< the first is the name it was called by
  ScriptRootfs& files;
  ScriptStream& input;
  ScriptStream& output;
  ScriptStream& error;
  std::string_view directory;  ///< the working directory: "/" or "/etc"
  std::uint32_t umask = 022;
  const std::map<std::string, std::string, std::less<>>& environment;
  ScriptBudget& budget;
  const ScriptSurroundings& surroundings;
  /// Runs another command (found by name as the shell would, not a function of the script) with
  /// these arguments on the given input and this call's output; gives its status.
  std::function<int(std::span<const std::string> arguments, ScriptStream& input)> run;
  /// What complaints begin with: the shell's name for a command it has in itself. The command's own
  /// when empty.
  std::string_view title = {};

  /// `path` seen from the working directory, as an absolute path; nothing is resolved in it.
  std::string absolute(std::string_view path) const;
  /// Writes "NAME: text\n" to the error stream, as busybox' applets do.
  void complain(std::string_view text) const;
};

/// Arguments as they are known before the script runs; those that depend on its run are missing.
using KnownArguments = std::span<const std::optional<std::string>>;

/// A command that is built in: what busybox' applet of that name does, or what it would come to in
/// an image.
struct Command {
  std::string_view name;
  /// Runs it and gives its exit status. Complaints go to the error stream, never as exceptions,
  /// but for NotNative and the bounds' Error.
  int (*run)(const Invocation& invocation);
  /// Why a call with these arguments (the first is the name) cannot be run exactly, as
  /// "option -Z"; nothing when it can. A missing argument may be anything: what it turns out to be
  /// is for `run` to look at.
  std::optional<std::string> (*unsupported)(KnownArguments arguments);
};

/// The command of that name; null when there is none.
const Command* find_command(std::string_view name);

}  // namespace tarn::builder
