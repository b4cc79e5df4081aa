#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "apk/database/installed.h"
#include "apk/package/package_file.h"
#include "builder/recipe/recipe.h"
#include "builder/rootfs/rootfs.h"

namespace tarn::builder {

/// How a script was run, or would be.
enum class ScriptWay { native, sandbox, skipped };
/// "native", "sandbox", "skipped".
std::string_view way_name(ScriptWay way);

/// A script of a package that is to run now.
struct PackageScript {
  std::string_view package;  ///< its name
  std::string_view version;
  apk::ScriptKind kind = apk::ScriptKind::post_install;
  std::string_view text;
  std::vector<std::string> directories{};  ///< of a trigger: what it is told of
};

/// What came of a script.
struct ScriptReport {
  std::string package;  ///< "name-version"
  apk::ScriptKind kind = apk::ScriptKind::post_install;
  ScriptWay way = ScriptWay::native;
  std::string reason{};  ///< why not natively: "line 12: runs openssl"
  int status = 0;
  std::string output{};
  std::chrono::steady_clock::duration time{};  ///< that it took; nothing in an image depends on it
};

/// What scripts run with.
struct ScriptSettings {
  const Scripts& policies;
  std::string architecture;       ///< apk's name of it
  std::int64_t now = 0;           ///< seconds since 1970: the image's creation
  std::filesystem::path scratch;  ///< a folder where a sandbox may make its own
  std::stop_token stop;
};

/// Runs scripts of packages on a staging rootfs: natively where that is exact, else in the sandbox,
/// as the recipe's policy for the package says. Never half: what a script changed is taken back
/// before it goes another way.
class PackageScripts {
 public:
  /// Both must outlive it.
  PackageScripts(Rootfs& rootfs, const ScriptSettings& settings)
      : rootfs_(rootfs), settings_(settings) {}

  /// Runs it, unless the recipe skips it. `installed` are the packages that are there by now. A
  /// script that fails is reported, as apk only counts it; where the policy is strict it is an
  /// Error (failed) with the script's output. Throws Error (failed) as well for a script that can
  /// go no way, and for one that exceeds its bounds.
  ScriptReport run(const PackageScript& script, std::span<const apk::InstalledPackage> installed);

  /// What run() would do with it on the rootfs as it is now. Nothing is run; where run() would
  /// throw for want of a way, `reason` says so and the way is the one that is wanted.
  ScriptReport decide(const PackageScript& script);

 private:
  struct Decision {
    ScriptWay way = ScriptWay::native;
    std::string reason{};
  };

  ScriptPolicy policy_of(const PackageScript& script) const {
    return settings_.policies.of(script.package);
  }
  Decision choose(const PackageScript& script);
  bool run_natively(const PackageScript& script, std::span<const apk::InstalledPackage> installed,
                    ScriptReport& report);
  void run_sandboxed(const PackageScript& script, ScriptReport& report);
  const std::optional<std::string>& obstacle();

  Rootfs& rootfs_;
  const ScriptSettings& settings_;
  std::optional<std::optional<std::string>> obstacle_;  ///< to the sandbox; asked for once
};

}  // namespace tarn::builder
