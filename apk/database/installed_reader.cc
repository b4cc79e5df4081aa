#include <algorithm>
#include <charconv>

#include <fmt/core.h>

#include "apk/database/installed.h"
#include "apk/index/index.h"
#include "apk/support/error.h"

namespace tarn::apk {
namespace {

/// Fields that the index has too, and those that only the database has.
constexpr std::string_view index_fields = "CPVASITULomtckDpi";
constexpr std::string_view file_fields = "FMRaZ";

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

bool is_valid_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == name.npos &&
         std::none_of(name.begin(), name.end(), is_control);
}

bool is_valid_directory(std::string_view path) {
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    if (!is_valid_name(path.substr(0, slash))) return false;
    if (slash == path.npos) return true;
    path.remove_prefix(slash + 1);
    if (path.empty()) return false;
  }
  return true;
}

std::optional<std::uint32_t> parse_number(std::string_view text, int base) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Sha1Digest> parse_digest(std::string_view text) {
  const auto identity = Identity::parse(text);
  if (!identity) return std::nullopt;
  return identity->digest;
}

std::optional<InstalledAccess> parse_access(std::string_view text) {
  std::vector<std::string_view> parts;
  while (parts.size() < 3) {
    const std::size_t colon = text.find(':');
    parts.push_back(text.substr(0, colon));
    if (colon == text.npos) {
      text = {};
      break;
    }
    text.remove_prefix(colon + 1);
    if (parts.size() == 3 && text.empty()) return std::nullopt;
  }
  if (parts.size() != 3) return std::nullopt;
  const auto uid = parse_number(parts[0], 10);
  const auto gid = parse_number(parts[1], 10);
  const auto mode = parse_number(parts[2], 8);
  if (!uid || !gid || !mode || *mode > 07777) return std::nullopt;
  InstalledAccess access{*uid, *gid, *mode, std::nullopt};
  if (!text.empty()) {
    access.xattrs = parse_digest(text);
    if (!access.xattrs) return std::nullopt;
  }
  return access;
}

/// Reads the lines of the database that the index does not have, package by package.
class Reader {
 public:
  Reader(std::string_view text, const std::string& name) : text_(text), name_(name) {}

  std::vector<InstalledPackage> read() {
    while (!text_.empty()) {
      ++line_;
      const std::size_t end = text_.find('\n');
      if (end == text_.npos) throw bad("the last line is cut short");
      read_line(text_.substr(0, end));
      text_.remove_prefix(end + 1);
    }
    finish_package();
    return std::move(packages_);
  }

 private:
  Error bad(const std::string& what) const {
    return Error(ErrorKind::failed, fmt::format("{}:{}: {}", name_, line_, what));
  }

  void read_line(std::string_view line) {
    if (line.empty()) return finish_package();
    if (line.size() < 2 || line[1] != ':') throw bad("not a field: expected 'X:value'");
    if (!open_) {
      packages_.emplace_back();
      open_ = true;
    }
    const char field = line[0];
    const std::string_view value = line.substr(2);
    if (file_fields.find(field) != file_fields.npos) {
      if (!has_identity_) throw bad("a package's files before its identity (C:)");
      return read_file_field(field, value);
    }
    if (!packages_.back().directories.empty()) {
      throw bad(fmt::format("the field {}: stands behind the package's files", field));
    }
    if (index_fields.find(field) != index_fields.npos) {
      has_name_ = has_name_ || field == 'P';
      has_identity_ = has_identity_ || field == 'C';
      return;
    }
    read_package_field(field, value);
  }

  void read_package_field(char field, std::string_view value) {
    InstalledPackage& package = packages_.back();
    switch (field) {
      case 'g':
        for (const std::string_view tag : split_words(value)) package.tags.emplace_back(tag);
        break;
      case 'r':
        for (const std::string_view word : split_words(value)) {
          const auto dependency = Dependency::parse(word);
          if (!dependency) throw bad(fmt::format("bad dependency '{}'", word));
          package.package.replaces.push_back(*dependency);
        }
        break;
      case 'q': {
        const auto priority = parse_number(value, 10);
        if (!priority) throw bad(fmt::format("bad number '{}'", value));
        package.package.replaces_priority = *priority;
        break;
      }
      case 's':
        package.repository_tag = value;
        break;
      case 'f':
        if (value.find_first_not_of("fsxS") != value.npos) {
          throw bad(fmt::format("unknown flags '{}'", value));
        }
        package.flags = value;
        break;
      default:
        throw bad(fmt::format("unknown field {}:", field));
    }
  }

  void read_file_field(char field, std::string_view value) {
    std::vector<InstalledDirectory>& directories = packages_.back().directories;
    if (field == 'F') {
      if (!is_valid_directory(value)) throw bad(fmt::format("bad directory '{}'", value));
      directories.emplace_back().path = value;
      return;
    }
    if (directories.empty()) throw bad(fmt::format("{}: without a directory (F:)", field));
    std::vector<InstalledFile>& files = directories.back().files;
    if (field == 'R') {
      if (!is_valid_name(value)) throw bad(fmt::format("bad file name '{}'", value));
      files.emplace_back().name = value;
      return;
    }
    if ((field == 'M') != files.empty()) throw bad(fmt::format("{}: is out of place", field));
    if (field == 'Z') {
      files.back().checksum = parse_digest(value);
      if (!files.back().checksum) throw bad(fmt::format("bad checksum '{}'", value));
      return;
    }
    const auto access = parse_access(value);
    if (!access) throw bad(fmt::format("bad owner and mode '{}'", value));
    (field == 'M' ? directories.back().access : files.back().access) = *access;
  }

  void finish_package() {
    if (!open_) return;
    if (!has_name_) throw bad("a package without a name (P:)");
    if (!has_identity_) throw bad("a package without an identity (C:)");
    open_ = has_name_ = has_identity_ = false;
  }

  std::string_view text_;
  const std::string& name_;
  std::size_t line_ = 0;
  bool open_ = false;
  bool has_name_ = false;
  bool has_identity_ = false;
  std::vector<InstalledPackage> packages_;
};

}  // namespace

std::vector<InstalledPackage> parse_installed(std::string_view text, const std::string& name) {
  if (text.size() > installed_text_limit) {
    throw Error(ErrorKind::failed,
                fmt::format("{} holds more than {} octets", name, installed_text_limit));
  }
  std::vector<InstalledPackage> installed = Reader(text, name).read();
  // The index has the same fields under the same letters and passes over the others.
  Index index = with_context("reading " + name, [text] { return parse_index_text(text); });
  if (index.packages.size() != installed.size()) {
    throw Error(ErrorKind::failed, fmt::format("{}: a package's fields cannot be read", name));
  }
  for (std::size_t i = 0; i < installed.size(); ++i) {
    Package& package = installed[i].package;
    index.packages[i].replaces = std::move(package.replaces);
    index.packages[i].replaces_priority = package.replaces_priority;
    package = std::move(index.packages[i]);
  }
  return installed;
}

}  // namespace tarn::apk
