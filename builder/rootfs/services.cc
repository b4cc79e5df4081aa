#include "builder/rootfs/services.h"

#include <string>
#include <string_view>

#include <fmt/core.h>

#include "apk/support/error.h"

namespace tarn::builder {
namespace {

constexpr std::string_view scan_folder = "sv";
constexpr std::string_view interpreter_line = "#!/bin/execlineb\n";

Node& make_folder(Rootfs& rootfs, std::string_view path, std::uint32_t uid, std::uint32_t gid) {
  Node& folder = *rootfs.make_directories(path, Owner{}).node;
  folder.uid = uid;
  folder.gid = gid;
  return folder;
}

}  // namespace

void write_services(Rootfs& rootfs, const Entrypoint& entrypoint, std::uint32_t uid,
                    std::uint32_t gid) {
  if (entrypoint.type != "service-bundle") return;
  make_folder(rootfs, scan_folder, uid, gid);
  for (const auto& [name, command] : entrypoint.services) {
    // s6-svscan passes over names that begin with a dot.
    if (name.empty() || name.front() == '.' || name.find('/') != std::string::npos)
      throw Error(ErrorKind::usage, fmt::format("'{}' is no name for a service", name))
          .hint("a service is named like a file, and not with a '.' first");
    const std::string folder = fmt::format("{}/{}", scan_folder, name);
    make_folder(rootfs, folder, uid, gid);
    std::string text = command.starts_with("#!") ? "" : std::string(interpreter_line);
    text += command;
    if (!text.ends_with('\n')) text += '\n';
    Node& run = *rootfs.write_file(folder + "/run", std::move(text), Owner{}, 0755).node;
    run.uid = uid;
    run.gid = gid;
  }
}

}  // namespace tarn::builder
