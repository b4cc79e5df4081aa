#include "builder/rootfs/database.h"

#include <utility>

#include <fmt/core.h>

#include "apk/database/configuration.h"
#include "apk/database/scripts_archive.h"
#include "apk/support/error.h"

namespace tarn::builder {
namespace {

constexpr Owner generated{Owner::generated};
constexpr std::uint32_t file_mode = 0644;

/// apk's folder for running scripts belongs to a package of apk 2; apk 3 leaves it away when it is
/// empty in the end.
void remove_empty_script_folder(Rootfs& rootfs) {
  constexpr std::string_view path = "lib/apk/exec";
  const Entry* entry = rootfs.find(path);
  if (entry != nullptr && entry->node->type == NodeType::directory &&
      entry->node->children.empty()) {
    rootfs.remove(path);
  }
}

void write_keys(Rootfs& rootfs, const std::vector<apk::PublicKey>& keys) {
  for (const apk::PublicKey& key : keys) {
    const std::string& name = key.name();
    if (name.empty() || name.starts_with('.') || name.find('/') != name.npos) {
      throw Error(ErrorKind::failed, fmt::format("the key name '{}' is no file name", name));
    }
    const std::string path = "etc/apk/keys/" + name;
    const Entry* there = rootfs.find(path);
    if (there != nullptr && there->owner.is_package()) continue;
    rootfs.write_file(path, key.pem(), generated, file_mode);
  }
}

}  // namespace

void write_apk_database(Rootfs& rootfs, const DatabaseContents& contents) {
  const auto write = [&rootfs](std::string_view path, std::string_view text) {
    rootfs.write_file(path, text, generated, file_mode);
  };
  write("lib/apk/db/installed", apk::installed_text(contents.packages));
  const Bytes archive = apk::write_scripts_archive(contents.packages);
  write("lib/apk/db/scripts.tar", as_text(archive));
  write("lib/apk/db/triggers", apk::triggers_text(contents.packages));
  write("etc/apk/world", apk::world_text(contents.world));
  write("etc/apk/arch", apk::architectures_text(contents.architectures));
  if (!contents.repositories.empty()) {
    write("etc/apk/repositories", apk::repositories_text(contents.repositories));
  }
  write_keys(rootfs, contents.keys);
  remove_empty_script_folder(rootfs);
}

void drop_apk_database(Rootfs& rootfs) {
  for (const std::string_view folder : apk_database_folders) rootfs.remove(folder);
}

}  // namespace tarn::builder
