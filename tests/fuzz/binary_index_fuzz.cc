// Any octets as a binary index: it is refused with an Error, or all it gives access to can be
// walked. And any text of an index: its binary form says the same, also as a file.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "apk/index/binary_index.h"
#include "apk/index/index.h"
#include "apk/support/error.h"
#include "expect.h"

namespace {

using namespace tarn;
using apk::BinaryIndex;
using test::attempt;
using test::expect;

/// Reads each octet, so that a view which leads out of the file is noticed.
std::size_t walk(std::string_view text) {
  std::size_t sum = 0;
  for (const char c : text) sum += static_cast<unsigned char>(c);
  return sum;
}

std::size_t walk(const BinaryIndex& index, std::span<const apk::IndexNeed> needs) {
  std::size_t sum = 0;
  for (const apk::IndexNeed& need : needs) {
    sum += walk(index.name_text(need.name)) + walk(index.text(need.version));
  }
  return sum;
}

std::size_t walk(const BinaryIndex& index, std::size_t i) {
  const apk::IndexPackage& record = index.record(i);
  std::size_t sum = walk(index.name(i)) + walk(index.version(i)) + walk(index.text(record.arch));
  expect(!index.offers(i).empty(), "a package has its own name");
  for (const apk::IndexOffer& offer : index.offers(i)) {
    sum += walk(index.name_text(offer.name)) + walk(index.text(offer.version));
  }
  return sum + walk(index, index.depends(i)) + walk(index, index.install_if(i));
}

void walk(const BinaryIndex& index) {
  std::size_t sum = 0;
  for (std::size_t name = 0; name < index.name_count(); ++name) {
    sum += walk(index.name_text(name));
    for (const apk::IndexProvider& provider : index.providers(name))
      sum += walk(index.name(provider.package)) + walk(index.text(provider.version));
    for (const std::uint32_t triggered : index.triggered(name))
      sum += walk(index.name_text(triggered));
  }
  for (const std::string& warning : index.warnings()) sum += walk(warning);
  for (std::size_t i = 0; i < index.package_count(); ++i) {
    sum += walk(index, i);
    try {
      sum += walk(index.package(i).label());
      for (const std::string& fault : index.faults(i)) sum += walk(fault);
    } catch (const Error&) {
      continue;  // lines that say nothing sensible
    }
  }
  expect(sum != SIZE_MAX, "a sum of octets stays small");  // so that the reads count
}

Bytes joined(const BinaryIndex::File& file) {
  Bytes whole = file.header;
  for (const ByteView section : file.sections) {
    whole.insert(whole.end(), section.begin(), section.end());
  }
  return whole;
}

void check_file(ByteView input) {
  const Bytes aligned(input.begin(), input.end());
  const auto index = BinaryIndex::view(aligned, BinaryIndex::Checksum::ignored);
  walk(index);
  const Bytes written = joined(index.file());
  walk(BinaryIndex::view(written, BinaryIndex::Checksum::verified));
}

void check_text(std::string_view text) {
  const auto read = apk::parse_index_text(text);
  const auto index = BinaryIndex::from_text(std::string(text));
  const Bytes file = joined(index.file());
  const auto opened = BinaryIndex::view(file, BinaryIndex::Checksum::verified);
  walk(opened);
  expect(opened.package_count() == read.packages.size(), "no package is lost");
  expect(opened.warnings() == read.warnings, "no warning is lost");
  walk(BinaryIndex::join({&opened, &index}));
  for (std::size_t i = 0; i < read.packages.size(); ++i) {
    const apk::Package package = opened.package(i);
    expect(package.label() == read.packages[i].label(), "a package has its label");
    expect(apk::index_text({package}) == apk::index_text({read.packages[i]}),
           "a package says what the text says");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = std::as_bytes(std::span(data, size));
  attempt([&] { check_file(input); });
  attempt([&] { check_text(as_text(input)); });
  return 0;
}
