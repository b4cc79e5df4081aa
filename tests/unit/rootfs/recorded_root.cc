#include "unit/rootfs/recorded_root.h"

#include <map>
#include <sstream>

#include <doctest/doctest.h>

#include "apk/trust/trusted_index.h"
#include "unit/rootfs/opened_package.h"

namespace tarn::test {
namespace {

using std::filesystem::path;

/// A package of the repositories with the file it lies in.
struct Candidate {
  apk::Package package;
  path file;
};

std::map<std::string, Candidate> candidates_of(const Oracle& oracle) {
  std::map<std::string, Candidate> candidates;
  for (const std::string repository : oracle.inputs["repositories"]) {
    const path folder = oracle.mirror / repository / oracle.architecture;
    const auto file = MappedFile::open(folder / "APKINDEX.tar.gz");
    const apk::Index index =
        apk::read_index(file.bytes(), {}, apk::SignaturePolicy::ignored, file.path().string());
    for (const apk::Package& package : index.packages) {
      candidates.try_emplace(package.name + " " + package.version,
                             Candidate{package, folder / apk::package_file_name(package)});
    }
  }
  return candidates;
}

}  // namespace

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

void install_all(const Oracle& oracle, builder::Installer& installer,
                 const std::function<void(const std::string& name)>& before) {
  const auto candidates = candidates_of(oracle);
  for (const std::string& line : lines_of(oracle.text("install-order.txt"))) {
    const auto found = candidates.find(line);
    REQUIRE_MESSAGE(found != candidates.end(), line);
    if (before) before(found->second.package.name);
    installer.install(opened_package(found->second.file, found->second.package));
  }
}

}  // namespace tarn::test
