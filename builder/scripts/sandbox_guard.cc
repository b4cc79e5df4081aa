#include "builder/scripts/sandbox_guard.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <optional>
#include <utility>

#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apk/support/error.h"
#include "builder/scripts/sandbox_start.h"
#include "builder/scripts/sandbox_usage.h"
#include "builder/scripts/sandbox_world.h"

namespace tarn::builder {
namespace {

/// How often limits are looked at that only this process can see to.
constexpr int tick_milliseconds = 50;

FileDescriptor child_signals() {
  sigset_t children;
  ::sigemptyset(&children);
  ::sigaddset(&children, SIGCHLD);
  check_call(::sigprocmask(SIG_BLOCK, &children, nullptr), "sigprocmask");
  return FileDescriptor(
      check_call(::signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK), "signalfd"));
}

/// The one file that is sent through a socket; none when its sender is gone.
FileDescriptor receive_file(int socket) {
  char nothing = 0;
  iovec part{&nothing, 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> space{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = space.data();
  message.msg_controllen = space.size();
  if (::recvmsg(socket, &message, MSG_CMSG_CLOEXEC) <= 0) return {};
  const cmsghdr* const header = CMSG_FIRSTHDR(&message);
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS) return {};
  int file = -1;
  std::memcpy(&file, CMSG_DATA(header), sizeof file);
  return FileDescriptor(file);
}

/// Ends every other process of the namespace and waits for them.
void end_all() {
  ::kill(-1, SIGKILL);
  while (::waitpid(-1, nullptr, 0) > 0 || errno == EINTR) {
  }
}

/// The script while it runs.
class Watch {
 public:
  /// `starting`: a socket whose other end closes when the script's program takes over its process.
  Watch(const GuardTask& task, pid_t script, const FileDescriptor& signals, FileDescriptor starting,
        FileDescriptor listener)
      : script_(script),
        signals_(signals),
        starting_(std::move(starting)),
        meter_(task.limits, task.tree_octets) {
    if (listener) supervisor_.emplace(std::move(listener), *task.known_owners, task.limits.entries);
  }

  /// Waits for the script's end, or for a limit.
  SandboxMessage run() {
    while (true) {
      std::array<pollfd, 2> files = {
          {{signals_.get(), POLLIN, 0}, {supervisor_ ? supervisor_->fd() : -1, POLLIN, 0}}};
      const int ready = ::poll(files.data(), files.size(), tick_milliseconds);
      if (ready < 0 && errno != EINTR) throw system_error("poll", errno);
      if ((files[1].revents & POLLIN) != 0) supervisor_->answer();
      if (const auto end = reap()) return *end;
      if (const auto limit = look_at_usage()) return {SandboxMessage::Kind::limit, 0, *limit};
    }
  }

  OwnerChanges changes() const { return supervisor_ ? supervisor_->changes() : OwnerChanges(); }

 private:
  /// Takes away processes that have ended; the message about the script when it is one of them.
  std::optional<SandboxMessage> reap() {
    signalfd_siginfo signal{};
    while (::read(signals_.get(), &signal, sizeof signal) > 0) {
    }
    int status = 0;
    for (pid_t ended = 0; (ended = ::waitpid(-1, &status, WNOHANG)) > 0;) {
      if (ended != script_) continue;
      if (WIFSIGNALED(status)) {
        return SandboxMessage{SandboxMessage::Kind::signal, WTERMSIG(status), {}};
      }
      return SandboxMessage{SandboxMessage::Kind::exited, WEXITSTATUS(status), {}};
    }
    return std::nullopt;
  }

  std::optional<std::string> look_at_usage() {
    const auto now = std::chrono::steady_clock::now();
    if (now - looked_ < std::chrono::milliseconds(tick_milliseconds)) return std::nullopt;
    looked_ = now;
    return has_started() ? meter_.exceeded() : std::nullopt;
  }

  /// Until then the script's process is a copy of this one, with all that tarn holds in memory.
  bool has_started() {
    if (!starting_) return true;
    pollfd file{starting_.get(), 0, 0};
    if (::poll(&file, 1, 0) <= 0 || (file.revents & POLLHUP) == 0) return false;
    starting_ = {};
    return true;
  }

  pid_t script_;
  const FileDescriptor& signals_;
  FileDescriptor starting_;
  UsageMeter meter_;
  std::optional<OwnerSupervisor> supervisor_;
  std::chrono::steady_clock::time_point looked_ = std::chrono::steady_clock::now();
};

}  // namespace

int guard_script(const GuardTask& task, const SandboxChannel& channel) {
  leave_namespaces(task.root);
  const FileDescriptor emulator = register_emulator(task.architecture, task.runner);
  change_root(task.root, task.proc, task.dev, task.limits.processes);
  if (task.call == nullptr) {
    drop_privileges();
    auto filter = script_filter(task.ownership);
    install_filter(filter, task.ownership);
    return 0;
  }

  const FileDescriptor signals = child_signals();
  std::array<int, 2> ends{};
  check_call(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), "socketpair");
  FileDescriptor listener_from(ends[0]);
  FileDescriptor listener_to(ends[1]);
  const pid_t script = check_call(::fork(), "fork");
  if (script == 0) {
    try {
      become_script({*task.call, task.limits, task.ownership, task.runner.is_32_bit, task.output,
                     listener_to.get()});
    } catch (const Error& error) {
      channel.send({SandboxMessage::Kind::fault, 0, error.message()});
      ::_exit(127);
    }
  }
  listener_to = {};
  if (task.output > 2) ::close(task.output);
  FileDescriptor listener;
  if (task.ownership == Ownership::supervised) listener = receive_file(listener_from.get());
  Watch watch(task, script, signals, std::move(listener_from), std::move(listener));
  const SandboxMessage end = watch.run();
  end_all();
  const std::string owners = owners_text(watch.changes());
  write_all(task.owners, as_bytes(owners), "the sandbox' owners");
  channel.send(end);
  return end.kind == SandboxMessage::Kind::limit ? 1 : 0;
}

}  // namespace tarn::builder
