#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "apk/support/file.h"
#include "builder/rootfs/installer.h"

namespace tarn::test {

/// A root that apk made, as it is recorded in the shared material, and what it was made of.
struct Oracle {
  std::filesystem::path folder;
  std::filesystem::path mirror;
  nlohmann::json inputs;
  std::string architecture;

  Oracle(const std::filesystem::path& shared, const std::string& name)
      : folder(shared / "oracle" / name),
        mirror(shared / "mirror"),
        inputs(nlohmann::json::parse(read_file(folder / "inputs.json"))),
        architecture(inputs["arch"]) {}

  std::string text(const char* file) const { return read_file(folder / file); }
};

std::vector<std::string> lines_of(const std::string& text);

/// Installs what the oracle lists; `before` may change the rootfs before a package, as its script
/// does.
void install_all(const Oracle& oracle, builder::Installer& installer,
                 const std::function<void(const std::string& name)>& before = {});

}  // namespace tarn::test
