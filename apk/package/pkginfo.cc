#include "apk/package/pkginfo.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <fmt/core.h>

#include "apk/index/package_fields.h"
#include "apk/support/error.h"
#include "apk/support/hash.h"

namespace tarn::apk {
namespace {

class InfoParser {
 public:
  PackageInfo run(std::string_view text) {
    while (!text.empty()) {
      ++line_number_;
      const auto end = std::min(text.find('\n'), text.size());
      take_line(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    require(package_.name, "pkgname");
    require(package_.version, "pkgver");
    require(package_.arch, "arch");
    if (drop_install_if_) package_.install_if.clear();
    return std::move(info_);
  }

 private:
  using Take = void (InfoParser::*)(std::string_view);
  struct Key {
    std::string_view name;
    Take take;
  };

  [[nodiscard]] Error malformed(const std::string& why) const {
    return {ErrorKind::failed, fmt::format(".PKGINFO line {}: {}", line_number_, why)};
  }

  static void require(const std::string& value, std::string_view key) {
    if (value.empty())
      throw Error(ErrorKind::failed, fmt::format(".PKGINFO does not state '{}'", key));
  }

  void take_line(std::string_view line) {
    if (line.empty() || line.front() == '#') return;
    // Of a value that abuild has spread over lines only the first one counts, as in indexes.
    if (line.front() == ' ' || line.front() == '\t') return;
    const auto separator = line.find(" = ");
    if (separator == std::string_view::npos || separator == 0) {
      // An empty value may have lost the space behind the sign.
      if (line.size() > 2 && line.ends_with(" =")) return;
      throw malformed("this is not 'key = value'");
    }
    take(line.substr(0, separator), line.substr(separator + 3));
  }

  void take(std::string_view key, std::string_view value) {
    static constexpr std::array<Key, 18> keys = {{
        {"pkgname", &InfoParser::take_name},
        {"pkgver", &InfoParser::take_version},
        {"pkgdesc", &InfoParser::take_text<&Package::description>},
        {"url", &InfoParser::take_text<&Package::url>},
        {"license", &InfoParser::take_text<&Package::license>},
        {"arch", &InfoParser::take_arch},
        {"size", &InfoParser::take_number<&Package::installed_size>},
        {"builddate", &InfoParser::take_number<&Package::build_time>},
        {"commit", &InfoParser::take_text<&Package::commit>},
        {"maintainer", &InfoParser::take_text<&Package::maintainer>},
        {"origin", &InfoParser::take_text<&Package::origin>},
        {"depend", &InfoParser::take_depends},
        {"provides", &InfoParser::take_provides},
        {"install_if", &InfoParser::take_install_if},
        {"replaces", &InfoParser::take_replaces},
        {"replaces_priority", &InfoParser::take_number<&Package::replaces_priority>},
        {"provider_priority", &InfoParser::take_number<&Package::provider_priority>},
        {"triggers", &InfoParser::take_triggers},
    }};
    if (key == "datahash") return take_data_hash(value);
    for (const auto& [name, function] : keys)
      if (name == key) return (this->*function)(value);
  }

  template <std::string Package::*member>
  void take_text(std::string_view value) {
    package_.*member = value;
  }

  template <auto Package::*member>
  void take_number(std::string_view value) {
    auto& number = package_.*member;
    const auto [end, status] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (value.empty() || status != std::errc() || end != value.data() + value.size() ||
        value.front() == '-')
      throw malformed(fmt::format("'{}' is no number", value));
  }

  void take_name(std::string_view value) {
    if (!is_valid_package_name(value))
      throw malformed(fmt::format("'{}' is no package name", value));
    package_.name = value;
  }

  void take_version(std::string_view value) {
    if (!is_path_part(value)) throw malformed(fmt::format("'{}' is no version", value));
    package_.version = value;
  }

  void take_arch(std::string_view value) {
    if (!is_path_part(value)) throw malformed(fmt::format("'{}' is no architecture", value));
    package_.arch = value;
  }

  void take_depends(std::string_view value) {
    for (const auto word : split_words(value)) {
      if (const auto dependency = parse_stated_dependency(word))
        package_.depends.push_back(Dependency::from(*dependency));
      else
        package_.uninstallable = true;
    }
  }

  void take_provides(std::string_view value) {
    for (const auto word : split_words(value))
      if (const auto provide = parse_stated_provide(word))
        package_.provides.push_back(Provide::from(*provide));
  }

  void take_install_if(std::string_view value) {
    for (const auto word : split_words(value)) {
      if (const auto dependency = parse_stated_dependency(word))
        package_.install_if.push_back(Dependency::from(*dependency));
      else
        drop_install_if_ = true;
    }
  }

  void take_replaces(std::string_view value) {
    for (const auto word : split_words(value))
      if (const auto dependency = parse_stated_dependency(word))
        package_.replaces.push_back(Dependency::from(*dependency));
  }

  void take_triggers(std::string_view value) {
    for (const auto word : split_words(value)) info_.triggers.emplace_back(word);
  }

  void take_data_hash(std::string_view value) {
    const auto digest = digest_from_hex<32>(value);
    if (!digest)
      throw malformed(fmt::format("datahash is not 64 hexadecimal digits but '{}'", value));
    info_.data_hash = to_hex(*digest);
  }

  PackageInfo info_;
  Package& package_ = info_.package;
  std::size_t line_number_ = 0;
  bool drop_install_if_ = false;
};

}  // namespace

PackageInfo parse_pkginfo(std::string_view text) {
  return InfoParser().run(text);
}

}  // namespace tarn::apk
