#include "apk/package/package_writer.h"

#include <algorithm>

#include <fmt/core.h>

#include "apk/model/version.h"
#include "apk/package/tar_writer.h"
#include "apk/support/error.h"
#include "apk/support/file.h"
#include "apk/support/gzip.h"
#include "apk/support/hash.h"

namespace tarn::apk {
namespace {

constexpr std::size_t script_limit = 262144;

Error wrong(const std::string& what) {
  return {ErrorKind::usage, what};
}

void check_line(const char* field, const std::string& text) {
  for (const char octet : text)
    if (static_cast<unsigned char>(octet) < 0x20 || octet == 0x7f)
      throw wrong(fmt::format("the {} has a line break or control character", field));
}

void check_dependencies(const char* field, const std::vector<Dependency>& dependencies) {
  for (const auto& dependency : dependencies) {
    if (!dependency.tag.empty())
      throw wrong(
          fmt::format("{} '{}': a package cannot name a repository tag", field, dependency.str()));
    if (dependency.broken)
      throw wrong(fmt::format("{} '{}': '{}' is not a version", field, dependency.str(),
                              dependency.version));
  }
}

void check_triggers(const std::vector<std::string>& triggers) {
  for (const std::string& glob : triggers) {
    check_line("trigger", glob);
    if (!glob.starts_with('/') && !glob.starts_with("+/"))
      throw wrong(fmt::format("trigger '{}' is not an absolute path", glob));
    if (glob.find(' ') != std::string::npos)
      throw wrong(fmt::format("trigger '{}' has a space", glob));
  }
}

char type_flag(EntryType type) {
  switch (type) {
    case EntryType::file:
      return '0';
    case EntryType::hard_link:
      return '1';
    case EntryType::symlink:
      return '2';
    case EntryType::character_device:
      return '3';
    case EntryType::block_device:
      return '4';
    case EntryType::directory:
      return '5';
    case EntryType::fifo:
      return '6';
  }
  throw Error(ErrorKind::failed, "an entry of unknown type");
}

TarHeader tar_header(const DataEntry& entry, std::int64_t build_time, EntryTimes times) {
  TarHeader header;
  header.path = entry.path;
  header.type = type_flag(entry.type);
  header.mode = entry.mode;
  header.uid = entry.uid;
  header.gid = entry.gid;
  header.user = entry.user;
  header.group = entry.group;
  header.mtime = times == EntryTimes::kept ? std::min(entry.mtime, build_time) : build_time;
  header.target = entry.target;
  header.device_major = entry.device_major;
  header.device_minor = entry.device_minor;
  for (const auto& [name, value] : entry.xattrs)
    header.records.emplace_back("SCHILY.xattr." + name, value);
  return header;
}

void add_checksum(TarHeader& header, ByteView bytes) {
  header.records.emplace_back("APK-TOOLS.checksum.SHA1", to_hex(sha1(bytes)));
}

struct DataSection {
  Bytes tar;
  std::uint64_t installed_size = 0;
};

/// The data section's tar; the contents of `payload` are given up as they are written.
DataSection write_data(Payload& payload, std::int64_t build_time, EntryTimes times) {
  DataSection section;
  TarWriter writer(section.tar);
  for (auto& [entry, content] : payload) {
    TarHeader header = tar_header(entry, build_time, times);
    if (entry.type == EntryType::symlink) add_checksum(header, as_bytes(entry.target));
    if (entry.type != EntryType::file) {
      writer.add_header(header);
      continue;
    }
    if (const auto* path = std::get_if<std::filesystem::path>(&content)) {
      const MappedFile file = MappedFile::open(*path);
      add_checksum(header, file.bytes());
      section.installed_size += file.bytes().size();
      writer.add(std::move(header), file.bytes());
    } else {
      const Bytes bytes = std::exchange(std::get<Bytes>(content), {});
      add_checksum(header, bytes);
      section.installed_size += bytes.size();
      writer.add(std::move(header), bytes);
    }
  }
  writer.end();
  return section;
}

Bytes write_control(const PackageManifest& manifest, const std::string& info) {
  Bytes tar;
  TarWriter writer(tar);
  const auto add = [&](std::string name, std::uint32_t mode, const std::string& text) {
    TarHeader header;
    header.path = std::move(name);
    header.mode = mode;
    header.user = "root";
    header.group = "root";
    header.mtime = manifest.package.build_time;
    writer.add(std::move(header), as_bytes(text));
  };
  add(".PKGINFO", 0644, info);
  for (const auto& [kind, text] : manifest.scripts)
    add(fmt::format(".{}", script_name(kind)), 0755, text);
  return tar;
}

void append(Bytes& out, ByteView bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

}  // namespace

std::int64_t newest_file_time(const Payload& payload) {
  std::int64_t newest = 0;
  for (const auto& [header, content] : payload)
    if (header.type != EntryType::directory) newest = std::max(newest, header.mtime);
  return newest;
}

void check_manifest(const PackageManifest& manifest) {
  const Package& package = manifest.package;
  if (!is_valid_package_name(package.name))
    throw wrong(fmt::format("'{}' is not a package name", package.name))
        .hint("letters, digits and '+', '-', '.', '_'; the first one a letter or digit");
  if (!is_valid_version(package.version))
    throw wrong(fmt::format("'{}' is not a version", package.version))
        .hint("a version is digits with dots, [letter], [_suffix], [-rN]: 1.2.3_rc1-r0");
  const bool is_word = !package.arch.empty() && std::ranges::all_of(package.arch, [](char octet) {
    return (octet >= 'a' && octet <= 'z') || (octet >= '0' && octet <= '9') || octet == '_' ||
           octet == '-';
  });
  if (!is_word) throw wrong(fmt::format("'{}' is not an architecture", package.arch));
  check_line("description", package.description);
  check_line("url", package.url);
  check_line("license", package.license);
  check_line("origin", package.origin);
  check_line("maintainer", package.maintainer);
  check_line("packager", manifest.packager);
  check_line("commit", package.commit);
  check_dependencies("depend", package.depends);
  check_dependencies("replaces", package.replaces);
  check_dependencies("install_if", package.install_if);
  for (const auto& provide : package.provides)
    if (!provide.version.empty() && !is_valid_version(provide.version))
      throw wrong(
          fmt::format("provides '{}': '{}' is not a version", provide.str(), provide.version));
  check_triggers(manifest.triggers);
  if (package.build_time < 0) throw wrong("the build time lies before 1970");
  for (const auto& [kind, text] : manifest.scripts)
    if (text.size() > script_limit)
      throw wrong(fmt::format("the {} script is larger than the {} bytes apk reads",
                              script_name(kind), script_limit));
}

std::string package_info_text(const PackageManifest& manifest, std::uint64_t installed_size,
                              const std::string& data_hash) {
  const Package& package = manifest.package;
  std::string text = "# Generated by tarn\n";
  const auto add = [&](const char* key, const std::string& value) {
    if (!value.empty()) text += fmt::format("{} = {}\n", key, value);
  };
  const auto add_each = [&](const char* key, const auto& values) {
    for (const auto& value : values) add(key, value.str());
  };
  add("pkgname", package.name);
  add("pkgver", package.version);
  add("pkgdesc", package.description);
  add("url", package.url);
  add("builddate", std::to_string(package.build_time));
  add("packager", manifest.packager);
  add("size", std::to_string(installed_size));
  add("arch", package.arch);
  add("origin", package.origin.empty() ? package.name : package.origin);
  add("commit", package.commit);
  add("maintainer", package.maintainer);
  if (package.provider_priority != 0)
    add("provider_priority", std::to_string(package.provider_priority));
  add("license", package.license);
  add_each("replaces", package.replaces);
  if (package.replaces_priority != 0)
    add("replaces_priority", std::to_string(package.replaces_priority));
  add_each("depend", package.depends);
  add_each("provides", package.provides);
  std::string words;
  for (const auto& condition : package.install_if)
    words += (words.empty() ? "" : " ") + condition.str();
  add("install_if", words);
  words.clear();
  for (const auto& glob : manifest.triggers) words += (words.empty() ? "" : " ") + glob;
  add("triggers", words);
  add("datahash", data_hash);
  return text;
}

Bytes write_package(const PackageManifest& manifest, Payload payload,
                    const PackageWriteOptions& options) {
  check_manifest(manifest);
  payload = arrange_payload(std::move(payload));
  DataSection section = write_data(payload, manifest.package.build_time, options.times);
  // A size of zero says that there is nothing to fetch, and apk would skip files and scripts alike.
  if (section.installed_size == 0 && (!payload.empty() || !manifest.scripts.empty()))
    section.installed_size = 1;
  const Bytes data = deflate_gzip(section.tar, options.level);
  section.tar = Bytes();
  const std::string info =
      package_info_text(manifest, section.installed_size, to_hex(sha256(data)));
  Bytes file = deflate_gzip(write_control(manifest, info), options.level);
  append(file, data);
  return file;
}

Bytes sign_package(ByteView file, const PrivateKey& key, SignatureAlgorithm algorithm,
                   const std::string& key_name, const std::string& name) {
  const PackageFile package = PackageFile::parse(file, name);
  const Bytes value = key.sign(algorithm, package.control_member());
  Bytes tar;
  TarHeader header;
  header.path = signature_file_name(algorithm, key_name);
  header.mode = 0644;
  header.user = "root";
  header.group = "root";
  header.mtime = package.package().build_time;
  TarWriter(tar).add(std::move(header), value);
  Bytes out = deflate_gzip(tar, 9);
  append(out, package.control_member());
  append(out, package.data_member());
  return out;
}

}  // namespace tarn::apk
