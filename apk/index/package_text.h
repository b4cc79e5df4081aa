#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "apk/model/dependency.h"
#include "apk/model/identity.h"
#include "apk/model/package.h"
#include "apk/support/error.h"

namespace tarn::apk {

/// What APKINDEX says of one package, as views of the text. Members are those of Package.
struct PackageText {
  std::string_view block;  ///< all its lines
  Identity identity;
  std::string_view name;
  std::string_view version;
  std::string_view arch;
  std::uint64_t size = 0;
  std::uint64_t installed_size = 0;
  std::string_view description;
  std::string_view url;
  std::string_view license;
  std::string_view origin;
  std::string_view maintainer;
  std::int64_t build_time = 0;
  std::string_view commit;
  std::uint32_t provider_priority = 0;
  std::vector<DependencyView> depends;
  std::vector<ProvideView> provides;
  std::vector<DependencyView> install_if;
  bool uninstallable = false;
  std::vector<std::string> faults;  ///< why it is: "its dependency 'x=' is broken"

  Package to_package() const;
};

/// Reads the text of APKINDEX, a package at a time, without copying any of it.
class PackageTextReader {
 public:
  /// The text must outlive what is read from it.
  /// `before` is the part of the index that comes before it, for the numbers of lines.
  explicit PackageTextReader(std::string_view text, std::string_view before = {})
      : rest_(text), before_(before) {}

  /// The next package, which stays until the next call; null at the end. Throws Error (failed) with
  /// the line number for what cannot be read; unknown fields and broken dependencies are handled as
  /// apk does, with a warning.
  const PackageText* next();
  /// Of what was read so far: fields skipped, packages made uninstallable.
  std::vector<std::string>& warnings() { return warnings_; }

 private:
  Error malformed(const std::string& why) const;
  std::string where() const;
  void take_line(std::string_view line);
  void take_field(char letter, std::string_view value);
  std::string_view* text_field(char letter);
  void take_other_field(char letter);
  void take_identity(std::string_view value);
  void take_name(std::string_view value);
  void take_path_part(std::string_view value, std::string_view& field, std::string_view what);
  template <typename Number>
  Number number(std::string_view value) const;
  void take_depends(std::string_view list);
  void take_provides(std::string_view list);
  void take_install_if(std::string_view list);
  void start_package();
  void finish_package(std::string_view block);

  std::string_view rest_;
  std::string_view before_;
  std::size_t line_number_ = 0;
  std::vector<std::string> warnings_;
  std::string unknown_fields_;
  PackageText package_;
  std::vector<std::string> notes_;  ///< of what was ignored; they wait for the package's name
  bool has_identity_ = false;
  bool drop_install_if_ = false;
};

/// Appends the lines of a package, fields in apk's order, and the empty line behind them.
void append_package_text(std::string& text, const Package& package);

}  // namespace tarn::apk
