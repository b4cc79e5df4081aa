// Any octets as an index: as the file, as the tar inside it, and as its text. What is read is
// written so that it reads the same.

#include <cstddef>
#include <cstdint>
#include <span>

#include "apk/index/index.h"
#include "apk/index/tar_reader.h"
#include "apk/support/error.h"
#include "apk/support/gzip.h"
#include "expect.h"

namespace {

using namespace tarn;
using test::attempt;
using test::expect;

void check_text(std::string_view text) {
  const auto index = apk::parse_index_text(text);
  const auto written = apk::index_text(index.packages);
  const auto again = apk::parse_index_text(written);
  expect(again.packages.size() == index.packages.size(), "no package is lost");
  expect(apk::index_text(again.packages) == written, "an index reads as written");
}

void check_file(ByteView file) {
  const auto index = apk::IndexFile::parse(file, "fuzz");
  expect(index.signed_bytes.data() + index.signed_bytes.size() == file.data() + file.size(),
         "the signed part reaches to the end");
  check_text(index.text.lines);
}

void check_tar(ByteView tar) {
  apk::TarReader reader(tar);
  std::uint64_t end = 0;
  while (const auto entry = reader.next()) {
    expect(entry->content > end || end == 0, "entries follow each other");
    expect(entry->content + entry->size <= entry->end, "the content lies in its entry");
    expect(entry->end <= tar.size(), "the entry lies in the archive");
    end = entry->end;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = std::as_bytes(std::span(data, size));
  attempt([&] { check_text(as_text(input)); });
  attempt([&] { check_tar(input); });
  attempt([&] { check_file(input); });
  attempt([&] { check_file(deflate_gzip(input, 1)); });
  return 0;
}
