#include "builder/scripts/sandbox_emulator.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <unistd.h>

#include "apk/model/architecture.h"
#include "apk/support/error.h"
#include "builder/scripts/sandbox_process.h"

namespace tarn::builder {
namespace {

/// How programs are told apart: ELF's class, byte order and machine; and qemu's name.
struct ElfMachine {
  std::string_view architecture;
  std::string_view qemu;
  std::uint8_t size;   ///< 1: 32 bit, 2: 64 bit
  std::uint8_t order;  ///< 1: little endian, 2: big endian
  std::uint16_t machine;
};

constexpr std::array<ElfMachine, 9> machines = {{
    {"aarch64", "aarch64", 2, 1, 183},
    {"armhf", "arm", 1, 1, 40},
    {"armv7", "arm", 1, 1, 40},
    {"loongarch64", "loongarch64", 2, 1, 258},
    {"ppc64le", "ppc64le", 2, 1, 21},
    {"riscv64", "riscv64", 2, 1, 243},
    {"s390x", "s390x", 2, 2, 22},
    {"x86", "i386", 1, 1, 3},
    {"x86_64", "x86_64", 2, 1, 62},
}};

const ElfMachine& machine_of(const std::string& architecture) {
  for (const ElfMachine& machine : machines) {
    if (machine.architecture == architecture) return machine;
  }
  throw Error(ErrorKind::failed, fmt::format("'{}' is no architecture", architecture));
}

/// The first executable of that name in PATH; empty when there is none.
std::string find_program(const std::string& name) {
  const char* const set = std::getenv("PATH");
  std::string_view folders = set != nullptr ? set : "/usr/bin:/bin";
  while (!folders.empty()) {
    const auto end = std::min(folders.find(':'), folders.size());
    const std::string path = fmt::format("{}/{}", folders.substr(0, end), name);
    folders.remove_prefix(std::min(end + 1, folders.size()));
    if (path.front() == '/' && ::access(path.c_str(), X_OK) == 0) return path;
  }
  return {};
}

/// Whether the host's processor runs the 32 bit programs of its own family.
bool runs_32_bit(const std::string& host, const std::string& architecture) {
  if (host == "x86_64") return architecture == "x86";
  if (host != "aarch64" || (architecture != "armv7" && architecture != "armhf")) return false;
  const int before = ::personality(0xffffffff);
  const bool accepted = ::personality(PER_LINUX32) >= 0;
  ::personality(static_cast<unsigned long>(before));
  return accepted;
}

/// A statically linked ELF file names no interpreter; the copy of the rootfs has none for it.
bool is_static(const std::string& path) {
  const MappedFile file = MappedFile::open(path);
  const std::string_view text = as_text(file.bytes());
  constexpr std::size_t header = 64;
  if (text.size() < header || !text.starts_with("\x7f"
                                                "ELF\x02"))
    return false;
  const auto number = [&](std::size_t at, std::size_t size) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size && at + i < text.size(); ++i) {
      // The emulator is a program of the host, so the bytes lie as the host has them.
      const auto octet = static_cast<std::uint64_t>(static_cast<unsigned char>(text[at + i]));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
      value = value << 8U | octet;
#else
      value |= octet << (8 * i);
#endif
    }
    return value;
  };
  constexpr std::uint64_t program_interpreter = 3;
  const std::uint64_t offset = number(32, 8);
  const std::uint64_t entry_size = number(54, 2);
  const std::uint64_t count = number(56, 2);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t at = offset + i * entry_size;
    if (at + 4 > text.size()) return false;
    if (number(at, 4) == program_interpreter) return false;
  }
  return count > 0;
}

/// Whether the host's binfmt_misc has that emulator, opened beforehand (F).
bool is_registered(const std::string& name) {
  try {
    const std::string text = read_file("/proc/sys/fs/binfmt_misc/" + name, 4096);
    const auto flags = text.find("\nflags:");
    if (!text.starts_with("enabled") || flags == std::string::npos) return false;
    return text.substr(flags + 1, text.find('\n', flags + 1) - flags).find('F') !=
           std::string::npos;
  } catch (const Error&) {
    return false;  // there is no such file
  }
}

