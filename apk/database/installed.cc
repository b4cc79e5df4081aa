#include "apk/database/installed.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "apk/index/index.h"

namespace tarn::apk {
namespace {

void append_length(Sha1& hasher, std::size_t length) {
  std::array<std::byte, 4> octets{};
  for (std::size_t i = 0; i < octets.size(); ++i) {
    octets[i] = static_cast<std::byte>((length >> (24 - 8 * i)) & 0xffU);
  }
  hasher.update(octets);
}

/// "UID:GID:MODE[:Q1…]", the value of M and a lines.
std::string access_text(const InstalledAccess& access) {
  std::string text = fmt::format("{}:{}:{:o}", access.uid, access.gid, access.mode);
  if (access.xattrs) text += ":" + Identity{*access.xattrs}.str();
  return text;
}

std::string join_dependencies(const std::vector<Dependency>& dependencies) {
  std::string text;
  for (const Dependency& dependency : dependencies) {
    if (!text.empty()) text += ' ';
    text += dependency.str();
  }
  return text;
}

void append_directory(std::string& text, const InstalledDirectory& directory) {
  const auto out = std::back_inserter(text);
  fmt::format_to(out, "F:{}\n", directory.path);
  if (directory.access != InstalledDirectory{}.access) {
    fmt::format_to(out, "M:{}\n", access_text(directory.access));
  }
  std::vector<const InstalledFile*> files;
  for (const InstalledFile& file : directory.files) files.push_back(&file);
  std::sort(files.begin(), files.end(),
            [](const auto* left, const auto* right) { return left->name < right->name; });
  for (const InstalledFile* file : files) {
    fmt::format_to(out, "R:{}\n", file->name);
    if (file->access != InstalledFile{}.access) {
      fmt::format_to(out, "a:{}\n", access_text(file->access));
    }
    if (file->checksum) fmt::format_to(out, "Z:{}\n", Identity{*file->checksum}.str());
  }
}

void append_package(std::string& text, const InstalledPackage& installed) {
  std::string fields = index_text({installed.package});
  while (fields.ends_with('\n')) fields.pop_back();
  text += fields + "\n";

  const auto out = std::back_inserter(text);
  const Package& package = installed.package;
  if (!installed.tags.empty()) fmt::format_to(out, "g:{}\n", fmt::join(installed.tags, " "));
  if (!package.replaces.empty()) {
    fmt::format_to(out, "r:{}\n", join_dependencies(package.replaces));
  }
  if (package.replaces_priority != 0) fmt::format_to(out, "q:{}\n", package.replaces_priority);
  if (!installed.repository_tag.empty()) fmt::format_to(out, "s:{}\n", installed.repository_tag);
  if (!installed.flags.empty()) fmt::format_to(out, "f:{}\n", installed.flags);
  for (const InstalledDirectory& directory : installed.directories) {
    append_directory(text, directory);
  }
  text += "\n";
}

}  // namespace

std::optional<Sha1Digest> xattr_digest(const std::map<std::string, std::string>& xattrs) {
  if (xattrs.empty()) return std::nullopt;
  Sha1 hasher;
  for (const auto& [name, value] : xattrs) {
    append_length(hasher, name.size());
    hasher.update(name);
    append_length(hasher, value.size());
    hasher.update(value);
  }
  return hasher.finish();
}

std::vector<std::string> file_paths(const InstalledPackage& installed) {
  std::vector<std::string> paths;
  for (const InstalledDirectory& directory : installed.directories)
    for (const InstalledFile& file : directory.files)
      paths.push_back(directory.path.empty() ? file.name : directory.path + "/" + file.name);
  return paths;
}

std::vector<const InstalledPackage*> in_database_order(std::span<const InstalledPackage> packages) {
  std::vector<const InstalledPackage*> order;
  order.reserve(packages.size());
  for (const InstalledPackage& package : packages) order.push_back(&package);
  std::stable_sort(order.begin(), order.end(), [](const auto* left, const auto* right) {
    return name_less(left->package.name, right->package.name);
  });
  return order;
}

std::string installed_text(std::span<const InstalledPackage> packages) {
  std::string text;
  for (const InstalledPackage* package : in_database_order(packages)) {
    append_package(text, *package);
  }
  return text;
}

}  // namespace tarn::apk
