#include "apk/index/package_text.h"

#include <algorithm>
#include <charconv>

#include <fmt/core.h>

#include "apk/index/package_fields.h"

namespace tarn::apk {

Package PackageText::to_package() const {
  Package package;
  package.identity = identity;
  package.name = name;
  package.version = version;
  package.arch = arch;
  package.size = size;
  package.installed_size = installed_size;
  package.description = description;
  package.url = url;
  package.license = license;
  package.origin = origin;
  package.maintainer = maintainer;
  package.build_time = build_time;
  package.commit = commit;
  package.provider_priority = provider_priority;
  package.depends.reserve(depends.size());
  for (const auto& view : depends) package.depends.push_back(Dependency::from(view));
  package.provides.reserve(provides.size());
  for (const auto& view : provides) package.provides.push_back(Provide::from(view));
  for (const auto& view : install_if) package.install_if.push_back(Dependency::from(view));
  package.uninstallable = uninstallable;
  return package;
}

const PackageText* PackageTextReader::next() {
  const char* begin = nullptr;
  while (!rest_.empty()) {
    ++line_number_;
    const auto end = std::min(rest_.find('\n'), rest_.size());
    const auto line = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    if (!line.empty()) {
      if (begin == nullptr) {
        begin = line.data();
        start_package();
      }
      take_line(line);
    }
    if (begin != nullptr && (line.empty() || rest_.empty())) {
      finish_package({begin, static_cast<std::size_t>(line.data() + line.size() - begin)});
      return &package_;
    }
  }
  return nullptr;
}

Error PackageTextReader::malformed(const std::string& why) const {
  return {ErrorKind::failed, fmt::format("{}: {}", where(), why)};
}

std::string PackageTextReader::where() const {
  return fmt::format("APKINDEX line {}",
                     line_number_ + static_cast<std::size_t>(std::ranges::count(before_, '\n')));
}

/// Keeps the room of its lists.
void PackageTextReader::start_package() {
  PackageText fresh;
  fresh.depends.swap(package_.depends);
  fresh.provides.swap(package_.provides);
  fresh.install_if.swap(package_.install_if);
  fresh.depends.clear();
  fresh.provides.clear();
  fresh.install_if.clear();
  package_ = std::move(fresh);
  notes_.clear();
  has_identity_ = drop_install_if_ = false;
}

void PackageTextReader::take_line(std::string_view line) {
  if (line.size() < 2 || line[1] != ':')
    throw malformed("this is not a field: a letter, ':' and a value");
  take_field(line[0], line.substr(2));
}

void PackageTextReader::take_field(char letter, std::string_view value) {
  PackageText& package = package_;
  switch (letter) {
    case 'C':
      return take_identity(value);
    case 'P':
      return take_name(value);
    case 'V':
      return take_path_part(value, package.version, "version");
    case 'A':
      return take_path_part(value, package.arch, "architecture");
    case 'S':
      package.size = number<std::uint64_t>(value);
      return;
    case 'I':
      package.installed_size = number<std::uint64_t>(value);
      return;
    case 't':
      package.build_time = number<std::int64_t>(value);
      return;
    case 'k':
      package.provider_priority = number<std::uint32_t>(value);
      return;
    case 'D':
      return take_depends(value);
    case 'p':
      return take_provides(value);
    case 'i':
      return take_install_if(value);
    default:
      if (std::string_view* text = text_field(letter))
        *text = value;
      else
        take_other_field(letter);
  }
}

std::string_view* PackageTextReader::text_field(char letter) {
  switch (letter) {
    case 'T':
      return &package_.description;
    case 'U':
      return &package_.url;
    case 'L':
      return &package_.license;
    case 'o':
      return &package_.origin;
    case 'm':
      return &package_.maintainer;
    case 'c':
      return &package_.commit;
    default:
      return nullptr;
  }
}

/// Fields of the database are skipped; of the others, upper case means "not to be installed by
/// whoever does not know this".
void PackageTextReader::take_other_field(char letter) {
  if (std::string_view("FMRZrqasfg").find(letter) != std::string_view::npos) return;
  const bool is_lower = letter >= 'a' && letter <= 'z';
  const bool is_upper = letter >= 'A' && letter <= 'Z';
  if (!is_lower && !is_upper) throw malformed("this is not a field: a letter, ':' and a value");
  if (is_upper) {
    package_.uninstallable = true;
    package_.faults.push_back(fmt::format("field '{}' is unknown", letter));
  } else if (unknown_fields_.find(letter) == std::string::npos) {
    unknown_fields_ += letter;
    warnings_.push_back(fmt::format("{}: unknown field '{}' is ignored", where(), letter));
  }
}

void PackageTextReader::take_identity(std::string_view value) {
  const auto identity = Identity::parse(value);
  if (!identity) throw malformed(fmt::format("'{}' is no checksum", value));
  package_.identity = *identity;
  has_identity_ = true;
}

void PackageTextReader::take_name(std::string_view value) {
  if (!is_valid_package_name(value)) throw malformed(fmt::format("'{}' is no package name", value));
  package_.name = value;
}

void PackageTextReader::take_path_part(std::string_view value, std::string_view& field,
                                       std::string_view what) {
  if (!is_path_part(value)) throw malformed(fmt::format("'{}' is no {}", value, what));
  field = value;
}

template <typename Number>
Number PackageTextReader::number(std::string_view value) const {
  Number result = 0;
  const auto [end, status] = std::from_chars(value.data(), value.data() + value.size(), result);
  if (value.empty() || status != std::errc() || end != value.data() + value.size() ||
      result < Number{0})
    throw malformed(fmt::format("'{}' is no number", value));
  return result;
}

void PackageTextReader::take_depends(std::string_view list) {
  for (auto word = take_word(list); !word.empty(); word = take_word(list)) {
    if (const auto dependency = parse_stated_dependency(word)) {
      package_.depends.push_back(*dependency);
    } else {
      package_.uninstallable = true;
      package_.faults.push_back(fmt::format("its dependency '{}' is broken", word));
    }
  }
}

void PackageTextReader::take_provides(std::string_view list) {
  for (auto word = take_word(list); !word.empty(); word = take_word(list)) {
    if (const auto provide = parse_stated_provide(word))
      package_.provides.push_back(*provide);
    else
      notes_.push_back(fmt::format("what it provides as '{}' is ignored: it is broken", word));
  }
}

void PackageTextReader::take_install_if(std::string_view list) {
  for (auto word = take_word(list); !word.empty(); word = take_word(list)) {
    if (const auto dependency = parse_stated_dependency(word)) {
      package_.install_if.push_back(*dependency);
    } else {
      drop_install_if_ = true;
      notes_.push_back(fmt::format("its install_if is ignored: '{}' is broken", word));
    }
  }
}

void PackageTextReader::finish_package(std::string_view block) {
  if (package_.name.empty()) throw malformed("the package before has no name (P)");
  if (package_.version.empty()) throw malformed("the package before has no version (V)");
  if (!has_identity_) throw malformed("the package before has no checksum (C)");
  if (drop_install_if_) package_.install_if.clear();
  package_.block = block;
  for (const auto& fault : package_.faults)
    warnings_.push_back(
        fmt::format("{}-{} cannot be installed: {}", package_.name, package_.version, fault));
  for (const auto& note : notes_)
    warnings_.push_back(fmt::format("{}-{} {}", package_.name, package_.version, note));
}

namespace {

void append_line(std::string& text, char letter, std::string_view value) {
  text += letter;
  text += ':';
  text += value;
  text += '\n';
}

void append_text(std::string& text, char letter, std::string_view value) {
  if (!value.empty()) append_line(text, letter, value);
}

template <typename Number>
void append_number(std::string& text, char letter, Number value) {
  if (value != 0) append_line(text, letter, std::to_string(value));
}

template <typename Item>
void append_list(std::string& text, char letter, const std::vector<Item>& items) {
  if (items.empty()) return;
  text += letter;
  char separator = ':';
  for (const auto& item : items) {
    text += separator;
    text += item.str();
    separator = ' ';
  }
  text += '\n';
}

}  // namespace

void append_package_text(std::string& text, const Package& package) {
  append_line(text, 'C', package.identity.str());
  append_line(text, 'P', package.name);
  append_line(text, 'V', package.version);
  append_text(text, 'A', package.arch);
  append_line(text, 'S', std::to_string(package.size));
  append_line(text, 'I', std::to_string(package.installed_size));
  append_line(text, 'T', package.description);
  append_line(text, 'U', package.url);
  append_line(text, 'L', package.license);
  append_text(text, 'o', package.origin);
  append_text(text, 'm', package.maintainer);
  append_number(text, 't', package.build_time);
  append_text(text, 'c', package.commit);
  append_number(text, 'k', package.provider_priority);
  append_list(text, 'D', package.depends);
  append_list(text, 'p', package.provides);
  append_list(text, 'i', package.install_if);
  text += '\n';
}

}  // namespace tarn::apk
