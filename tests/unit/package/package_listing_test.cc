#include "apk/package/package_listing.h"

#include <algorithm>
#include <functional>
#include <string>
#include <tuple>
#include <vector>

#include <doctest/doctest.h>

#include "apk/package/entry_path.h"
#include "apk/support/file.h"
#include "unit/package/built_package.h"
#include "unit/shared.h"

namespace tarn::apk {
namespace {

DataEntry data_entry(std::string path, EntryType type) {
  DataEntry made;
  made.path = std::move(path);
  made.type = type;
  made.mode = 0755;
  made.user = "root";
  made.group = "root";
  made.mtime = 1700000000;
  return made;
}

/// A listing in which every field has a value somewhere.
PackageListing full_listing() {
  PackageListing listing;
  listing.replaces = {*Dependency::parse("old<3"), *Dependency::parse("!other"),
                      *Dependency::parse("odd=1.x.y")};
  listing.replaces_priority = 7;
  listing.scripts = {{ScriptKind::pre_install, "#!/bin/sh\n"},
                     {ScriptKind::trigger, std::string("exit 0\0\n", 8)}};
  listing.triggers = {"/usr/share/*", "/lib"};
  listing.tar_size = 100000;
  listing.entries.push_back(data_entry("usr", EntryType::directory));
  DataEntry file = data_entry("usr/a", EntryType::file);
  file.mode = 04755;
  file.uid = 1000;
  file.gid = 4294967295;
  file.user = "someone";
  file.mtime = -5;
  file.size = 5000;
  file.offset = 95000;
  file.checksum = sha1("a");
  file.xattrs = {{"user.note", std::string("\0x\n", 3)}, {"security.capability", ""}};
  listing.entries.push_back(file);
  DataEntry link = data_entry("usr/b", EntryType::symlink);
  link.target = "../usr/a";
  link.checksum = sha1("../usr/a");
  listing.entries.push_back(link);
  DataEntry hard_link = data_entry("usr/c", EntryType::hard_link);
  hard_link.target = "usr/a";
  hard_link.checksum = file.checksum;
  listing.entries.push_back(hard_link);
  DataEntry device = data_entry("usr/d", EntryType::character_device);
  device.device_major = 1;
  device.device_minor = 3;
  listing.entries.push_back(device);
  listing.entries.push_back(data_entry("usr/e", EntryType::fifo));
  return listing;
}

Bytes formatted(const PackageListing& listing) {
  return format_package_listing(listing).value();
}

bool is_same(const DataEntry& a, const DataEntry& b) {
  const auto fields = [](const DataEntry& e) {
    return std::tie(e.path, e.type, e.mode, e.uid, e.gid, e.user, e.group, e.mtime, e.size,
                    e.offset, e.target, e.device_major, e.device_minor, e.xattrs, e.checksum);
  };
  return fields(a) == fields(b);
}

/// Whether a listing comes back from its form as it was.
bool comes_back(const PackageListing& listing) {
  const auto read = parse_package_listing(formatted(listing));
  return read && read->replaces == listing.replaces &&
         read->replaces_priority == listing.replaces_priority && read->scripts == listing.scripts &&
         read->triggers == listing.triggers && read->tar_size == listing.tar_size &&
         std::equal(read->entries.begin(), read->entries.end(), listing.entries.begin(),
                    listing.entries.end(), is_same);
}

/// Whether what was read could have come from a package.
bool is_sound(const PackageListing& listing) {
  for (const DataEntry& one : listing.entries) {
    if (!entry_path_fault(one.path).empty() || one.mode > 07777) return false;
    if (one.size > listing.tar_size || one.offset > listing.tar_size - one.size) {
      if (one.type == EntryType::file) return false;
    }
    if (one.type == EntryType::hard_link && !entry_path_fault(one.target).empty()) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("package listing: what is written is read back the same") {
  CHECK(comes_back(full_listing()));
  CHECK(comes_back({}));
}

TEST_CASE("package listing: owners are kept once") {
  PackageListing listing;
  for (int i = 0; i < 1000; ++i)
    listing.entries.push_back(data_entry("f" + std::to_string(i), EntryType::fifo));
  CHECK(formatted(listing).size() < 1000 * 66);
}

TEST_CASE("package listing: a damaged one is absent, or still one of a package") {
  const Bytes whole = formatted(full_listing());
  std::size_t absent = 0;
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    Bytes damaged = whole;
    damaged[bit / 8] ^= std::byte{1} << (bit % 8);
    const auto read = parse_package_listing(damaged);
    if (!read) {
      ++absent;
    } else if (!is_sound(*read)) {
      FAIL_CHECK("bit " << bit);
    }
  }
  CHECK(absent > 64 * 8);  // the header, at the least, leaves no choice
  for (std::size_t size = 0; size < whole.size(); ++size) {
    if (parse_package_listing(ByteView(whole).first(size))) FAIL_CHECK("cut to " << size);
  }
  CHECK_FALSE(parse_package_listing(test::joined({whole, Bytes(1)})));
}

TEST_CASE("package listing: what no package has is refused") {
  struct Case {
    const char* name;
    std::function<void(PackageListing&)> change;
  };
  const std::vector<Case> cases = {
      {"leaves the root", [](auto& l) { l.entries[0].path = "../usr"; }},
      {"absolute", [](auto& l) { l.entries[0].path = "/usr"; }},
      {"no path", [](auto& l) { l.entries[0].path = ""; }},
      {"a control character", [](auto& l) { l.entries[0].path = "a\nb"; }},
      {"a content past the end", [](auto& l) { l.entries[1].offset = 95001; }},
      {"a content that wraps around", [](auto& l) { l.entries[1].offset = ~std::uint64_t{0}; }},
      {"a directory with content", [](auto& l) { l.entries[0].size = 1; }},
      {"a file with a target", [](auto& l) { l.entries[1].target = "x"; }},
      {"a symlink without target", [](auto& l) { l.entries[2].target = ""; }},
      {"a symlink with NUL", [](auto& l) { l.entries[2].target = std::string("a\0b", 3); }},
      {"a hard link out of the root", [](auto& l) { l.entries[3].target = "../../etc/passwd"; }},
      {"an attribute's name", [](auto& l) { l.entries[1].xattrs["a\nb"] = "x"; }},
      {"no type", [](auto& l) { l.entries[5].type = static_cast<EntryType>(7); }},
      {"no script", [](auto& l) { l.scripts[static_cast<ScriptKind>(7)] = "x"; }},
      {"no dependency", [](auto& l) { l.replaces[0].name = ""; }},
  };
  for (const auto& row : cases) {
    const auto& [name, change] = row;
    PackageListing listing = full_listing();
    change(listing);
    INFO(std::string(row.name));
    CHECK_FALSE(parse_package_listing(formatted(listing)));
  }
}

TEST_CASE("package listing: claims larger than the file take no memory") {
  Bytes claiming = formatted(full_listing());
  for (std::size_t i = 16; i < 48; ++i) claiming[i] = std::byte{0xFF};
  CHECK_FALSE(parse_package_listing(claiming));
}

TEST_CASE("package listing: one that would be too large is not written") {
  PackageListing listing = full_listing();
  listing.entries[2].target.assign(max_package_listing_size, 'x');
  CHECK_FALSE(format_package_listing(listing));
}

TEST_CASE("package listing: real packages") {
  const auto shared = test::shared_folder();
  if (!shared) return;
  const auto folder = *shared / "mirror/alpine/v3.19.1-bootmedia/x86_64";
  std::size_t count = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    if (file.path().extension() != ".apk" || file.file_size() > 400000) continue;
    const auto mapping = MappedFile::open(file.path());
    const auto package = PackageFile::parse(mapping.bytes(), file.path().filename().string());
    const PackageListing listing = list_package(package, read_package_data(package));
    INFO(package.name());
    CHECK(comes_back(listing));
    CHECK(listing.scripts == package.scripts());
    if (++count == 40) break;
  }
  CHECK(count > 10);
}

}  // namespace tarn::apk
