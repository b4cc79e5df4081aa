// Any octets as a package: as the file, as its control section, and as the tar of its data. No
// path leaves the root and no content lies outside the archive.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "apk/package/package_file.h"
#include "apk/package/signature_section.h"
#include "apk/package/tar_writer.h"
#include "apk/support/error.h"
#include "apk/support/gzip.h"
#include "expect.h"

namespace {

using namespace tarn;
using test::attempt;
using test::expect;

void check_entry(const apk::DataEntry& entry, const Bytes& tar) {
  const std::string framed = "/" + entry.path + "/";
  expect(framed.find("//") == std::string::npos, "no part of a path is empty");
  expect(framed.find("/../") == std::string::npos, "no path leads upwards");
  expect(framed.find("/./") == std::string::npos, "no path stays in place");
  expect(entry.size <= tar.size() && entry.offset <= tar.size() - entry.size,
         "the content lies in the archive");
  if (entry.type == apk::EntryType::file || entry.type == apk::EntryType::hard_link)
    expect(entry.checksum.has_value(), "a file has a checksum");
  if (entry.type == apk::EntryType::file)
    expect(sha1(ByteView(tar).subspan(entry.offset, entry.size)) == *entry.checksum,
           "a file has the content its checksum says");
}

void check_file(ByteView file) {
  apk::PackageLimits limits;
  limits.data = 16U << 20U;
  const auto package = apk::PackageFile::parse(file, "fuzz", limits);
  expect(package.signature_member().size() + package.control_member().size() +
                 package.data_member().size() ==
             file.size(),
         "the sections make up the file");
  if (!package.signature_member().empty())
    (void)apk::is_signature_section_damaged(package.signature_member(), package.control_member());
  const auto data = apk::read_package_data(package);
  for (const auto& entry : data.entries) check_entry(entry, *data.tar);
}

Bytes joined(const Bytes& first, const Bytes& second) {
  Bytes whole = first;
  whole.insert(whole.end(), second.begin(), second.end());
  return whole;
}

Bytes control_section() {
  Bytes tar;
  apk::TarHeader header;
  header.path = ".PKGINFO";
  apk::TarWriter(tar).add(header, as_bytes("pkgname = a\npkgver = 1\narch = x\n"));
  return deflate_gzip(tar, 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = std::as_bytes(std::span(data, size));
  const Bytes packed = deflate_gzip(input, 1);
  attempt([&] { check_file(input); });
  attempt([&] { check_file(joined(control_section(), packed)); });
  attempt([&] { check_file(joined(packed, deflate_gzip(Bytes(1024), 1))); });
  return 0;
}
