#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "apk/index/index.h"
#include "apk/package/package_file.h"
#include "apk/support/error.h"
#include "apk/support/file.h"
#include "unit/shared.h"

namespace tarn::apk {
namespace {

using Folder = std::filesystem::path;

std::vector<Folder> packages_below(const Folder& folder) {
  std::vector<Folder> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.path().extension() == ".apk") paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  return paths;
}

/// What `verify` does with a package file.
void verify(ByteView file, const Keyring& keyring) {
  const auto package = PackageFile::parse(file, "test");
  (void)package.verify_signature(keyring);
  package.verify_data_hash();
  (void)read_package_data(package);
}

bool is_refused(ByteView file, const Keyring& keyring) {
  try {
    verify(file, keyring);
  } catch (const Error&) {
    return true;
  }
  return false;
}

/// Offsets worth changing: both ends of every section, and some between.
std::set<std::size_t> telling_offsets(const PackageFile& package, std::size_t file_size) {
  const std::size_t control = package.signature_member().size();
  const std::size_t data = control + package.control_member().size();
  std::set<std::size_t> offsets;
  for (const auto& [begin, end] :
       {std::pair(std::size_t{0}, control), std::pair(control, data), std::pair(data, file_size)}) {
    for (std::size_t i = 0; i < 11; ++i) offsets.insert(begin + i);
    for (std::size_t i = 1; i <= 9; ++i) offsets.insert(end - i);
    for (std::size_t i = 1; i < 6; ++i) offsets.insert(begin + (end - begin) * i / 6);
  }
  offsets.insert(77);  // where fixed Huffman codes allow another encoding of the same data
  return offsets;
}

}  // namespace

TEST_CASE("real packages: every one of the mirror verifies") {
  const auto shared = test::shared_folder();
  if (!shared) return;
  Keyring keyring;
  keyring.add_folder(*shared / "keys");
  std::map<Folder, std::map<std::string, Package>> indexes;
  std::size_t signed_by_known = 0;
  for (const auto& path : packages_below(*shared / "mirror" / "alpine")) {
    CAPTURE(path);
    auto& index = indexes[path.parent_path()];
    if (index.empty()) {
      const auto file = MappedFile::open(path.parent_path() / "APKINDEX.tar.gz");
      for (auto& package :
           parse_index_text(IndexFile::parse(file.bytes(), "index").text.lines).packages)
        index.emplace(package_file_name(package), package);
    }
    const auto listed = index.find(path.filename());
    const auto file = MappedFile::open(path);
    const auto package = PackageFile::parse(file.bytes(), path.filename());
    if (listed != index.end()) {
      package.verify_identity(listed->second.identity);
      CHECK(listed->second.size == package.package().size);
      CHECK(listed->second.installed_size == package.package().installed_size);
    }
    package.verify_data_hash();
    if (keyring.find(package.signatures().at(0).key_name) != nullptr) {
      CHECK_FALSE(package.verify_signature(keyring).empty());
      ++signed_by_known;
    }
    CHECK_NOTHROW(read_package_data(package));
  }
  CHECK(signed_by_known > 300);
}

TEST_CASE("real packages: a changed octet anywhere is refused") {
  const auto shared = test::shared_folder();
  if (!shared) return;
  Keyring keyring;
  keyring.add_folder(*shared / "keys");
  const Folder folder = *shared / "mirror" / "alpine";
  std::vector<Folder> chosen;
  for (const auto& path : packages_below(folder))
    if (std::filesystem::file_size(path) < 60000) chosen.push_back(path);
  for (std::size_t i = 0; i < 10; ++i) {
    const Folder path = chosen.at(i * chosen.size() / 10);
    CAPTURE(path);
    const auto original = MappedFile::open(path);
    CHECK_NOTHROW(verify(original.bytes(), keyring));
    Bytes file(original.bytes().begin(), original.bytes().end());
    for (const std::size_t at : telling_offsets(PackageFile::parse(file, "test"), file.size()))
      for (const unsigned mask : {0x01U, 0x80U, 0xffU}) {
        CAPTURE(at);
        CAPTURE(mask);
        file[at] ^= static_cast<std::byte>(mask);
        CHECK(is_refused(file, keyring));
        file[at] ^= static_cast<std::byte>(mask);
      }
  }
}

TEST_CASE("real packages: of a small one, every octet counts") {
  const auto shared = test::shared_folder();
  if (!shared) return;
  Keyring keyring;
  keyring.add_folder(*shared / "keys");
  Folder smallest;
  for (const auto& path : packages_below(*shared / "mirror" / "alpine" / "v3.19.1-bootmedia"))
    if (smallest.empty() || std::filesystem::file_size(path) < std::filesystem::file_size(smallest))
      smallest = path;
  CAPTURE(smallest);
  const auto original = MappedFile::open(smallest);
  Bytes file(original.bytes().begin(), original.bytes().end());
  for (std::size_t at = 0; at < file.size(); ++at)
    for (const unsigned mask : {0x01U, 0x02U, 0x04U, 0x08U, 0x10U, 0x20U, 0x40U, 0x80U, 0xffU}) {
      file[at] ^= static_cast<std::byte>(mask);
      const bool refused = is_refused(file, keyring);
      file[at] ^= static_cast<std::byte>(mask);
      if (!refused) FAIL_CHECK("octet " << at << " changed by " << mask << " went unseen");
    }
  for (const std::size_t cut : {std::size_t{1}, std::size_t{8}, std::size_t{100}, file.size() - 1})
    CHECK(is_refused(ByteView(file).first(file.size() - cut), keyring));
  file.push_back(std::byte{0});
  CHECK(is_refused(file, keyring));
}

}  // namespace tarn::apk