FileDescriptor register_with_kernel(const std::string& architecture,
                                    const FileDescriptor& emulator) {
  const FileDescriptor context(check_call(::fsopen("binfmt_misc", FSOPEN_CLOEXEC), "binfmt_misc"));
  check_call(::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0), "binfmt_misc");
  FileDescriptor mount(check_call(::fsmount(context.get(), FSMOUNT_CLOEXEC, 0), "binfmt_misc"));
  const FileDescriptor file(
      check_call(::openat(mount.get(), "register", O_WRONLY | O_CLOEXEC), "binfmt_misc"));
  // The file is opened by that name now, by this process, and never again.
  const std::string text =
      emulator_registration(architecture, fmt::format("/proc/self/fd/{}", emulator.get()));
  check_call(static_cast<int>(::write(file.get(), text.data(), text.size())), "binfmt_misc");
  return mount;
}

std::string escaped(std::string_view octets) {
  std::string text;
  for (const char c : octets) text += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  return text;
}

}  // namespace

std::string emulator_registration(const std::string& architecture, std::string_view interpreter) {
  const ElfMachine& machine = machine_of(architecture);
  std::string magic(
      "\x7f"
      "ELF",
      4);
  std::string mask(4, '\xff');
  magic += static_cast<char>(machine.size);
  magic += static_cast<char>(machine.order);
  magic += '\1';
  mask += std::string(3, '\xff');
  // The kind of system does not matter; the rest of the identification is padding.
  magic += std::string(9, '\0');
  mask += '\0';
  mask += std::string(8, '\xff');
  // Executables (2) and shared ones (3).
  const auto add_half = [&](std::uint16_t value, std::uint16_t bits) {
    const std::array<char, 2> octets = {static_cast<char>(value & 0xffU),
                                        static_cast<char>(value >> 8U)};
    const std::array<char, 2> masks = {static_cast<char>(bits & 0xffU),
                                       static_cast<char>(bits >> 8U)};
    const bool big = machine.order == 2;
    magic += {octets[big ? 1 : 0], octets[big ? 0 : 1]};
    mask += {masks[big ? 1 : 0], masks[big ? 0 : 1]};
  };
  add_half(2, 0xfffe);
  add_half(machine.machine, 0xffff);
  return fmt::format(":tarn-{}:M::{}:{}:{}:FPC", architecture, escaped(magic), escaped(mask),
                     interpreter);
}

ProgramRunner program_runner(const std::string& architecture) {
  ProgramRunner runner;
  const ElfMachine& machine = machine_of(architecture);
  const std::string host = apk::Architecture::host().apk;
  if (architecture == host) return runner;
  if (runs_32_bit(host, architecture)) {
    runner.is_32_bit = true;
    return runner;
  }
  const std::string name = fmt::format("qemu-{}", machine.qemu);
  runner.is_registered = is_registered(name);
  for (const std::string& candidate : {name + "-static", name}) {
    const std::string path = find_program(candidate);
    if (path.empty() || !is_static(path)) continue;
    runner.emulator = FileDescriptor(::open(path.c_str(), O_PATH | O_CLOEXEC));
    if (runner.emulator) return runner;
  }
  if (runner.is_registered) return runner;
  throw Error(ErrorKind::failed,
              fmt::format("there is no {}-static to run {}", name, architecture));
}

FileDescriptor register_emulator(const std::string& architecture, const ProgramRunner& runner) {
  if (!runner.emulator) return {};
  try {
    return register_with_kernel(architecture, runner.emulator);
  } catch (const Error& error) {
    if (runner.is_registered) return {};
    throw Error(ErrorKind::failed, fmt::format("no emulator for {} can be registered ({})",
                                               architecture, error.message()));
  }
}

}  // namespace tarn::builder
