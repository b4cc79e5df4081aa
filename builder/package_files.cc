#include "builder/package_files.h"

#include <string>
#include <vector>

#include "apk/package/package_file.h"
#include "apk/support/error.h"

namespace tarn::builder {
namespace {

/// Throws Error (trust) unless the octets are the package the index lists.
void verify_package(ByteView bytes, const std::string& name, const apk::Identity& identity) {
  try {
    const auto file = apk::PackageFile::parse(bytes, name);
    file.verify_identity(identity);
    file.verify_data_hash();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::failed) throw;
    // It cannot even be read, so it is not what was listed: damaged, or another file.
    throw Error(ErrorKind::trust, name + " is not the package the index lists: " + error.message())
        .detail("expected", "a package with the identity " + identity.str())
        .detail("found", "a file that is no package");
  }
}

apk::Wanted wanted_package(const apk::Repository& repository, const apk::Package& package) {
  const Url url = repository.package_url(package);
  return {.label = package.label(),
          .kind = "package",
          .key = package.identity.hex(),
          .url = url,
          .size = package.size,
          .verify = [identity = package.identity, name = url.str()](ByteView bytes) {
            verify_package(bytes, name, identity);
          }};
}

}  // namespace

PackageFiles fetch_packages(const Resolution& resolution, apk::Fetcher& fetcher) {
  std::vector<apk::Wanted> wanted;
  std::vector<apk::Identity> identities;
  PackageFiles files;
  for (const ArchitecturePlan& plan : resolution.plans)
    for (const apk::PlannedPackage& planned : plan.plan.packages) {
      // Size 0 means there is nothing but metadata: apk never fetches such a package.
      if (planned.package.installed_size == 0) continue;
      if (!files.try_emplace(planned.package.identity).second) continue;
      identities.push_back(planned.package.identity);
      wanted.push_back(
          wanted_package(resolution.repositories[planned.repository], planned.package));
    }
  const auto fetched = fetcher.fetch_fixed(wanted);
  for (std::size_t i = 0; i < fetched.size(); ++i) files[identities[i]] = fetched[i];
  return files;
}

}  // namespace tarn::builder
