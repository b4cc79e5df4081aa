#pragma once

#include <array>

namespace tarn::builder {

/// A member of a lock file's package, and the letter of the line of APKINDEX that it stands for.
struct PackageMember {
  enum class Kind { text, number };
  const char* name;
  char letter;
  Kind kind;
};

/// In the order in which they are written. "arch" is left out where it is the lock's architecture.
constexpr std::array package_members = {
    PackageMember{"name", 'P', PackageMember::Kind::text},
    PackageMember{"version", 'V', PackageMember::Kind::text},
    PackageMember{"arch", 'A', PackageMember::Kind::text},
    PackageMember{"size", 'S', PackageMember::Kind::number},
    PackageMember{"installed_size", 'I', PackageMember::Kind::number},
    PackageMember{"checksum", 'C', PackageMember::Kind::text},
    PackageMember{"build_time", 't', PackageMember::Kind::number},
    PackageMember{"origin", 'o', PackageMember::Kind::text},
    PackageMember{"commit", 'c', PackageMember::Kind::text},
    PackageMember{"license", 'L', PackageMember::Kind::text},
    PackageMember{"description", 'T', PackageMember::Kind::text},
    PackageMember{"url", 'U', PackageMember::Kind::text},
    PackageMember{"maintainer", 'm', PackageMember::Kind::text},
    PackageMember{"provider_priority", 'k', PackageMember::Kind::number},
    PackageMember{"depends", 'D', PackageMember::Kind::text},
    PackageMember{"provides", 'p', PackageMember::Kind::text},
    PackageMember{"install_if", 'i', PackageMember::Kind::text},
};

}  // namespace tarn::builder
