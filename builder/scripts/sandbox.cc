#include "builder/scripts/sandbox.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apk/support/error.h"
#include "apk/support/parallel.h"
#include "builder/scripts/sandbox_accounts.h"
#include "builder/scripts/sandbox_guard.h"
#include "builder/scripts/sandbox_merge.h"
#include "builder/scripts/sandbox_survey.h"

namespace tarn::builder {
namespace {

using Clock = std::chrono::steady_clock;

/// Runs the guard in a process namespace of its own, and ends it when the channel is hung up.
int run_guard(const GuardTask& task, const SandboxChannel& channel) {
  check_call(::unshare(CLONE_NEWPID), "unshare");
  const pid_t guard = check_call(::fork(), "fork");
  if (guard == 0) {
    int status = 1;
    try {
      tie_to_parent();
      status = guard_script(task, channel);
    } catch (const std::exception& error) {
      channel.send({SandboxMessage::Kind::fault, 0, error.what()});
    }
    ::_exit(status);
  }
  if (task.output > 2) ::close(task.output);
  const FileDescriptor handle(
      check_call(static_cast<int>(::syscall(SYS_pidfd_open, guard, 0)), "pidfd_open"));
  std::array<pollfd, 2> files = {{{handle.get(), POLLIN, 0}, {channel.fd(), POLLIN, 0}}};
  while (files[0].revents == 0) {
    if (::poll(files.data(), files.size(), -1) < 0 && errno != EINTR) break;
    // Nothing is ever sent this way: it is closed.
    if (files[1].revents != 0) ::kill(guard, SIGKILL);
    if (files[1].revents != 0) files[1].fd = -1;
  }
  int status = 0;
  while (::waitpid(guard, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

std::string read_from_begin(const FileDescriptor& file, std::uint64_t limit) {
  std::string text;
  std::string buffer(256U << 10U, '\0');
  while (true) {
    const ssize_t size =
        ::pread(file.get(), buffer.data(), buffer.size(), static_cast<off_t>(text.size()));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) throw system_error("reading what the sandbox wrote", errno);
    if (size == 0) return text;
    text.append(buffer, 0, static_cast<std::size_t>(size));
    if (text.size() > limit) throw Error(ErrorKind::failed, "the sandbox' tree is too large");
  }
}

/// The script's output as it comes, and what the sandbox' processes say, until they are gone.
class Collector {
 public:
  Collector(NamespaceProcess& process, FileDescriptor output, const SandboxOptions& options,
            const std::stop_token& stop)
      : process_(process), output_(std::move(output)), options_(options), stop_(stop) {}

  /// Throws Error when the script does not come to its own end.
  ScriptResult collect() {
    const auto deadline = Clock::now() + options_.limits.wall;
    while (output_ || !finished_) {
      std::array<pollfd, 2> files = {
          {{output_.get(), POLLIN, 0}, {finished_ ? -1 : process_.channel().fd(), POLLIN, 0}}};
      constexpr int patience = 20;
      if (::poll(files.data(), files.size(), patience) < 0 && errno != EINTR) {
        throw system_error("poll", errno);
      }
      if (files[1].revents != 0) take_message();
      if (files[0].revents != 0) take_output();
      throw_if_stopped(stop_);
      if (!ended_ && Clock::now() > deadline) stop_at(limit_text(options_.limits.wall));
    }
    if (!ended_) throw Error(ErrorKind::failed, "the sandbox' process ended unexpectedly");
    return std::move(result_);
  }

 private:
  static std::string limit_text(std::chrono::milliseconds time) {
    return fmt::format("{} seconds", static_cast<double>(time.count()) / 1000);
  }

  [[noreturn]] void stop_at(const std::string& limit) const {
    Error error(ErrorKind::failed, fmt::format("the script was stopped at its limit of {}", limit));
    if (!result_.output.empty()) error.detail("output", result_.output.substr(0, 2000));
    throw error;
  }

  void take_message() {
    const auto message = process_.channel().receive();
    if (!message) {
      finished_ = true;
      return;
    }
    switch (message->kind) {
      case SandboxMessage::Kind::fault:
        throw Error(ErrorKind::failed, message->what);
      case SandboxMessage::Kind::limit:
        stop_at(message->what);
      case SandboxMessage::Kind::signal:
        if (message->value == SIGXCPU) {
          stop_at(fmt::format("{} seconds of processor time", options_.limits.cpu.count()));
        }
        if (message->value == SIGXFSZ) {
          stop_at(fmt::format("{} octets in one file", options_.limits.file));
        }
        result_.status = 128 + message->value;
        ended_ = true;
        return;
      case SandboxMessage::Kind::exited:
        result_.status = message->value;
        ended_ = true;
        return;
      default:
        return;
    }
  }

  void take_output() {
    std::array<char, 64U << 10U> buffer{};
    const ssize_t size = ::read(output_.get(), buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) return;
    if (size <= 0) {
      output_ = {};
      return;
    }
    result_.output.append(buffer.data(), static_cast<std::size_t>(size));
    if (result_.output.size() > options_.limits.output) {
      stop_at(fmt::format("{} octets of output", options_.limits.output));
    }
  }

  NamespaceProcess& process_;
  FileDescriptor output_;
  const SandboxOptions& options_;
  const std::stop_token& stop_;
  bool finished_ = false;
  bool ended_ = false;
  ScriptResult result_;
};

std::uint64_t octets_on_disk(const SandboxTree& tree) {
  constexpr std::uint64_t block = 4096;
  std::uint64_t octets = 0;
  for (const SandboxItem& item : tree.items) {
    const std::uint64_t size = item.node != nullptr ? item.node->content.size : 0;
    octets += (size / block + 1) * block;
  }
  return octets;
}

/// The files a sandbox' processes write for this one to read.
struct Findings {
  FileDescriptor contents;
  FileDescriptor listing;
  FileDescriptor owners;
};

/// What the process does that is root of the user namespace: readies the tree, has the script run,
/// and tells what it changed.
int run_keeper(const SandboxFolder& folder, const SandboxTree& tree, const IdMap& ids,
               GuardTask task, const Findings& findings, const SandboxChannel& channel) {
  SandboxSurvey survey(folder.root(), tree, ids);
  survey.dress();
  const OwnerChanges hidden = survey.hidden_owners();
  task.known_owners = &hidden;
  const std::time_t begin = std::time(nullptr);
  const bool ended = run_guard(task, channel) == 0;
  if (ended) {
    OwnerChanges owners;
    if (task.ownership == Ownership::supervised) {
      owners = parse_owners(read_from_begin(findings.owners, 1U << 30U));
    }
    const std::string listing = survey.list(findings.contents.get(), owners, begin, task.limits);
    write_all(findings.listing.get(), as_bytes(listing), "the sandbox' listing");
    channel.send({SandboxMessage::Kind::finished, 0, {}});
  }
  remove_tree(folder.fd());
  return ended ? 0 : 1;
}

void check_scratch(const std::filesystem::path& scratch) {
  struct statvfs disk {};
  if (::statvfs(scratch.c_str(), &disk) != 0) {
    throw system_error("looking at " + scratch.string(), errno);
  }
  if ((disk.f_flag & ST_NOEXEC) != 0) {
    throw Error(ErrorKind::failed,
                fmt::format("no program can be run from {} (mounted noexec)", scratch.string()));
  }
}

}  // namespace

std::optional<std::string> sandbox_obstacle(const std::string& architecture) {
  try {
    const ProgramRunner runner = program_runner(architecture);
    const IdMap ids = usable_id_map();
    const GuardTask task{
        .proc = "proc", .dev = "dev", .architecture = architecture, .runner = runner};
    NamespaceProcess process(ids, {runner.emulator.get()}, [&](const SandboxChannel& channel) {
      return run_guard(task, channel);
    });
    const auto message = process.channel().receive();
    if (message && message->kind == SandboxMessage::Kind::fault) {
      return fmt::format("namespaces are refused ({})", message->what);
    }
    if (process.wait() != 0) return "the process that tries a sandbox is ended";
    return std::nullopt;
  } catch (const Error& error) {
    return error.message();
  }
}

ScriptResult run_in_sandbox(const ScriptCall& call, Rootfs& rootfs, const SandboxOptions& options,
                            const std::stop_token& stop) {
  check_scratch(options.scratch);
  const ProgramRunner runner = program_runner(options.architecture);
  const IdMap ids = usable_id_map();
  const AccountFiles accounts(rootfs);
  const std::int64_t begin = std::time(nullptr);
  const SandboxFolder folder(options.scratch, ids);
  const SandboxTree tree = write_tree(folder, ids, rootfs, call.name, call.text, stop);
  const Findings findings{folder.scratch_file(), folder.scratch_file(), folder.scratch_file()};

  std::array<int, 2> ends{};
  check_call(::pipe2(ends.data(), O_CLOEXEC), "pipe");
  FileDescriptor output_from(ends[0]);
  FileDescriptor output_to(ends[1]);
  // So that the script may open /dev/stdout.
  check_call(::fchown(output_to.get(), ids.root_user(), ids.root_group()), "fchown");
  const GuardTask task{.root = folder.root(),
                       .proc = tree.proc,
                       .dev = tree.dev,
                       .architecture = options.architecture,
                       .runner = runner,
                       .call = &call,
                       .limits = options.limits,
                       .ownership = ids.is_whole() ? Ownership::kernel : Ownership::supervised,
                       .tree_octets = octets_on_disk(tree),
                       .output = output_to.get(),
                       .owners = findings.owners.get()};
  NamespaceProcess process(
      ids,
      {folder.fd(), folder.root(), findings.contents.get(), findings.listing.get(),
       findings.owners.get(), output_to.get(), runner.emulator.get()},
      [&](const SandboxChannel& channel) {
        return run_keeper(folder, tree, ids, task, findings, channel);
      });
  output_to = {};
  ScriptResult result = Collector(process, std::move(output_from), options, stop).collect();
  if (process.wait() != 0) {
    throw Error(ErrorKind::failed, "the sandbox' process ended unexpectedly");
  }
  constexpr std::uint64_t listing_limit = 1ULL << 30U;
  const std::string listing = read_from_begin(findings.listing, listing_limit);
  merge_listing(rootfs, tree, parse_entries(listing), findings.contents, options.now);
  constexpr std::int64_t day = 86'400;
  accounts.settle(rootfs, begin / day, std::time(nullptr) / day, options.now / day);
  return result;
}

}  // namespace tarn::builder
