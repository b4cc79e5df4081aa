#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "builder/sink/octet_sink.h"

namespace tarn::builder {

/// A program of the host by its name: in $PATH, and where distributions have those that make file
/// systems (/usr/sbin, /sbin, /usr/local/sbin).
std::optional<std::filesystem::path> find_program(std::string_view name);

/// find_program; throws Error (failed) naming the packages that bring the program: "mksquashfs is
/// not installed", "Debian: squashfs-tools".
std::filesystem::path require_program(std::string_view name, std::string_view debian_package,
                                      std::string_view alpine_package);

/// How a program is run. Of this process' environment it gets PATH alone, so that nothing of the
/// person's reaches an output.
struct ProgramCall {
  std::filesystem::path program;
  std::vector<std::string> arguments;
  std::map<std::string, std::string> environment;
  /// Writes its standard input; without it that is empty.
  std::function<void(OctetSink& input)> input;
  std::filesystem::path folder;  ///< it starts in; empty: this process' own
};

/// What a program that ended well said.
struct ProgramSaid {
  std::string output;
  std::string errors;
};

/// Runs a program to its end. Throws Error (failed) with the last of what it said when it fails,
/// Error (interrupted) after a stop, which ends it.
ProgramSaid run_program(const ProgramCall& call, const std::stop_token& stop);

}  // namespace tarn::builder
