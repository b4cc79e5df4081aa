#include "builder/scripts/sandbox_start.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apk/support/error.h"
#include "builder/scripts/sandbox_process.h"

namespace tarn::builder {
namespace {

/// What root needs to work on its files and accounts.
constexpr std::array<int, 11> kept_capabilities = {
    CAP_CHOWN,  CAP_DAC_OVERRIDE, CAP_FOWNER,           CAP_FSETID,     CAP_KILL,   CAP_SETGID,
    CAP_SETUID, CAP_SETPCAP,      CAP_NET_BIND_SERVICE, CAP_SYS_CHROOT, CAP_SETFCAP};

void limit(__rlimit_resource resource, std::uint64_t most, std::uint64_t hard_more = 0) {
  rlimit now{};
  check_call(::getrlimit(resource, &now), "getrlimit");
  const rlimit wanted{std::min<rlim_t>(most, now.rlim_max),
                      std::min<rlim_t>(most + hard_more, now.rlim_max)};
  check_call(::setrlimit(resource, &wanted), "setrlimit");
}

void set_limits(const SandboxLimits& limits) {
  constexpr std::uint64_t stack = 8U << 20U;
  constexpr std::uint64_t locked = 64U << 10U;
  limit(RLIMIT_CPU, static_cast<std::uint64_t>(limits.cpu.count()), 1);
  limit(RLIMIT_DATA, limits.memory);
  limit(RLIMIT_STACK, stack);
  limit(RLIMIT_FSIZE, limits.file);
  limit(RLIMIT_NOFILE, limits.open_files);
  // The process that watches is one of them.
  limit(RLIMIT_NPROC, limits.processes + 1);
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_MEMLOCK, locked);
  limit(RLIMIT_MSGQUEUE, 0);
}

void open_standard_files(int output) {
  const int input = check_call(::open("/dev/null", O_RDONLY | O_CLOEXEC), "opening /dev/null");
  check_call(::dup2(input, 0), "dup2");
  check_call(::dup2(output, 1), "dup2");
  check_call(::dup2(output, 2), "dup2");
}

void send_file(int socket, int file) {
  char nothing = 0;
  iovec part{&nothing, 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> space{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = space.data();
  message.msg_controllen = space.size();
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(header), &file, sizeof file);
  check_call(static_cast<int>(::sendmsg(socket, &message, MSG_NOSIGNAL)), "sendmsg");
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

void drop_privileges() {
  for (int capability = 0; capability < 64; ++capability) {
    if (std::find(kept_capabilities.begin(), kept_capabilities.end(), capability) !=
        kept_capabilities.end()) {
      continue;
    }
    // EINVAL: beyond the last one the kernel knows.
    if (::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0 && errno != EINVAL) {
      throw system_error("prctl", errno);
    }
  }
  check_call(::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "prctl");
  check_call(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl");
}

void become_script(const ScriptStart& start) {
  std::vector<std::string> arguments = {start.call.name};
  arguments.insert(arguments.end(), start.call.arguments.begin(), start.call.arguments.end());
  std::vector<std::string> environment;
  for (const auto& [name, value] : start.call.environment)
    environment.push_back(name + "=" + value);
  const auto argument_pointers = pointers(arguments);
  const auto environment_pointers = pointers(environment);
  auto filter = script_filter(start.ownership);

  ::setsid();
  ::umask(022);
  check_call(::chdir("/"), "chdir");
  open_standard_files(start.output);
  if (start.is_32_bit) check_call(::personality(PER_LINUX32), "personality");
  drop_privileges();
  // The socket is closed by the start of the script's program, which is seen at its other end.
  close_all_but({start.listener_to});
  // From here on nothing may allocate: tarn itself may hold more memory than a script is granted.
  set_limits(start.limits);
  FileDescriptor listener = install_filter(filter, start.ownership);
  if (listener) send_file(start.listener_to, listener.get());
  listener = {};
  ::signal(SIGPIPE, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execve(start.call.name.c_str(), argument_pointers.data(), environment_pointers.data());
  ::_exit(127);
}

}  // namespace tarn::builder
