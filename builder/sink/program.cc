#include "builder/sink/program.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apk/support/error.h"
#include "apk/support/file.h"
#include "apk/support/parallel.h"

namespace tarn::builder {
namespace {

constexpr std::string_view default_path =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr std::size_t most_said = 64U << 10U;
constexpr useconds_t pause = 5000;

std::string search_path() {
  const char* const given = std::getenv("PATH");
  return fmt::format("{}:{}", given == nullptr ? "" : given, default_path);
}

/// A file in memory that takes what a program says.
FileDescriptor said_file() {
  FileDescriptor file(::memfd_create("said", MFD_CLOEXEC));
  if (!file) throw system_error("memfd_create", errno);
  return file;
}

std::string said_in(const FileDescriptor& file) {
  std::string text(most_said, '\0');
  const off_t end = ::lseek(file.get(), 0, SEEK_END);
  const off_t start = std::max<off_t>(0, end - static_cast<off_t>(most_said));
  const ssize_t got = ::pread(file.get(), text.data(), text.size(), start);
  text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  return text;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// A program that runs; it is ended with this object.
class Child {
 public:
  Child(const ProgramCall& call, int input, int output, int errors)
      : name_(call.program.filename().string()) {
    std::vector<std::string> arguments = {call.program.string()};
    arguments.insert(arguments.end(), call.arguments.begin(), call.arguments.end());
    std::vector<std::string> environment = {"PATH=" + search_path(), "LC_ALL=C", "TZ=UTC"};
    for (const auto& [name, value] : call.environment) environment.push_back(name + "=" + value);
    const auto argument_pointers = pointers(arguments);
    const auto environment_pointers = pointers(environment);
    const pid_t parent = ::getpid();
    pid_ = ::fork();
    if (pid_ < 0) throw system_error("fork", errno);
    if (pid_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);
    if (::dup2(input, 0) < 0 || ::dup2(output, 1) < 0 || ::dup2(errors, 2) < 0) ::_exit(127);
    if (!call.folder.empty() && ::chdir(call.folder.c_str()) != 0) ::_exit(127);
    ::signal(SIGPIPE, SIG_DFL);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execve(argument_pointers[0], argument_pointers.data(), environment_pointers.data());
    ::_exit(127);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ < 0) return;
    ::kill(pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }

  /// Its status: as wait(2) gives it.
  int wait(const std::stop_token& stop) {
    for (;;) {
      int status = 0;
      const pid_t ended = ::waitpid(pid_, &status, WNOHANG);
      if (ended == pid_) {
        pid_ = -1;
        return status;
      }
      if (ended < 0 && errno != EINTR) throw system_error("waiting for " + name_, errno);
      throw_if_stopped(stop);
      ::usleep(pause);
    }
  }

 private:
  std::string name_;
  pid_t pid_ = -1;
};

class PipeSink final : public OctetSink {
 public:
  explicit PipeSink(int pipe) : pipe_(pipe) {}
  void write(ByteView bytes) override {
    while (!bytes.empty()) {
      const ssize_t written = ::write(pipe_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      // It has ended early: what it said tells why.
      if (written < 0 && errno == EPIPE) throw Closed{};
      if (written < 0) throw system_error("writing to a program", errno);
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
  }
  struct Closed {};

 private:
  int pipe_;
};

/// The last lines of a text.
std::string last_lines(std::string_view text) {
  constexpr int most_lines = 5;
  while (text.ends_with('\n')) text.remove_suffix(1);
  std::size_t start = text.size();
  for (int line = 0; line < most_lines && start != std::string_view::npos; ++line)
    start = start == 0 ? std::string_view::npos : text.rfind('\n', start - 1);
  return std::string(start == std::string_view::npos ? text : text.substr(start + 1));
}

std::string ending(int status) {
  if (WIFSIGNALED(status)) return fmt::format("was ended by signal {}", WTERMSIG(status));
  if (WEXITSTATUS(status) == 127) return "could not be run";
  return fmt::format("failed with status {}", WEXITSTATUS(status));
}

}  // namespace

std::optional<std::filesystem::path> find_program(std::string_view name) {
  const std::string path = search_path();
  for (std::string_view rest = path; !rest.empty();) {
    const std::size_t colon = std::min(rest.find(':'), rest.size());
    const auto program = std::filesystem::path(rest.substr(0, colon)) / name;
    rest.remove_prefix(std::min(colon + 1, rest.size()));
    std::error_code absent;
    if (program.is_absolute() && std::filesystem::is_regular_file(program, absent) &&
        ::access(program.c_str(), X_OK) == 0)
      return program;
  }
  return std::nullopt;
}

std::filesystem::path require_program(std::string_view name, std::string_view debian_package,
                                      std::string_view alpine_package) {
  if (const auto program = find_program(name)) return *program;
  throw Error(ErrorKind::failed, fmt::format("{} is not installed", name))
      .hint(fmt::format("Debian has it in the package {}, Alpine in {}", debian_package,
                        alpine_package));
}

ProgramSaid run_program(const ProgramCall& call, const std::stop_token& stop) {
  const FileDescriptor output = said_file();
  const FileDescriptor errors = said_file();
  FileDescriptor to_read(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  FileDescriptor to_write;
  if (call.input) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw system_error("pipe", errno);
    to_read = FileDescriptor(ends[0]);
    to_write = FileDescriptor(ends[1]);
  }
  Child child(call, to_read.get(), output.get(), errors.get());
  to_read = {};
  if (call.input) {
    PipeSink sink(to_write.get());
    try {
      call.input(sink);
    } catch (const PipeSink::Closed&) {
    }
    to_write = {};
  }
  const int status = child.wait(stop);
  ProgramSaid said{said_in(output), said_in(errors)};
  if (status != 0) {
    const std::string why = last_lines(said.errors.empty() ? said.output : said.errors);
    Error error(ErrorKind::failed,
                fmt::format("{} {}", call.program.filename().string(), ending(status)));
    if (!why.empty()) error.detail("it said", why);
    throw error;
  }
  return said;
}

}  // namespace tarn::builder
