#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "builder/rootfs/installer.h"

namespace tarn::test {

/// A content source over a text, which the entries of a made-up package count in.
class TextSource final : public builder::ContentSource {
 public:
  void append(const std::string& text) {
    const ByteView bytes = as_bytes(text);
    bytes_->insert(bytes_->end(), bytes.begin(), bytes.end());
  }
  std::uint64_t size() const { return bytes_->size(); }
  std::shared_ptr<const Bytes> load() const override { return bytes_; }

 private:
  std::shared_ptr<Bytes> bytes_ = std::make_shared<Bytes>();
};

/// A made-up package: entries are added one after the other, in archive order.
class SyntheticPackage {
 public:
  explicit SyntheticPackage(std::string name, std::string version = "1.0-r0") {
    package_.package.name = std::move(name);
    package_.package.version = std::move(version);
    package_.package.installed_size = 1;
    package_.content = source_;
  }

  SyntheticPackage& origin(std::string origin) {
    package_.package.origin = std::move(origin);
    return *this;
  }
  SyntheticPackage& replaces(const std::string& dependency, std::uint32_t priority = 0) {
    package_.package.replaces.push_back(apk::Dependency::parse(dependency).value());
    package_.package.replaces_priority = priority;
    return *this;
  }
  SyntheticPackage& priority(std::uint32_t priority) {
    package_.package.replaces_priority = priority;
    return *this;
  }

  SyntheticPackage& directory(std::string path, std::uint32_t mode = 0755) {
    add(std::move(path), apk::EntryType::directory, mode);
    return *this;
  }
  SyntheticPackage& file(std::string path, const std::string& text, std::uint32_t mode = 0644) {
    apk::DataEntry& entry = add(std::move(path), apk::EntryType::file, mode);
    entry.size = text.size();
    entry.offset = source_->size();
    entry.checksum = sha1(text);
    source_->append(text);
    return *this;
  }
  SyntheticPackage& symlink(std::string path, std::string target) {
    apk::DataEntry& entry = add(std::move(path), apk::EntryType::symlink, 0777);
    entry.checksum = sha1(target);
    entry.target = std::move(target);
    return *this;
  }
  SyntheticPackage& hard_link(std::string path, std::string target, std::uint32_t mode = 0644) {
    add(std::move(path), apk::EntryType::hard_link, mode).target = std::move(target);
    return *this;
  }
  /// Changes the entry added last.
  apk::DataEntry& last() { return package_.entries.back(); }
  SyntheticPackage& owned_by(std::string user, std::uint32_t uid, std::string group,
                             std::uint32_t gid) {
    last().user = std::move(user);
    last().uid = uid;
    last().group = std::move(group);
    last().gid = gid;
    return *this;
  }

  const builder::PackageToInstall& get() const { return package_; }

 private:
  apk::DataEntry& add(std::string path, apk::EntryType type, std::uint32_t mode) {
    apk::DataEntry& entry = package_.entries.emplace_back();
    entry.path = std::move(path);
    entry.type = type;
    entry.mode = mode;
    entry.mtime = 1000;
    return entry;
  }

  std::shared_ptr<TextSource> source_ = std::make_shared<TextSource>();
  builder::PackageToInstall package_;
};

}  // namespace tarn::test
