#include "builder/registry/credential_helper.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <fmt/core.h>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apk/fetch/curl_library.h"
#include "apk/support/error.h"
#include "apk/support/file.h"
#include "apk/support/parallel.h"
#include "apk/support/url.h"

namespace tarn::builder {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t largest_answer = 256U << 10U;
constexpr std::size_t longest_quote = 200;
constexpr int poll_milliseconds = 50;

struct Pipe {
  FileDescriptor read;
  FileDescriptor write;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw system_error("making a pipe", errno);
  return {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

class SpawnSettings {
 public:
  SpawnSettings(const Pipe& input, const Pipe& output) {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawn_file_actions_adddup2(&actions_, input.read.get(), STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, output.write.get(), STDOUT_FILENO);
    // What it says beside its answer may hold a secret.
    ::posix_spawn_file_actions_addopen(&actions_, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    ::posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigemptyset(&none);
    sigset_t usual;
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &usual);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    ::posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  ~SpawnSettings() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  int spawn(pid_t& pid, const std::string& program, std::array<char*, 3>& arguments) const {
    return ::posix_spawnp(&pid, program.c_str(), &actions_, &attributes_, arguments.data(),
                          environ);
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

/// A running helper; ended, with what it started, at the latest with this.
class HelperProcess {
 public:
  HelperProcess(const std::string& program, std::string verb) : program_(program) {
    Pipe input = make_pipe();
    Pipe output = make_pipe();
    std::string name = program;
    std::array<char*, 3> arguments{name.data(), verb.data(), nullptr};
    const int problem = SpawnSettings(input, output).spawn(pid_, program, arguments);
    if (problem != 0)
      throw system_error("running the credential helper " + program, problem)
          .hint("the configuration of credentials names this helper: install it, or take it out");
    input_ = std::move(input.write);
    output_ = std::move(output.read);
    ::fcntl(input_.get(), F_SETFL, O_NONBLOCK);
  }
  HelperProcess(const HelperProcess&) = delete;
  HelperProcess& operator=(const HelperProcess&) = delete;
  ~HelperProcess() {
    if (pid_ > 0) {
      ::kill(-pid_, SIGKILL);
      reap();
    }
  }

  /// Hands `text` over and gives what came back, up to its end.
  std::string talk(std::string_view text, Clock::time_point deadline, const std::stop_token& stop) {
    std::string answer;
    for (;;) {
      throw_if_stopped(stop);
      if (Clock::now() >= deadline)
        throw Error(ErrorKind::failed, program_ + " takes too long to answer");
      if (text.empty()) input_ = FileDescriptor();
      std::array<pollfd, 2> polled{pollfd{output_.get(), POLLIN, 0},
                                   pollfd{input_.get(), POLLOUT, 0}};
      if (::poll(polled.data(), polled.size(), poll_milliseconds) < 0) {
        if (errno == EINTR) continue;
        throw system_error("waiting for " + program_, errno);
      }
      if (polled[1].revents != 0) text = write_some(text);
      if (polled[0].revents != 0 && !read_some(answer)) return answer;
    }
  }

  int exit_status(Clock::time_point deadline, const std::stop_token& stop) {
    for (;;) {
      int status = 0;
      const pid_t ended = ::waitpid(pid_, &status, WNOHANG);
      if (ended == pid_) {
        pid_ = 0;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
      }
      throw_if_stopped(stop);
      if (Clock::now() >= deadline) throw Error(ErrorKind::failed, program_ + " does not end");
      ::poll(nullptr, 0, 5);
    }
  }

 private:
  void reap() const {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
  }

  std::string_view write_some(std::string_view text) const {
    const ssize_t written = ::write(input_.get(), text.data(), text.size());
    if (written >= 0) return text.substr(static_cast<std::size_t>(written));
    if (errno == EAGAIN || errno == EINTR) return text;
    return {};  // it reads no more; what it answers tells why
  }

  bool read_some(std::string& answer) const {
    std::array<char, 4096> buffer{};
    const ssize_t got = ::read(output_.get(), buffer.data(), buffer.size());
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    answer.append(buffer.data(), static_cast<std::size_t>(got));
    if (answer.size() > largest_answer)
      throw Error(ErrorKind::failed, program_ + " answers with too much");
    return got > 0;
  }

  std::string program_;
  pid_t pid_ = 0;
  FileDescriptor input_;
  FileDescriptor output_;
};

struct Outcome {
  int status = 0;
  std::string output;
};

Outcome run(const CredentialHelper& helper, const std::string& verb, const std::string& input,
            std::chrono::milliseconds time_limit, const std::stop_token& stop) {
  const apk::WithoutSigpipe guard;
  const auto deadline = Clock::now() + time_limit;
  HelperProcess process(helper.program(), verb);
  Outcome outcome;
  outcome.output = process.talk(input, deadline, stop);
  outcome.status = process.exit_status(deadline, stop);
  return outcome;
}

bool says_there_is_none(const Outcome& outcome) {
  return outcome.output.find("credentials not found") != std::string::npos;
}

/// Helpers say on standard output what failed. A `secret` that was given to it is taken out.
Error failure(const CredentialHelper& helper, const std::string& verb, const Outcome& outcome,
              const std::string& secret) {
  std::string said = outcome.output.substr(0, outcome.output.find('\n'));
  for (auto at = said.find(secret); !secret.empty() && at != std::string::npos;
       at = said.find(secret))
    said.replace(at, secret.size(), "***");
  said.resize(std::min(said.size(), longest_quote));
  Error error(ErrorKind::failed,
              fmt::format("{} {} failed with status {}", helper.program(), verb, outcome.status));
  if (!said.empty()) error.detail("it says", redact_urls(said));
  return error;
}

}  // namespace

CredentialHelper::CredentialHelper(const std::string& name, std::chrono::milliseconds time_limit)
    : program_("docker-credential-" + name), time_limit_(time_limit) {
  const bool is_plain = !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
  if (!is_plain)
    throw Error(ErrorKind::usage, fmt::format("'{}' cannot be a credential helper's name", name));
}

std::optional<HelperAnswer> CredentialHelper::get(const std::string& server,
                                                  const std::stop_token& stop) const {
  const Outcome outcome = run(*this, "get", server, time_limit_, stop);
  if (outcome.status != 0) {
    if (says_there_is_none(outcome)) return std::nullopt;
    throw failure(*this, "get", outcome, {});
  }
  const auto json = nlohmann::json::parse(outcome.output, nullptr, false);
  const auto text = [&](const char* key) {
    const auto found = json.is_object() ? json.find(key) : json.end();
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  HelperAnswer answer{text("Username"), text("Secret")};
  if (!json.is_object())
    throw Error(ErrorKind::failed, program_ + " get answers with something that is no JSON object");
  if (answer.secret.empty()) return std::nullopt;
  return answer;
}

void CredentialHelper::store(const std::string& server, const HelperAnswer& answer,
                             const std::stop_token& stop) const {
  const nlohmann::ordered_json input = {
      {"ServerURL", server}, {"Username", answer.user}, {"Secret", answer.secret}};
  const auto keep = nlohmann::ordered_json::error_handler_t::replace;
  const Outcome outcome = run(*this, "store", input.dump(-1, ' ', false, keep), time_limit_, stop);
  if (outcome.status != 0) throw failure(*this, "store", outcome, answer.secret);
}

bool CredentialHelper::erase(const std::string& server, const std::stop_token& stop) const {
  const bool had_any = get(server, stop).has_value();
  if (!had_any) return false;
  const Outcome outcome = run(*this, "erase", server, time_limit_, stop);
  if (outcome.status != 0 && !says_there_is_none(outcome))
    throw failure(*this, "erase", outcome, {});
  return outcome.status == 0;
}

}  // namespace tarn::builder
