// erofs by mkfs.erofs: from a tar where it reads one, else from a folder.

#include <algorithm>
#include <array>

#include <fcntl.h>
#include <fmt/core.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include "apk/support/error.h"
#include "apk/support/file.h"
#include "builder/scripts/sandbox_process.h"
#include "builder/scripts/sandbox_tree.h"
#include "builder/sink/directory.h"
#include "builder/sink/filesystem.h"
#include "builder/sink/namespace_root.h"
#include "builder/sink/output_file.h"
#include "builder/sink/program.h"
#include "builder/sink/rootfs_tar.h"

namespace tarn::builder {
namespace {

constexpr std::array<std::string_view, 3> compressions = {"lz4hc", "lz4", "none"};

std::filesystem::path mkfs_erofs() {
  return require_program("mkfs.erofs", "erofs-utils", "erofs-utils");
}

/// Whether it makes images from a tar: since version 1.7.
bool reads_tar(const std::filesystem::path& program, const std::stop_token& stop) {
  const ProgramSaid said = run_program({program, {"--help"}, {}, {}, {}}, stop);
  return (said.output + said.errors).find("--tar=") != std::string::npos;
}

ProgramCall call_for(const LayerTree& tree, const FilesystemSettings& settings,
                     const std::filesystem::path& file, const std::filesystem::path& source) {
  ProgramCall call;
  call.program = mkfs_erofs();
  // With --preserve-mtime behind it, -T is the latest time a file may have.
  call.arguments = {"--quiet", "-T" + std::to_string(newest_time(tree, settings.created)),
                    "--preserve-mtime", "-U", uuid_of(settings.identity)};
  const std::string compression = settings.compression.empty() ? "lz4hc" : settings.compression;
  if (compression != "none") call.arguments.push_back("-z" + compression);
  // What the folder's own file system has of attributes is none of the tree's.
  const bool has_xattrs = std::ranges::any_of(
      tree.entries(), [](const LayerTree::Entry& entry) { return !entry.header.xattrs.empty(); });
  if (!has_xattrs) call.arguments.push_back("-x-1");
  call.arguments.push_back(file.string());
  call.arguments.push_back(source.string());
  return call;
}

void make_from_tar(const LayerTree& tree, ProgramCall call, const std::filesystem::path& tar,
                   const std::stop_token& stop) {
  OutputFile file({tar});
  write_tar(tree, TarRoot::written, file);
  file.commit();
  call.arguments.insert(call.arguments.begin(), "--tar=f");
  run_program(call, stop);
}

void refuse_devices(const LayerTree& tree) {
  for (const LayerTree::Entry& entry : tree.entries())
    if (entry.header.type == TarType::character_device ||
        entry.header.type == TarType::block_device)
      throw Error(
          ErrorKind::failed,
          fmt::format("only root can make the device node '{}' for mkfs.erofs", entry.header.path))
          .hint("run as root, with mkfs.erofs 1.7 or newer, or write another type: squashfs, ext4");
}

IdMap whole_id_map() {
  std::string why = "this user has no subordinate ids";
  try {
    IdMap ids = usable_id_map();
    if (ids.is_whole()) return ids;
  } catch (const Error& error) {
    why = error.message();
  }
  throw Error(ErrorKind::failed,
              "mkfs.erofs needs a folder with all owners, which this user cannot make")
      .detail("because", why)
      .hint(
          "run as root, with mkfs.erofs 1.7 or newer, with subordinate ids (Debian: uidmap), or "
          "write another type: squashfs, ext4");
}

/// In a user namespace this user is root, and may give files to all the namespace's ids. Outside,
/// these are no ids of this user, so what was made can be removed only there.
void make_in_namespace(const LayerTree& tree, const ProgramCall& call,
                       const std::filesystem::path& source, const std::stop_token& stop) {
  refuse_devices(tree);
  const IdMap ids = whole_id_map();
  const auto remove = [&] {
    const FileDescriptor opened(::open(source.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (opened) remove_tree(opened.get());
  };
  try {
    run_as_namespace_root(
        ids,
        [&] {
          unpack_tree(tree, source, TreeRights::all);
          run_program(call, {});
        },
        stop);
  } catch (...) {
    run_as_namespace_root(ids, remove, {});
    throw;
  }
  run_as_namespace_root(ids, remove, {});
}

}  // namespace

void check_erofs(const std::string& compression) {
  if (!compression.empty() && std::ranges::count(compressions, compression) == 0)
    throw Error(ErrorKind::usage, fmt::format("erofs has no compression '{}'", compression))
        .hint(fmt::format("it has {}", fmt::join(compressions, ", ")));
  const auto program = mkfs_erofs();
  if (::geteuid() != 0 && !reads_tar(program, {})) whole_id_map();
}

void make_erofs(const LayerTree& tree, const FilesystemSettings& settings,
                const std::filesystem::path& file, const std::filesystem::path& folder,
                const std::stop_token& stop) {
  if (reads_tar(mkfs_erofs(), stop)) {
    const auto tar = folder / "tree.tar";
    make_from_tar(tree, call_for(tree, settings, file, tar), tar, stop);
    return;
  }
  const auto source = folder / "tree";
  const ProgramCall call = call_for(tree, settings, file, source);
  make_directories(source);
  if (::geteuid() != 0) {
    make_in_namespace(tree, call, source, stop);
    return;
  }
  unpack_tree(tree, source, TreeRights::all);
  run_program(call, stop);
}

}  // namespace tarn::builder
