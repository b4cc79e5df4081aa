#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "apk/model/dependency.h"
#include "apk/model/identity.h"

namespace tarn::apk {

/// What an index, a package's control section or the database says of one package version. Letters
/// are those of the index and database text.
struct Package {
  Identity identity;                    ///< C
  std::string name;                     ///< P
  std::string version;                  ///< V
  std::string arch;                     ///< A: decides the path it is downloaded from
  std::uint64_t size = 0;               ///< S: octets of the package file
  std::uint64_t installed_size = 0;     ///< I: octets; 0 means there is nothing to fetch
  std::string description;              ///< T
  std::string url;                      ///< U
  std::string license;                  ///< L
  std::string origin;                   ///< o: the source package
  std::string maintainer;               ///< m
  std::int64_t build_time = 0;          ///< t: seconds since 1970
  std::string commit;                   ///< c: hexadecimal
  std::uint32_t provider_priority = 0;  ///< k
  std::vector<Dependency> depends;      ///< D
  std::vector<Provide> provides;        ///< p
  std::vector<Dependency> install_if;   ///< i
  std::vector<Dependency> replaces;     ///< r: database and control section only
  std::uint32_t replaces_priority = 0;  ///< q: database and control section only
  bool uninstallable = false;           ///< a broken dependency or an unknown upper-case field

  /// "name-version".
  std::string label() const { return name + "-" + version; }
};

/// The file name of a package in a repository: "name-version.apk".
std::string package_file_name(const Package& package);

/// Order of packages in indexes and databases: by name, case-insensitively and then by octets.
bool name_less(std::string_view left, std::string_view right);

}  // namespace tarn::apk
