#pragma once

#include <string>
#include <string_view>

#include "builder/rootfs/rootfs.h"

namespace tarn::builder {

/// The distribution that a root says it is (os-release(5)).
struct Distribution {
  std::string id = "linux";  ///< lower case, as the default of os-release(5) where nothing is said
  std::string version;       ///< VERSION_ID; may be empty
  std::string name;          ///< NAME; may be empty
  std::string pretty_name;   ///< PRETTY_NAME; may be empty
};

/// Reads the text of an os-release file. Lines that are no assignment are passed over.
Distribution parse_os_release(std::string_view text);

/// Reads etc/os-release of a root, else usr/lib/os-release.
Distribution distribution_of(const Rootfs& rootfs);

}  // namespace tarn::builder
