#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "builder/scripts/script_rootfs.h"

namespace tarn::builder {

/// What a path of the rootfs is to one who executes it.
struct Program {
  enum class Kind {
    missing,         ///< nothing is there
    directory,       ///< or anything else that is no regular file
    not_executable,  ///< a file without any x bit
    busybox,         ///< busybox, or bbsuid: what it does depends on the name it is called by
    script,          ///< a text; with an interpreter line, or without one
    binary,
  };
  Kind kind = Kind::missing;
  std::string path;                      ///< the absolute path that was asked for
  std::vector<std::string> interpreter;  ///< of a script: the interpreter and its argument
  std::string text;                      ///< of a script

  bool runs() const {
    return kind == Kind::busybox || kind == Kind::script || kind == Kind::binary;
  }
};

/// Looks at what is at an absolute path; links are followed.
Program program_at(std::string_view path, const ScriptRootfs& files);

/// The words of the interpreter line `text` begins with; none when it begins with another one.
std::vector<std::string> interpreter_line(std::string_view text);

/// How a shell is to be started for an interpreter line: the options of set that it gives
/// ("-e"), which may be none.
struct ShellInterpreter {
  std::vector<std::string> options;
};
/// Nothing when the interpreter is no shell of busybox' kind.
std::optional<ShellInterpreter> shell_interpreter(const std::vector<std::string>& line);

/// The paths PATH gives for a name without '/', in its order.
std::vector<std::string> paths_for(std::string_view name, std::string_view path_variable,
                                   std::string_view directory);

/// Whether find_command() stands for a program of that name even if it is a script in the rootfs.
bool stands_for_any_program(std::string_view name);

}  // namespace tarn::builder
