#include "builder/scripts/sandbox_process.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apk/support/error.h"

namespace tarn::builder {
namespace {

/// A message as it travels.
struct Packet {
  int kind;
  int value;
  std::array<char, 240> what;
};

std::pair<FileDescriptor, FileDescriptor> channel_ends() {
  std::array<int, 2> ends{};
  check_call(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), "socketpair");
  return {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

void reset_signals() {
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

void become_root(const IdMap& ids) {
  if (ids.way != IdMap::Way::single) check_call(::setgroups(0, nullptr), "setgroups");
  check_call(::setresgid(0, 0, 0), "setresgid");
  check_call(::setresuid(0, 0, 0), "setresuid");
}

int run_work(const IdMap& ids, const SandboxChannel& channel, const NamespaceProcess::Work& work) {
  try {
    check_call(::unshare(CLONE_NEWUSER), "unshare");
    channel.send({SandboxMessage::Kind::ready, 0, {}});
    if (!channel.receive()) return 1;
    become_root(ids);
    tie_to_parent();
    return work(channel);
  } catch (const Error& error) {
    channel.send({SandboxMessage::Kind::fault, 0, error.message()});
  } catch (const std::exception& error) {
    channel.send({SandboxMessage::Kind::fault, 0, error.what()});
  }
  return 1;
}

}  // namespace

int check_call(int result, const char* doing) {
  if (result < 0) throw system_error(doing, errno);
  return result;
}

void tie_to_parent() {
  check_call(::prctl(PR_SET_PDEATHSIG, SIGKILL), "prctl");
  check_call(::prctl(PR_SET_DUMPABLE, 0), "prctl");
}

void close_all_but(std::vector<int> kept) {
  kept.insert(kept.end(), {0, 1, 2});
  std::sort(kept.begin(), kept.end());
  unsigned first = 0;
  for (const int descriptor : kept) {
    if (descriptor < 0) continue;
    const auto number = static_cast<unsigned>(descriptor);
    if (number > first) ::syscall(SYS_close_range, first, number - 1, 0);
    first = std::max(first, number + 1);
  }
  ::syscall(SYS_close_range, first, ~0U, 0);
}

bool SandboxChannel::send(const SandboxMessage& message) const {
  Packet packet{};
  packet.kind = static_cast<int>(message.kind);
  packet.value = message.value;
  message.what.copy(packet.what.data(), packet.what.size() - 1);
  return ::send(fd(), &packet, sizeof packet, MSG_NOSIGNAL) == sizeof packet;
}

std::optional<SandboxMessage> SandboxChannel::receive() const {
  Packet packet{};
  ssize_t size = 0;
  do {
    size = ::recv(fd(), &packet, sizeof packet, 0);
  } while (size < 0 && errno == EINTR);
  if (size != sizeof packet) return std::nullopt;
  packet.what.back() = '\0';
  return SandboxMessage{static_cast<SandboxMessage::Kind>(packet.kind), packet.value,
                        packet.what.data()};
}

NamespaceProcess::NamespaceProcess(const IdMap& ids, const std::vector<int>& kept,
                                   const Work& work) {
  auto [here, there] = channel_ends();
  pid_ = check_call(::fork(), "fork");
  if (pid_ == 0) {
    here = {};
    ::setsid();
    reset_signals();
    std::vector<int> all = kept;
    all.push_back(there.get());
    close_all_but(all);
    const SandboxChannel channel(std::move(there));
    ::_exit(run_work(ids, channel, work));
  }
  there = {};
  channel_ = SandboxChannel(std::move(here));
  try {
    const auto message = channel_.receive();
    if (!message || message->kind != SandboxMessage::Kind::ready) {
      throw Error(ErrorKind::failed, message ? message->what : "the process ended at once");
    }
    apply_id_map(ids, pid_);
    channel_.send({SandboxMessage::Kind::ready, 0, {}});
  } catch (...) {
    kill();
    throw;
  }
}

NamespaceProcess::~NamespaceProcess() {
  if (pid_ < 0) return;
  hang_up();
  const FileDescriptor handle(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  pollfd file{handle.get(), POLLIN, 0};
  constexpr int patience = 30'000;
  if (handle) ::poll(&file, 1, patience);
  kill();
}

int NamespaceProcess::wait() {
  if (pid_ < 0) return 0;
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0) {
    if (errno != EINTR) break;
  }
  pid_ = -1;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void NamespaceProcess::kill() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  wait();
}

IdMap usable_id_map() {
  std::string refused;
  for (IdMap& map : candidate_id_maps()) {
    try {
      NamespaceProcess trial(map, {}, [](const SandboxChannel&) { return 0; });
      if (trial.wait() == 0) return std::move(map);
      const auto message = trial.channel().receive();
      refused = message ? message->what : "the process was ended";
    } catch (const Error& error) {
      refused = error.message();
    }
  }
  if (refused.empty()) refused = "no ids to give away";
  throw Error(ErrorKind::failed, "user namespaces are refused (" + refused + ")");
}

}  // namespace tarn::builder
