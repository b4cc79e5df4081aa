#pragma once

#include <string>
#include <utility>
#include <vector>

#include "apk/package/tar_writer.h"
#include "apk/support/bytes.h"
#include "apk/support/gzip.h"
#include "apk/support/hash.h"

namespace tarn::test {

/// Builds package files piece by piece, sound or not as a test wants them.
inline Bytes joined(const std::vector<Bytes>& parts) {
  Bytes whole;
  for (const auto& part : parts) whole.insert(whole.end(), part.begin(), part.end());
  return whole;
}

/// A section of plain files: what the signature and the control section are.
inline Bytes section(const std::vector<std::pair<std::string, std::string>>& files) {
  Bytes tar;
  apk::TarWriter writer(tar);
  for (const auto& [name, content] : files) {
    apk::TarHeader header;
    header.path = name;
    writer.add(std::move(header), as_bytes(content));
  }
  return deflate_gzip(tar, 9);
}

/// The data section as a tar, entry by entry.
class DataTar {
 public:
  DataTar& add(apk::TarHeader header, std::string_view content = {}) {
    writer_.add(std::move(header), as_bytes(content));
    return *this;
  }
  DataTar& directory(const std::string& path) {
    apk::TarHeader header;
    header.path = path;
    header.type = '5';
    header.mode = 0755;
    return add(std::move(header));
  }
  DataTar& file(const std::string& path, std::string_view content) {
    return add(checked(path, '0', "", content), content);
  }
  DataTar& symlink(const std::string& path, const std::string& target) {
    return add(checked(path, '2', target, target));
  }
  DataTar& hard_link(const std::string& path, const std::string& target) {
    apk::TarHeader header;
    header.path = path;
    header.type = '1';
    header.target = target;
    return add(std::move(header));
  }
  DataTar& end() {
    writer_.end();
    return *this;
  }
  Bytes& tar() { return tar_; }

  static apk::TarHeader checked(const std::string& path, char type, const std::string& target,
                                std::string_view summed) {
    apk::TarHeader header;
    header.path = path;
    header.type = type;
    header.mode = 0644;
    header.target = target;
    header.records = {{"APK-TOOLS.checksum.SHA1", to_hex(sha1(summed))}};
    return header;
  }

 private:
  Bytes tar_;
  apk::TarWriter writer_{tar_};
};

inline std::string info_text(const Bytes& data_member) {
  return "pkgname = built\npkgver = 1.0-r0\narch = x86_64\nsize = 4096\ndatahash = " +
         to_hex(sha256(data_member)) + "\n";
}

/// An unsigned package around a data section, with the hash that belongs to it.
inline Bytes package_of(const Bytes& data_tar) {
  const Bytes data = deflate_gzip(data_tar, 6);
  return joined({section({{".PKGINFO", info_text(data)}}), data});
}

}  // namespace tarn::test
