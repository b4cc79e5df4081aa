#include <array>
#include <cerrno>
#include <memory>
#include <ostream>

#include <CLI/CLI.hpp>
#include <fcntl.h>
#include <fmt/core.h>
#include <termios.h>
#include <unistd.h>

#include "apk/support/error.h"
#include "apk/support/file.h"
#include "builder/cli/commands.h"
#include "builder/cli/registry_options.h"
#include "builder/registry/reference.h"

namespace tarn::builder {
namespace {

constexpr std::size_t longest_secret = 64U << 10U;

struct LoginOptions {
  std::string registry;
  std::string user;
  bool password_stdin = false;
  std::filesystem::path ca_file;
  RegistryOptions access;
};

/// The registry as References name it. Throws Error (usage) for what is no registry's name.
std::string registry_name(const std::string& text) {
  const auto wrong = [&] {
    return Error(ErrorKind::usage, fmt::format("'{}' is no registry's name", text))
        .hint("a registry is named like docker.io, registry.example.org or localhost:5000");
  };
  if (text.find_first_of("/@ ") != std::string::npos) throw wrong();
  const Reference reference = Reference::parse(text + "/x");
  if (reference.path != "x" && reference.path != "library/x") throw wrong();
  return reference.domain;
}

/// The terminal of the person, whatever standard input is; what is typed is not shown while
/// `Echo::off`.
class Prompt {
 public:
  Prompt() : terminal_(::open("/dev/tty", O_RDWR | O_CLOEXEC)) {
    if (!terminal_)
      throw Error(ErrorKind::usage, "there is no terminal to ask for user and password")
          .hint("give -u USER, and the password on standard input with --password-stdin");
  }

  std::string ask(std::string_view question) const {
    write_all(terminal_.get(), as_bytes(question), "/dev/tty");
    return read_line();
  }

  std::string ask_secretly(std::string_view question) const {
    termios shown{};
    if (::tcgetattr(terminal_.get(), &shown) != 0) throw system_error("asking /dev/tty", errno);
    termios hidden = shown;
    hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(terminal_.get(), TCSAFLUSH, &hidden);
    std::string answer;
    try {
      answer = ask(question);
    } catch (...) {
      ::tcsetattr(terminal_.get(), TCSAFLUSH, &shown);
      throw;
    }
    ::tcsetattr(terminal_.get(), TCSAFLUSH, &shown);
    write_all(terminal_.get(), as_bytes("\n"), "/dev/tty");
    return answer;
  }

 private:
  std::string read_line() const {
    std::string line;
    for (char c = 0; line.size() < longest_secret;) {
      const ssize_t got = ::read(terminal_.get(), &c, 1);
      if (got < 0) throw system_error("reading /dev/tty", errno);
      if (got == 0 || c == '\n') break;
      line += c;
    }
    return line;
  }

  FileDescriptor terminal_;
};

/// All of standard input but the end of its last line.
std::string password_from_stdin() {
  std::string text;
  std::array<char, 4096> buffer{};
  for (;;) {
    const ssize_t got = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw system_error("reading standard input", errno);
    if (got == 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(got));
    if (text.size() > longest_secret)
      throw Error(ErrorKind::usage, "the password on standard input is too long");
  }
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

Credentials credentials_to_check(const LoginOptions& options, const std::string& registry) {
  Credentials credentials{.user = options.user, .source = "this login"};
  if (credentials.user.empty() && options.password_stdin)
    throw Error(ErrorKind::usage, "--password-stdin needs the user: give -u USER");
  if (credentials.user.empty())
    credentials.user = Prompt().ask(fmt::format("User for {}: ", registry));
  credentials.password =
      options.password_stdin
          ? password_from_stdin()
          : Prompt().ask_secretly(fmt::format("Password of {}: ", credentials.user));
  if (credentials.user.empty() || credentials.password.empty())
    throw Error(ErrorKind::usage, "user and password must not be empty");
  if (credentials.user.find(':') != std::string::npos)
    throw Error(ErrorKind::usage, "a user's name for a registry cannot have a ':'");
  return credentials;
}

void run_login(const LoginOptions& options, const Context& context) {
  const std::string registry = registry_name(options.registry);
  const Credentials credentials = credentials_to_check(options, registry);
  RegistryAccess access(options.access, options.ca_file, context);
  RegistryWorld world = access.world();
  world.credentials = [&](const std::string&, const std::string&) { return credentials; };
  RegistrySession session(std::move(world), registry, {});
  if (!session.check_credentials())
    context.progress.note(
        NoteLevel::warning,
        fmt::format("{} does not ask for credentials: these are not checked", registry));
  const std::string place = access.credentials().store(registry, credentials);
  context.progress.note(NoteLevel::info, fmt::format("logged in to {} as {}; kept in {}", registry,
                                                     credentials.user, place));
}

void run_logout(const LoginOptions& options, const Context& context) {
  const std::string registry = registry_name(options.registry);
  const RegistryAccess access(options.access, {}, context);
  const auto places = access.credentials().erase(registry);
  if (places.empty()) throw Error(ErrorKind::failed, "no credentials are kept for " + registry);
  for (const std::string& place : places)
    context.progress.note(NoteLevel::info,
                          fmt::format("removed the credentials for {} from {}", registry, place));
}

}  // namespace

void add_login_commands(Commands& commands) {
  auto login_options = std::make_shared<LoginOptions>();
  CLI::App& login =
      commands.add(commands.root(), "login", "Check credentials for a registry and keep them",
                   "  tarn login registry.example.org\n"
                   "  tarn login -u ann --password-stdin registry.example.org <password");
  login.add_option("REGISTRY", login_options->registry, "docker.io, registry.example.org:5000, …")
      ->required()
      ->option_text(" ");
  login.add_option("-u,--username", login_options->user, "The user (default: asked for)")
      ->option_text("USER");
  login.add_flag("--password-stdin", login_options->password_stdin,
                 "Read the password from standard input (default: asked for)");
  login
      .add_option("--ca-file", login_options->ca_file, "More certificates to trust for https (PEM)")
      ->option_text("FILE")
      ->check(CLI::ExistingFile);
  add_registry_options(login, login_options->access);
  commands.on(login,
              [login_options](const Context& context) { run_login(*login_options, context); });

  auto logout_options = std::make_shared<LoginOptions>();
  CLI::App& logout =
      commands.add(commands.root(), "logout", "Forget the credentials for a registry",
                   "  tarn logout registry.example.org");
  logout.add_option("REGISTRY", logout_options->registry, "As given to login")
      ->required()
      ->option_text(" ");
  logout
      .add_option("--authfile", logout_options->access.auth_file,
                  "File with credentials for registries (default: those of podman and docker)")
      ->option_text("FILE");
  commands.on(logout,
              [logout_options](const Context& context) { run_logout(*logout_options, context); });
}

}  // namespace tarn::builder
