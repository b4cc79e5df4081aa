#include "builder/recipe/compression.h"

#include <algorithm>
#include <charconv>

#include <fmt/core.h>

#include "apk/support/error.h"

namespace tarn::builder {
namespace {

Error wrong_compression(std::string_view text) {
  std::string known;
  for (const auto& [name, codec] : codec_names()) {
    known += known.empty() ? "write " : ", ";
    known += name;
    if (const int highest = highest_level(codec); highest != 0)
      known += fmt::format(", {0}:1 to {0}:{1}", name, highest);
  }
  return Error(ErrorKind::usage, fmt::format("'{}' is no compression", text)).hint(known);
}

}  // namespace

const std::vector<std::pair<std::string, Codec>>& codec_names() {
  static const std::vector<std::pair<std::string, Codec>> names = {
      {"gzip", Codec::gzip}, {"zstd", Codec::zstd}, {"none", Codec::none}};
  return names;
}

const std::string& name_of(Codec codec) {
  return std::ranges::find(codec_names(), codec, &std::pair<std::string, Codec>::second)->first;
}

std::optional<Codec> codec_named(std::string_view name) {
  const auto& names = codec_names();
  const auto found = std::ranges::find(names, name, &std::pair<std::string, Codec>::first);
  if (found == names.end()) return std::nullopt;
  return found->second;
}

int highest_level(Codec codec) {
  switch (codec) {
    case Codec::gzip:
      return 12;
    case Codec::zstd:
      return 19;
    case Codec::none:
      break;
  }
  return 0;
}

Compression parse_compression(std::string_view text) {
  const std::size_t colon = std::min(text.find(':'), text.size());
  const auto codec = codec_named(text.substr(0, colon));
  if (!codec) throw wrong_compression(text);
  Compression compression{.codec = *codec, .level = std::nullopt};
  if (colon == text.size()) return compression;
  const std::string_view digits = text.substr(colon + 1);
  int level = 0;
  const auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), level);
  if (status != std::errc() || end != digits.data() + digits.size() || digits.front() == '0' ||
      level < 1 || level > highest_level(*codec))
    throw wrong_compression(text);
  compression.level = level;
  return compression;
}

}  // namespace tarn::builder
