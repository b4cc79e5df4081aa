#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "apk/support/file.h"

namespace tarn::builder {

/// How programs of an architecture are run on this host.
struct ProgramRunner {
  /// A statically linked emulator of qemu-user, open; none: the host's processor runs them.
  FileDescriptor emulator;
  bool is_32_bit = false;  ///< on a 64 bit host of the same family
};

/// Throws Error (failed) when this host has no way to run the architecture.
ProgramRunner program_runner(const std::string& architecture);

/// What binfmt_misc is told so that the program `interpreter` runs the architecture's programs
/// (kernel documentation, admin-guide/binfmt-misc): kept open from now on, given the program as an
/// open file and its argv[0] as it was.
std::string emulator_registration(const std::string& architecture, std::string_view interpreter);

/// Registers the emulator for the user namespace of this process alone, for as long as the result
/// is open. It must be a process with a mount namespace of its own. Throws Error (failed).
FileDescriptor register_emulator(const std::string& architecture, const FileDescriptor& emulator);

}  // namespace tarn::builder
