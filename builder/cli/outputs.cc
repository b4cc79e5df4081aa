#include "builder/cli/outputs.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <set>

#include <fmt/core.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include "apk/support/error.h"
#include "apk/support/file.h"
#include "apk/support/hash.h"
#include "builder/image/json.h"
#include "builder/recipe/compression.h"

namespace tarn::builder {
namespace {

namespace fs = std::filesystem;
using Settings = std::map<std::string, std::string, std::less<>>;

constexpr std::string_view placeholder = "{arch}";

struct Suffix {
  std::string_view suffix;
  OutputType type;
};
constexpr std::array<Suffix, 14> suffixes = {{
    {".rootfs.tar", OutputType::tar},
    {".tar.gz", OutputType::tar},
    {".tgz", OutputType::tar},
    {".tar.zst", OutputType::tar},
    {".oci.tar", OutputType::oci_archive},
    {".docker.tar", OutputType::docker_archive},
    {".cpio", OutputType::cpio},
    {".cpio.gz", OutputType::cpio},
    {".cpio.zst", OutputType::cpio},
    {".squashfs", OutputType::squashfs},
    {".sqfs", OutputType::squashfs},
    {".sqsh", OutputType::squashfs},
    {".erofs", OutputType::erofs},
    {".ext4", OutputType::ext4},
}};

constexpr std::array<std::string_view, 6> setting_names = {"type",  "dest", "compression",
                                                           "level", "size", "fakeroot-db"};

Error wrong(const std::string& text, const std::string& why) {
  return Error(ErrorKind::usage, fmt::format("--output {}: {}", text, why));
}

OutputType type_by_name(const std::string& path) {
  std::error_code absent;
  if (path == "-") return OutputType::archive;
  if (path.ends_with('/') || fs::is_directory(path, absent)) return OutputType::oci;
  for (const auto& [suffix, type] : suffixes)
    if (path.ends_with(suffix)) return type;
  return OutputType::archive;
}

Codec codec_by_name(const std::string& path) {
  if (path.ends_with(".gz") || path.ends_with(".tgz")) return Codec::gzip;
  return path.ends_with(".zst") ? Codec::zstd : Codec::none;
}

/// Whether the text is settings and not a path: it begins with the name of one.
bool has_settings(const std::string& text) {
  const auto name = std::string_view(text).substr(0, text.find('='));
  return name.size() < text.size() && std::ranges::count(setting_names, name) != 0;
}

Settings parse_settings(const std::string& text) {
  Settings settings;
  std::string_view rest = text;
  for (;;) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    const std::string_view setting = rest.substr(0, comma);
    const std::size_t equals = setting.find('=');
    if (equals == std::string_view::npos)
      throw wrong(text, fmt::format("'{}' is not KEY=VALUE", setting));
    const std::string name(setting.substr(0, equals));
    if (std::ranges::count(setting_names, name) == 0)
      throw wrong(text, fmt::format("there is no setting '{}'", name))
          .hint(fmt::format("known are {}", fmt::join(setting_names, ", ")));
    if (!settings.emplace(name, setting.substr(equals + 1)).second)
      throw wrong(text, fmt::format("'{}' is given twice", name));
    if (comma == rest.size()) return settings;
    rest.remove_prefix(comma + 1);
  }
}

/// Takes a setting out of what is left.
std::optional<std::string> take(Settings& settings, std::string_view name) {
  const auto found = settings.find(name);
  if (found == settings.end()) return std::nullopt;
  return std::move(settings.extract(found).mapped());
}

Codec parse_codec(const std::string& text, const std::string& value) {
  if (const auto codec = codec_named(value)) return *codec;
  throw wrong(text, fmt::format("'{}' is no compression: gzip, zstd or none", value));
}

int parse_level(const std::string& text, const std::string& value, Codec codec) {
  int level = 0;
  const auto [end, status] = std::from_chars(value.data(), value.data() + value.size(), level);
  const int highest = highest_level(codec);
  if (highest == 0) throw wrong(text, "what is not compressed has no level");
  if (status != std::errc() || end != value.data() + value.size() || level < 1 || level > highest)
    throw wrong(text, fmt::format("'{}' is no level: 1 to {}", value, highest));
  return level;
}

/// Octets, or with K, M, G behind it their multiples of 1024.
std::uint64_t parse_size(const std::string& text, const std::string& value) {
  constexpr std::string_view units = "KMG";
  constexpr std::uint64_t largest = 16ULL << 40U;
  std::uint64_t size = 0;
  const char* const stop = value.data() + value.size();
  const auto [end, status] = std::from_chars(value.data(), stop, size);
  const bool has_unit = end != stop && units.find(*end) != std::string_view::npos;
  const std::size_t shift = has_unit ? 10 * (units.find(*end) + 1) : 0;
  if (status != std::errc() || end + (has_unit ? 1 : 0) != stop || size == 0 ||
      size > (largest >> shift))
    throw wrong(text, fmt::format("'{}' is no size: write 512M", value));
  return size << shift;
}

OutputType parse_type(const std::string& text, const std::string& name) {
  if (const auto type = output_type(name)) return *type;
  throw wrong(text, fmt::format("there is no type '{}'", name))
      .hint(fmt::format("types are {}", fmt::join(output_type_names(), ", ")));
}

/// What belongs to some types only.
void apply_settings(const std::string& text, Settings& settings, Output& output) {
  if (output.type == OutputType::tar || output.type == OutputType::cpio) {
    output.compression.codec = codec_by_name(output.place.path);
    if (const auto codec = take(settings, "compression"))
      output.compression.codec = parse_codec(text, *codec);
    if (const auto level = take(settings, "level"))
      output.compression.level = parse_level(text, *level, output.compression.codec);
  }
  if (output.type == OutputType::squashfs || output.type == OutputType::erofs)
    output.filesystem_compression = take(settings, "compression").value_or("");
  if (output.type == OutputType::ext4)
    if (const auto size = take(settings, "size")) output.size = parse_size(text, *size);
  if (output.type == OutputType::directory)
    if (const auto file = take(settings, "fakeroot-db")) output.fakeroot_file = *file;
  if (!settings.empty())
    throw wrong(text, fmt::format("the type {} has no setting '{}'", name_of(output.type),
                                  settings.begin()->first));
}

void set_destination(const std::string& text, const std::string& destination, Output& output) {
  output.place.path = destination;
  if (destination != "-" && destination != "/dev/stdout") return;
  if (!is_stream(output.type))
    throw wrong(text,
                fmt::format("the type {} is no single file, so it cannot go to standard output",
                            name_of(output.type)));
  output.place.descriptor = STDOUT_FILENO;
}

std::string replaced(std::string text, const std::string& architecture) {
  for (std::size_t at = text.find(placeholder); at != std::string::npos;
       at = text.find(placeholder, at + architecture.size()))
    text.replace(at, placeholder.size(), architecture);
  return text;
}

bool has_placeholder(const fs::path& path) {
  return path.native().find(placeholder) != std::string::npos;
}

/// One output for each architecture, where it is asked for.
std::vector<Output> expand(const WrittenOutput& written,
                           const std::vector<apk::Architecture>& architectures) {
  const bool in_path = has_placeholder(written.output.place.path);
  if (!in_path) {
    if (architectures.size() > 1 && !holds_several(written.output.type))
      throw wrong(written.text, fmt::format("the type {} holds one architecture, but {} are built",
                                            name_of(written.output.type), architectures.size()))
          .hint("write {arch} in its name to get one for each, or choose one with --arch");
    return {written.output};
  }
  std::vector<Output> outputs;
  for (const apk::Architecture& architecture : architectures) {
    Output output = written.output;
    output.architecture = architecture.apk;
    output.place.path = replaced(output.place.path, architecture.apk);
    if (!output.fakeroot_file.empty()) {
      if (architectures.size() > 1 && !has_placeholder(output.fakeroot_file))
        throw wrong(written.text, "the name of fakeroot-db needs {arch}, too");
      output.fakeroot_file = replaced(output.fakeroot_file, architecture.apk);
    }
    outputs.push_back(std::move(output));
  }
  return outputs;
}

/// Holds no more than a part of it in memory.
Sha256Digest digest_of_large(const MappedFile& file) {
  constexpr std::size_t part_size = 4U << 20U;
  Sha256 hasher;
  for (ByteView rest = file.bytes(); !rest.empty();) {
    const ByteView part = rest.first(std::min(rest.size(), part_size));
    hasher.update(part);
    file.let_go(part);
    rest = rest.subspan(part.size());
  }
  return hasher.finish();
}

}  // namespace

