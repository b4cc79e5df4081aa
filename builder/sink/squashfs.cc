// squashfs by mksquashfs, which reads the tree as tar from its standard input.

#include <algorithm>
#include <array>

#include <fmt/core.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include "apk/support/error.h"
#include "builder/scripts/sandbox_process.h"
#include "builder/sink/filesystem.h"
#include "builder/sink/namespace_root.h"
#include "builder/sink/program.h"
#include "builder/sink/rootfs_tar.h"

namespace tarn::builder {
namespace {

constexpr std::array<std::string_view, 5> compressions = {"gzip", "zstd", "xz", "lz4", "lzo"};

std::filesystem::path mksquashfs() {
  return require_program("mksquashfs", "squashfs-tools", "squashfs-tools");
}

/// mksquashfs gives the root of what it reads from a tar to the user it runs as; so it has to run
/// as root of some namespace, which takes no other id.
IdMap id_map() {
  try {
    return usable_id_map();
  } catch (Error& error) {
    throw Error(ErrorKind::failed, "mksquashfs cannot be run as root of a user namespace")
        .detail("because", error.message())
        .hint("run as root, or write another type: ext4");
  }
}

}  // namespace

void check_squashfs(const std::string& compression) {
  if (!compression.empty() && std::ranges::count(compressions, compression) == 0)
    throw Error(ErrorKind::usage, fmt::format("squashfs has no compression '{}'", compression))
        .hint(fmt::format("it has {}", fmt::join(compressions, ", ")));
  mksquashfs();
  if (::geteuid() != 0) id_map();
}

void make_squashfs(const LayerTree& tree, const FilesystemSettings& settings,
                   const std::filesystem::path& file, const std::stop_token& stop) {
  const TarHeader& root = tree.entries().front().header;
  ProgramCall call;
  call.program = mksquashfs();
  call.arguments = {"-", file.string(), "-tar", "-noappend", "-no-progress", "-no-recovery",
                    "-quiet", "-exit-on-error", "-comp",
                    settings.compression.empty() ? "gzip" : settings.compression, "-processors",
                    std::to_string(settings.threads),
                    // Its tar has no record for the root that mksquashfs would take.
                    "-root-mode", fmt::format("{:o}", root.mode)};
  // Of the file system and of the root, which has no other way; nothing in the tree is younger.
  call.environment["SOURCE_DATE_EPOCH"] = std::to_string(newest_time(tree, settings.created));
  call.input = [&](OctetSink& input) { write_tar(tree, TarRoot::left_out, input); };
  if (root.uid != 0 || root.gid != 0)
    throw Error(ErrorKind::failed, "mksquashfs cannot give the root folder to another than root");
  if (::geteuid() != 0)
    run_as_namespace_root(
        id_map(), [&] { run_program(call, {}); }, stop);
  else
    run_program(call, stop);
}

}  // namespace tarn::builder
