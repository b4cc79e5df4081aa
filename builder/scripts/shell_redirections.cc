#include <algorithm>
#include <cerrno>
#include <memory>

#include <fmt/format.h>

#include "builder/scripts/shell.h"
#include "builder/scripts/shell_streams.h"

namespace tarn::builder {
namespace {

constexpr std::uint32_t new_file_mode = 0666;
constexpr int highest_descriptor = 99;

std::string absolute_path(std::string_view directory, std::string_view path) {
  if (path.starts_with('/')) return std::string(path);
  return std::string(directory) + (directory.ends_with('/') ? "" : "/") + std::string(path);
}

/// How ash words what went wrong with opening a file.
std::string open_problem(int problem, std::string_view when_missing) {
  switch (problem) {
    case ENOENT:
    case ENOTDIR:
      return std::string(when_missing);
    case EISDIR:
      return "Is a directory";
    case EEXIST:
      return "File exists";
    case ELOOP:
      return "Symbolic link loop";
    case ENAMETOOLONG:
      return "Filename too long";
    default:
      throw NotNative(fmt::format("opening a file fails with error {}", problem));
  }
}

bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= 9 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

Shell::Redirected Shell::redirect(const std::vector<Redirection>& redirections) {
  // All words are expanded before any file is opened.
  std::vector<std::string> targets;
  for (const auto& redirection : redirections) {
    targets.push_back(expand_text(redirection.document ? *redirection.document : redirection.target,
                                  redirection.document ? Tilde::none : Tilde::word, *this));
  }
  for (std::size_t i = 0; i < redirections.size(); ++i)
    if (redirect(redirections[i], targets[i]) == Redirected::no) return Redirected::no;
  return Redirected::yes;
}

Shell::Redirected Shell::redirect(const Redirection& redirection, const std::string& target) {
  world_.budget.spend_steps();
  if (redirection.descriptor > highest_descriptor)
    throw NotNative(fmt::format("descriptor {}", redirection.descriptor));
  switch (redirection.kind) {
    case Redirection::Kind::document:
      state_.descriptors[redirection.descriptor] =
          std::make_shared<TextStream>(world_.budget, target);
      return Redirected::yes;
    case Redirection::Kind::duplicate:
      return duplicate(redirection, target);
    default:
      return open_file(redirection, target);
  }
}

Shell::Redirected Shell::duplicate(const Redirection& redirection, const std::string& target) {
  if (target == "-") {
    state_.descriptors.erase(redirection.descriptor);
    return Redirected::yes;
  }
  if (!is_number(target)) throw NotNative("a redirection to a descriptor that is no number");
  const auto found = state_.descriptors.find(std::stoi(target));
  if (found == state_.descriptors.end()) {
    complain(target + ": Bad file descriptor");
    return Redirected::no;
  }
  const auto stream = found->second;
  state_.descriptors[redirection.descriptor] = stream;
  return Redirected::yes;
}

Shell::Redirected Shell::open_file(const Redirection& redirection, const std::string& target) {
  using Kind = Redirection::Kind;
  auto& files = world_.files;
  auto& stream = state_.descriptors[redirection.descriptor];
  const auto path = absolute_path(state_.directory, target);
  const bool reads = redirection.kind == Kind::input;
  const auto refuse = [&](int problem) {
    // The descriptor is as it was, or the saved ones are put back anyway.
    if (!stream) state_.descriptors.erase(redirection.descriptor);
    complain(fmt::format("can't {} {}: {}", reads ? "open" : "create", target,
                         open_problem(problem, reads ? "no such file" : "nonexistent directory")));
    return Redirected::no;
  };
  if (target.empty()) return refuse(ENOENT);
  const auto real = files.real_path(path);
  if (real == "/dev/null" || path == "/dev/null") {
    stream = std::make_shared<NullStream>();
    return Redirected::yes;
  }
  for (const std::string_view outside : {"/dev/", "/proc/", "/sys/"})
    if (path.starts_with(outside) || real.starts_with(outside))
      throw NotNative("a redirection to " + path);
  int problem = 0;
  const auto* entry = files.find(path, ScriptRootfs::Follow::last, &problem);
  if (entry != nullptr && entry->node->type == NodeType::directory) {
    if (reads) throw NotNative("reading a directory");
    return refuse(EISDIR);
  }
  if (entry != nullptr && entry->node->type != NodeType::file)
    throw NotNative("a redirection to a device or pipe");
  if (entry == nullptr && (reads || problem != ENOENT)) return refuse(problem);
  using Writing = ScriptRootfs::Writing;
  if (redirection.kind == Kind::output && state_.options.no_clobber && entry != nullptr)
    return refuse(EEXIST);
  const bool truncates = redirection.kind == Kind::output || redirection.kind == Kind::clobber;
  if (!reads && (truncates || entry == nullptr)) {
    problem = files.write(path, "", truncates ? Writing::truncate : Writing::append,
                          new_file_mode & ~state_.umask);
    if (problem != 0) return refuse(problem);
  }
  using Access = FileStream::Access;
  const auto access = reads                                  ? Access::read
                      : redirection.kind == Kind::append     ? Access::append
                      : redirection.kind == Kind::read_write ? Access::read_write
                                                             : Access::write;
  stream = std::make_shared<FileStream>(files, world_.budget, path, access);
  return Redirected::yes;
}

}  // namespace tarn::builder
