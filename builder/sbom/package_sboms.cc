#include "builder/sbom/package_sboms.h"

#include <fmt/core.h>

#include "apk/support/error.h"
#include "builder/sbom/embedded.h"
#include "builder/sbom/sbom.h"
#include "builder/sbom/spdx.h"

namespace tarn::builder {
namespace {

constexpr Owner generated_sbom{Owner::generated};
constexpr std::uint32_t sbom_mode = 0644;

}  // namespace

void write_package_sboms(Rootfs& rootfs, std::span<const apk::InstalledPackage> packages,
                         std::int64_t created) {
  const Distribution distribution = distribution_of(rootfs);
  for (const apk::InstalledPackage& installed : packages) {
    const std::string label = installed.package.label();
    if (label.find('/') != std::string::npos)
      throw Error(ErrorKind::failed, fmt::format("the package '{}' cannot name a file", label));
    const std::string path = fmt::format("{}/{}{}", embedded_folder, label, embedded_suffix);
    if (rootfs.find(path) != nullptr) continue;
    // Each alone, so that a document depends on nothing but its package.
    SbomRoot root;
    ElementIds ids;
    root.distribution = distribution;
    describe_packages({&installed, 1}, root, ids);
    rootfs.write_file(path, write_spdx(root.packages.front(), root, created).file.text,
                      generated_sbom, sbom_mode);
  }
}

}  // namespace tarn::builder
