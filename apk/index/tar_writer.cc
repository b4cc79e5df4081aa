#include "apk/index/tar_writer.h"

#include <array>
#include <cstring>
#include <numeric>
#include <string>

#include <fmt/core.h>

#include "apk/support/error.h"

namespace tarn::apk {
namespace {

constexpr std::size_t block_size = 512;
using Block = std::array<char, block_size>;

void put(Block& block, std::size_t offset, std::string_view text) {
  std::memcpy(block.data() + offset, text.data(), text.size());
}

}  // namespace

void append_tar_file(Bytes& tar, std::string_view name, ByteView content) {
  if (name.empty() || name.size() > 100)
    throw Error(ErrorKind::failed, fmt::format("tar: the name '{}' does not fit a header", name));
  Block block{};
  put(block, 0, name);
  put(block, 100, "0000644");
  put(block, 108, "0000000");
  put(block, 116, "0000000");
  put(block, 124, fmt::format("{:011o}", content.size()));
  put(block, 136, "00000000000");
  put(block, 148, "        ");
  block[156] = '0';
  put(block, 257, std::string_view("ustar\00000", 8));
  put(block, 265, "root");
  put(block, 297, "root");
  put(block, 329, "0000000");
  put(block, 337, "0000000");
  const unsigned sum = std::accumulate(block.begin(), block.end(), 0U, [](unsigned total, char c) {
    return total + static_cast<unsigned char>(c);
  });
  put(block, 148, fmt::format("{:06o}", sum));
  block[154] = '\0';

  const auto header = std::as_bytes(std::span(block));
  tar.insert(tar.end(), header.begin(), header.end());
  tar.insert(tar.end(), content.begin(), content.end());
  tar.resize((tar.size() + block_size - 1) / block_size * block_size);
}

void append_tar_end(Bytes& tar) {
  tar.resize(tar.size() + 2 * block_size);
}

}  // namespace tarn::apk
