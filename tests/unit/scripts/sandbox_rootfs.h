#pragma once

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apk/model/architecture.h"
#include "apk/support/error.h"
#include "apk/support/file.h"
#include "apk/support/hash.h"
#include "builder/rootfs/rootfs.h"
#include "builder/scripts/sandbox.h"

namespace tarn::test {

inline constexpr std::int64_t image_time = 1'600'000'000;
inline constexpr std::int64_t package_time = 1'500'000'000;

/// Puts a node into a rootfs as its first package would.
inline builder::Node& put_node(builder::Rootfs& rootfs, std::string_view path,
                               builder::NodeType type, std::uint32_t mode,
                               std::string_view text = {}) {
  auto node = std::make_shared<builder::Node>();
  node->type = type;
  node->mode = mode;
  node->mtime = package_time;
  if (type == builder::NodeType::file) node->content = builder::Content::of(text);
  if (type == builder::NodeType::symlink) node->target = text;
  return *rootfs.put(path, {std::move(node), builder::Owner{0}}).node;
}

/// A rootfs whose programs are those of the host's static busybox; nothing, with a message, where
/// the host has none.
inline std::optional<builder::Rootfs> busybox_rootfs() {
  const char* const program = "/usr/bin/busybox";
  if (!std::filesystem::exists(program)) {
    MESSAGE("skipped: no " << program);
    return std::nullopt;
  }
  builder::Rootfs rootfs;
  for (const char* const folder : {"bin", "etc", "usr", "usr/bin", "var", "tmp"}) {
    put_node(rootfs, folder, builder::NodeType::directory, 0755);
  }
  put_node(rootfs, "bin/busybox", builder::NodeType::file, 0755, read_file(program));
  for (const char* const applet :
       {"sh",      "cat",   "ls",    "ln",       "mv",       "cp",    "rm",    "mkdir",
        "chmod",   "chown", "touch", "mkfifo",   "mknod",    "mount", "sed",   "id",
        "stat",    "head",  "sleep", "yes",      "dd",       "kill",  "ps",    "wget",
        "unshare", "env",   "pwd",   "hostname", "ifconfig", "find",  "uname", "chroot",
        "tr",      "ping",  "nc",    "adduser"}) {
    put_node(rootfs, std::string("bin/") + applet, builder::NodeType::symlink, 0777, "busybox");
  }
  put_node(rootfs, "etc/passwd", builder::NodeType::file, 0644,
           "root:x:0:0:root:/root:/bin/sh\nnginx:x:100:101:nginx:/var:/sbin/nologin\n");
  put_node(rootfs, "etc/group", builder::NodeType::file, 0644, "root:x:0:\nnginx:x:101:\n");
  return rootfs;
}

/// Whether scripts of the host's architecture can be sandboxed here; else says why not.
inline bool sandbox_works(const std::string& architecture = apk::Architecture::host().apk) {
  const auto obstacle = builder::sandbox_obstacle(architecture);
  if (obstacle) MESSAGE("skipped: " << *obstacle);
  return !obstacle;
}

/// One entry as a line; long contents by their hash.
inline std::string entry_text(const std::string& path, const builder::Entry& entry) {
  const builder::Node& node = *entry.node;
  std::string text =
      fmt::format("{} {} {:04o} {}:{} @{} owner={}", path, "dflcbp"[static_cast<int>(node.type)],
                  node.mode, node.uid, node.gid, node.mtime - image_time, entry.owner.value);
  if (node.type == builder::NodeType::directory) {
    text = fmt::format("{} d {:04o} {}:{} owner={}", path, node.mode, node.uid, node.gid,
                       entry.owner.value);
  }
  if (!node.target.empty()) text += " -> " + node.target;
  if (node.device_major != 0) text += fmt::format(" {},{}", node.device_major, node.device_minor);
  for (const auto& [name, value] : node.xattrs) text += fmt::format(" {}={}", name, value.size());
  if (node.type == builder::NodeType::file) {
    std::string content = node.content.read();
    if (content.size() > 100) content = to_hex(sha256(content));
    std::replace(content.begin(), content.end(), '\n', '|');
    text += fmt::format(" '{}'", content);
  }
  return text;
}

/// All entries by their paths, as lines.
inline std::map<std::string, std::string> entry_texts(const builder::Rootfs& rootfs) {
  std::map<std::string, std::string> texts;
  rootfs.walk([&](const std::string& path, const builder::Entry& entry) {
    texts[path] = entry_text(path, entry);
  });
  return texts;
}

/// What is different, a line each: "- PATH" or the new entry.
inline std::string differences(const std::map<std::string, std::string>& before,
                               const std::map<std::string, std::string>& after) {
  std::string text;
  for (const auto& [path, line] : before) {
    if (!after.contains(path)) text += "- " + path + "\n";
  }
  for (const auto& [path, line] : after) {
    const auto old = before.find(path);
    if (old == before.end() || old->second != line) text += line + "\n";
  }
  return text;
}

/// A script run on a rootfs with the options at hand.
struct SandboxRun {
  TemporaryDirectory scratch{std::filesystem::temp_directory_path() / "tarn-sandbox-test-"};
  builder::SandboxOptions options{apk::Architecture::host().apk, image_time, {}, scratch.path()};
  builder::ScriptCall call{"lib/apk/exec/demo-1.0-r0.post-install",
                           {"1.0-r0"},
                           {{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"},
                            {"APK_SCRIPT", "post-install"},
                            {"APK_PACKAGE", "demo"}},
                           {}};

  builder::ScriptResult operator()(builder::Rootfs& rootfs, std::string_view script) {
    call.text = "#!/bin/sh\n" + std::string(script);
    return builder::run_in_sandbox(call, rootfs, options);
  }
  /// Status, output and differences as one text; or the Error's message, and that nothing changed.
  std::string report(builder::Rootfs& rootfs, std::string_view script) {
    const auto before = entry_texts(rootfs);
    std::string text;
    try {
      const auto result = (*this)(rootfs, script);
      text = fmt::format("status {}\n{}", result.status, result.output);
    } catch (const Error& error) {
      text = fmt::format("error {}\n", error.message());
    }
    text += differences(before, entry_texts(rootfs));
    if (!std::filesystem::is_empty(scratch.path())) text += "something is left in scratch\n";
    return text;
  }
};

/// Someone a test can be run as.
struct Person {
  std::string description;
  uid_t user = 0;
  gid_t group = 0;
};

/// This process' user; and when that is root, one with subordinate ids, where there is one, and one
/// without.
inline std::vector<Person> people() {
  // Root of a namespace with one id cannot become another either.
  if (::geteuid() != 0 || read_file("/proc/self/setgroups").starts_with("deny")) {
    return {{"this user", ::geteuid(), ::getegid()}};
  }
  std::vector<Person> people = {{"root", 0, 0}};
  std::istringstream lines(read_file("/etc/subuid"));
  for (std::string line; std::getline(lines, line);) {
    const passwd* const entry = ::getpwnam(line.substr(0, line.find(':')).c_str());
    if (entry == nullptr || entry->pw_uid == 0) continue;
    people.push_back({"a user with subordinate ids", entry->pw_uid, entry->pw_gid});
    break;
  }
  if (people.size() == 1) MESSAGE("left out: nobody has subordinate ids");
  people.push_back({"a user with one id", 65534, 65534});
  return people;
}

/// What `function` gives in a process of that person.
inline std::string as_person(const Person& person, const std::function<std::string()>& function) {
  if (person.user == ::geteuid()) return function();
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  const FileDescriptor from(ends[0]);
  FileDescriptor to(ends[1]);
  const pid_t child = ::fork();
  if (child == 0) {
    std::string text = "the person's ids are refused";
    if (::setgroups(0, nullptr) == 0 &&
        ::setresgid(person.group, person.group, person.group) == 0 &&
        ::setresuid(person.user, person.user, person.user) == 0) {
      // Else its files in /proc stay root's.
      ::prctl(PR_SET_DUMPABLE, 1);
      try {
        text = function();
      } catch (const std::exception& error) {
        text = fmt::format("exception {}", error.what());
      }
    }
    write_all(to.get(), as_bytes(text), "pipe");
    ::_exit(0);
  }
  to = {};
  std::string text;
  std::array<char, 4096> buffer{};
  for (ssize_t size = 0; (size = ::read(from.get(), buffer.data(), buffer.size())) > 0;) {
    text.append(buffer.data(), static_cast<std::size_t>(size));
  }
  ::waitpid(child, nullptr, 0);
  return text;
}

}  // namespace tarn::test
