#include <algorithm>
#include <charconv>
#include <string>
#include <utility>

#include <fmt/core.h>

#include "apk/index/index.h"
#include "apk/index/package_fields.h"
#include "apk/model/version.h"
#include "apk/support/error.h"

namespace tarn::apk {
namespace {

/// Reads the lines of APKINDEX one after another into packages.
class TextParser {
 public:
  explicit TextParser(std::string_view text) : rest_(text) {
    index_.packages.reserve(text.size() / 512);
  }

  Index run() {
    while (!rest_.empty()) {
      ++line_number_;
      const auto end = std::min(rest_.find('\n'), rest_.size());
      const auto line = rest_.substr(0, end);
      rest_.remove_prefix(std::min(end + 1, rest_.size()));
      if (line.empty())
        finish_package();
      else
        take_line(line);
    }
    finish_package();
    return std::move(index_);
  }

 private:
  [[nodiscard]] Error malformed(const std::string& why) const {
    return {ErrorKind::failed, fmt::format("APKINDEX line {}: {}", line_number_, why)};
  }

  void take_line(std::string_view line) {
    if (line.size() < 2 || line[1] != ':')
      throw malformed("this is not a field: a letter, ':' and a value");
    in_package_ = true;
    take_field(line[0], line.substr(2));
  }

  void take_field(char letter, std::string_view value) {
    Package& package = package_;
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
        if (std::string* text = text_field(letter))
          *text = value;
        else
          take_other_field(letter);
    }
  }

  std::string* text_field(char letter) {
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
  void take_other_field(char letter) {
    if (std::string_view("FMRZrqasfg").find(letter) != std::string_view::npos) return;
    const bool is_lower = letter >= 'a' && letter <= 'z';
    const bool is_upper = letter >= 'A' && letter <= 'Z';
    if (!is_lower && !is_upper) throw malformed("this is not a field: a letter, ':' and a value");
    if (is_upper) {
      package_.uninstallable = true;
      notes_.push_back(fmt::format("cannot be installed: field '{}' is unknown", letter));
    } else if (unknown_fields_.find(letter) == std::string::npos) {
      unknown_fields_ += letter;
      index_.warnings.push_back(
          fmt::format("APKINDEX line {}: unknown field '{}' is ignored", line_number_, letter));
    }
  }

  void take_identity(std::string_view value) {
    const auto identity = Identity::parse(value);
    if (!identity) throw malformed(fmt::format("'{}' is no checksum", value));
    package_.identity = *identity;
    has_identity_ = true;
  }

  void take_name(std::string_view value) {
    if (!is_valid_package_name(value))
      throw malformed(fmt::format("'{}' is no package name", value));
    package_.name = value;
  }

  void take_path_part(std::string_view value, std::string& field, std::string_view what) {
    if (!is_path_part(value)) throw malformed(fmt::format("'{}' is no {}", value, what));
    field = value;
  }

  template <typename Number>
  [[nodiscard]] Number number(std::string_view value) const {
    Number result = 0;
    const auto [end, status] = std::from_chars(value.data(), value.data() + value.size(), result);
    if (value.empty() || status != std::errc() || end != value.data() + value.size() ||
        result < Number{0})
      throw malformed(fmt::format("'{}' is no number", value));
    return result;
  }

  void take_depends(std::string_view value) {
    const auto words = split_words(value);
    package_.depends.reserve(package_.depends.size() + words.size());
    for (const auto word : words) {
      if (auto dependency = parse_stated_dependency(word)) {
        package_.depends.push_back(std::move(*dependency));
      } else {
        package_.uninstallable = true;
        notes_.push_back(fmt::format("cannot be installed: its dependency '{}' is broken", word));
      }
    }
  }

  void take_provides(std::string_view value) {
    const auto words = split_words(value);
    package_.provides.reserve(package_.provides.size() + words.size());
    for (const auto word : words) {
      if (auto provide = parse_stated_provide(word))
        package_.provides.push_back(std::move(*provide));
      else
        notes_.push_back(fmt::format("what it provides as '{}' is ignored: it is broken", word));
    }
  }

  void take_install_if(std::string_view value) {
    for (const auto word : split_words(value)) {
      if (auto dependency = parse_stated_dependency(word)) {
        package_.install_if.push_back(std::move(*dependency));
      } else {
        drop_install_if_ = true;
        notes_.push_back(fmt::format("its install_if is ignored: '{}' is broken", word));
      }
    }
  }

  void finish_package() {
    if (!in_package_) return;
    if (package_.name.empty()) throw malformed("the package before has no name (P)");
    if (package_.version.empty()) throw malformed("the package before has no version (V)");
    if (!has_identity_) throw malformed("the package before has no checksum (C)");
    if (drop_install_if_) package_.install_if.clear();
    for (const auto& note : notes_) index_.warnings.push_back(package_.label() + " " + note);
    index_.packages.push_back(std::exchange(package_, {}));
    notes_.clear();
    in_package_ = has_identity_ = drop_install_if_ = false;
  }

  Index index_;
  std::string_view rest_;
  std::size_t line_number_ = 0;
  std::string unknown_fields_;
  Package package_;
  std::vector<std::string> notes_;  ///< warnings that wait for the package's name
  bool in_package_ = false;
  bool has_identity_ = false;
  bool drop_install_if_ = false;
};

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

void append_package(std::string& text, const Package& package) {
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

bool listed_before(const Package& left, const Package& right) {
  if (left.name != right.name) return name_less(left.name, right.name);
  return compare_versions(left.version, right.version) < 0;
}

}  // namespace

Index parse_index_text(std::string_view text) {
  return TextParser(text).run();
}

std::string index_text(std::vector<Package> packages) {
  std::stable_sort(packages.begin(), packages.end(), listed_before);
  std::string text;
  for (const auto& package : packages) append_package(text, package);
  return text;
}

}  // namespace tarn::apk
