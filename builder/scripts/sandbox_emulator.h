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
  bool is_registered = false;  ///< the host itself has one registered that works in any root
  bool is_32_bit = false;      ///< on a 64 bit host of the same family
};

/// Looks in PATH and at what the host has registered. Throws Error (failed) when this host has no
/// way to run the architecture.
ProgramRunner program_runner(const std::string& architecture);

/// What binfmt_misc is told so that the program `interpreter` runs the architecture's programs
/// (kernel documentation, admin-guide/binfmt-misc): kept open from now on, given the program as an
/// open file and its argv[0] as it was.
std::string emulator_registration(const std::string& architecture, std::string_view interpreter);

/// Registers the emulator for the user namespace of this process alone, for as long as the result
/// is open. It must be a process with a mount namespace of its own. Where the kernel knows no
/// registration for one user namespace, the host's own has to do. Throws Error (failed) when there
/// is neither.
FileDescriptor register_emulator(const std::string& architecture, const ProgramRunner& runner);

}  // namespace tarn::builder
