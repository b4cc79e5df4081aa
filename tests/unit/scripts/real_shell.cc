#include "unit/scripts/real_shell.h"

#include <cerrno>
#include <csignal>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <string_view>
#include <tuple>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/core.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apk/support/file.h"
#include "apk/support/hash.h"

namespace tarn::test {
namespace {

namespace fs = std::filesystem;
using builder::Entry;
using builder::Node;
using builder::NodeType;

constexpr unsigned seconds_allowed = 10;

void require(bool is_done, const std::string& what) {
  if (!is_done) FAIL(what << ": errno " << errno);
}

/// Of packages' files, which would be inflated anew each time. Holds on to the sources, so that
/// none takes the place of another.
const std::string& content_of(const builder::Content& content) {
  static std::map<
      std::tuple<std::shared_ptr<const builder::ContentSource>, std::uint64_t, std::uint64_t>,
      std::string>
      known;
  const auto [place, is_new] = known.try_emplace({content.source, content.offset, content.size});
  if (is_new) place->second = content.read();
  return place->second;
}

/// Without a sync: nothing here has to last.
void write_text(const fs::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  file.close();
  require(file.good(), "writing " + path.string());
}

bool is_compared(std::string_view path) {
  static const std::set<std::string_view> backups = {"etc/passwd-", "etc/group-", "etc/shadow-",
                                                     "etc/shells-"};
  return path != "dev" && !path.starts_with("dev/") && !backups.contains(path);
}

struct Described {
  char type = 'f';
  std::uint32_t mode = 0;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::string content;  ///< a file's, or a link's target
  std::uintptr_t id = 0;
};

/// Files that share a node are named after the first of them.
std::string describe(const std::map<std::string, Described>& nodes) {
  std::string text;
  std::map<std::uintptr_t, std::string> first_names;
  for (const auto& [path, node] : nodes) {
    text += fmt::format("{} {} {:04o} {}:{}", path, node.type, node.mode, node.uid, node.gid);
    if (node.type == 'l') text += " -> " + node.content;
    if (node.type == 'f') {
      text +=
          fmt::format(" {} {}", node.content.size(), to_hex(sha256(node.content)).substr(0, 16));
      const auto& first = first_names.emplace(node.id, path).first->second;
      if (first != path) text += " link of " + first;
      if (node.content.size() < 400) text += " " + node.content;
    }
    text += '\n';
  }
  return text;
}

char letter_of(mode_t mode) {
  if (S_ISDIR(mode)) return 'd';
  if (S_ISLNK(mode)) return 'l';
  if (S_ISFIFO(mode)) return 'p';
  return S_ISREG(mode) ? 'f' : '?';
}

char letter_of(NodeType type) {
  if (type == NodeType::directory) return 'd';
  if (type == NodeType::symlink) return 'l';
  if (type == NodeType::fifo) return 'p';
  return type == NodeType::file ? 'f' : '?';
}

void write_node(const std::string& path, const Node& node, const std::string* link_of) {
  if (link_of != nullptr) {
    require(link(link_of->c_str(), path.c_str()) == 0, "linking " + path);
    return;
  }
  switch (node.type) {
    case NodeType::directory:
      require(mkdir(path.c_str(), 0700) == 0, "making " + path);
      break;
    case NodeType::symlink:
      require(symlink(node.target.c_str(), path.c_str()) == 0, "making " + path);
      break;
    case NodeType::file:
      write_text(path, content_of(node.content));
      break;
    default:
      require(mkfifo(path.c_str(), 0600) == 0, "making " + path);
  }
  require(lchown(path.c_str(), node.uid, node.gid) == 0, "giving away " + path);
  if (node.type != NodeType::symlink)
    require(chmod(path.c_str(), node.mode) == 0, "setting the mode of " + path);
}

[[noreturn]] void become_script(const builder::ScriptCall& call, const fs::path& folder,
                                int output) {
  if (chroot(folder.c_str()) != 0 || chdir("/") != 0) _exit(125);
  dup2(output, 1);
  dup2(output, 2);
  close(0);
  umask(022);
  alarm(seconds_allowed);
  std::vector<std::string> words = {call.name};
  words.insert(words.end(), call.arguments.begin(), call.arguments.end());
  std::vector<std::string> settings;
  for (const auto& [name, value] : call.environment) settings.push_back(name + "=" + value);
  std::vector<char*> arguments;
  std::vector<char*> environment;
  for (std::string& word : words) arguments.push_back(word.data());
  for (std::string& setting : settings) environment.push_back(setting.data());
  arguments.push_back(nullptr);
  environment.push_back(nullptr);
  execve(call.name.c_str(), arguments.data(), environment.data());
  _exit(127);
}

}  // namespace

FastFolder::FastFolder() : folder_(fs::temp_directory_path() / "tarn-differential-") {
  is_mounted_ = mount("tmpfs", path().c_str(), "tmpfs", 0, "mode=0755") == 0;
}

FastFolder::~FastFolder() {
  if (is_mounted_) umount2(path().c_str(), MNT_DETACH);
}

void write_tree(const builder::Rootfs& rootfs, const fs::path& folder) {
  std::map<const Node*, std::string> written;
  rootfs.walk([&](const std::string& path, const Entry& entry) {
    if (path.starts_with("dev/")) return;
    const std::string place = folder / path;
    const auto [first, is_new] = written.emplace(entry.node.get(), place);
    write_node(place, *entry.node, is_new ? nullptr : &first->second);
  });
  const fs::path null = folder / "dev/null";
  fs::create_directories(null.parent_path());
  require(mknod(null.c_str(), S_IFCHR | 0666, makedev(1, 3)) == 0, "making dev/null");
}

std::string describe_tree(const builder::Rootfs& rootfs) {
  std::map<std::string, Described> nodes;
  rootfs.walk([&](const std::string& path, const Entry& entry) {
    if (!is_compared(path)) return;
    const Node& node = *entry.node;
    Described& described = nodes[path];
    described = {letter_of(node.type), node.mode, node.uid, node.gid, {}, 0};
    if (node.type == NodeType::symlink) {
      described.mode = 0777;
      described.content = node.target;
    }
    if (node.type == NodeType::file) {
      described.content = content_of(node.content);
      described.id = reinterpret_cast<std::uintptr_t>(&node);
    }
  });
  return describe(nodes);
}

std::string describe_tree(const fs::path& folder) {
  std::map<std::string, Described> nodes;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string path = entry.path().lexically_relative(folder);
    if (!is_compared(path)) continue;
    struct stat status {};
    require(lstat(entry.path().c_str(), &status) == 0, "looking at " + path);
    Described& described = nodes[path];
    described = {
        letter_of(status.st_mode), status.st_mode & 07777U, status.st_uid, status.st_gid, {}, 0};
    if (S_ISLNK(status.st_mode)) described.content = fs::read_symlink(entry.path());
    if (S_ISREG(status.st_mode)) {
      described.content = read_file(entry.path());
      described.id = status.st_ino;
    }
  }
  return describe(nodes);
}

builder::ScriptResult run_in_chroot(const builder::ScriptCall& call, const fs::path& folder) {
  const fs::path file = folder / call.name;
  fs::create_directories(file.parent_path());
  write_text(file, call.text);
  require(chmod(file.c_str(), 0755) == 0, "setting the mode of the script");
  int ends[2] = {};
  require(pipe(ends) == 0, "making a pipe");
  const pid_t child = fork();
  require(child >= 0, "starting a process");
  if (child == 0) become_script(call, folder, ends[1]);
  close(ends[1]);
  builder::ScriptResult result;
  char buffer[4096];
  for (ssize_t size = 0; (size = read(ends[0], buffer, sizeof buffer)) > 0;)
    result.output.append(buffer, static_cast<std::size_t>(size));
  close(ends[0]);
  int status = 0;
  require(waitpid(child, &status, 0) == child, "waiting for the script");
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  fs::remove_all(file.parent_path());
  return result;
}

}  // namespace tarn::test