WrittenOutput parse_output(const std::string& text) {
  WrittenOutput written{text, {}};
  Output& output = written.output;
  if (text.empty()) throw wrong("''", "it is empty");
  Settings settings;
  std::string destination = text;
  if (has_settings(text)) {
    settings = parse_settings(text);
    destination = take(settings, "dest").value_or("");
    if (destination.empty()) throw wrong(text, "dest is missing: dest=PATH, or dest=-");
  }
  const auto type = take(settings, "type");
  output.type = type ? parse_type(text, *type) : type_by_name(destination);
  set_destination(text, destination, output);
  apply_settings(text, settings, output);
  return written;
}

std::vector<Output> plan_outputs(const std::vector<WrittenOutput>& written,
                                 const std::vector<apk::Architecture>& architectures,
                                 const std::string& tag, Codec codec) {
  std::vector<Output> outputs;
  std::set<fs::path> known;
  for (const WrittenOutput& one : written) {
    for (Output& output : expand(one, architectures)) {
      const auto place = output.place.is_descriptor()
                             ? fs::path("-")
                             : (fs::absolute(output.place.path) / "").lexically_normal();
      if (!known.insert(place).second)
        throw wrong(one.text, output.place.name() + " is written to by another output");
      check_output(output, tag, codec);
      outputs.push_back(std::move(output));
    }
  }
  return outputs;
}

fs::path path_beside(const WrittenOutput& written, const std::string& stem) {
  const OutputPlace& place = written.output.place;
  if (place.is_descriptor()) return stem;
  fs::path path = place.path.has_filename() ? place.path : place.path.parent_path();
  if (path.filename() == "." || path.filename() == "..")
    path = fs::absolute(path / "").lexically_normal().parent_path();
  return has_placeholder(path) || !path.has_filename() ? path.parent_path() / stem : path;
}

bool takes_standard_output(const std::vector<WrittenOutput>& written) {
  return std::ranges::any_of(
      written, [](const WrittenOutput& one) { return one.output.place.is_descriptor(); });
}

nlohmann::ordered_json output_json(const Output& output, const Images& images) {
  nlohmann::ordered_json json = {{"type", name_of(output.type)},
                                 {"dest", output.place.path.string()}};
  if (!output.architecture.empty()) json["architecture"] = output.architecture;
  if (output.type == OutputType::oci) {
    json["digest"] = digest_text(digest_of(images, output.architecture));
  } else if (is_stream(output.type) && !output.place.is_descriptor() &&
             fs::is_regular_file(output.place.path)) {
    const MappedFile file = MappedFile::open(output.place.path);
    json["digest"] = digest_text(digest_of_large(file));
    json["size"] = file.bytes().size();
  }
  return json;
}

}  // namespace tarn::builder
