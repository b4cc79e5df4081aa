#include "builder/scripts/package_scripts.h"

#include <utility>

#include <fmt/core.h>

#include "apk/support/error.h"
#include "builder/scripts/command.h"
#include "builder/scripts/native_script.h"
#include "builder/scripts/sandbox.h"

namespace tarn::builder {
namespace {

constexpr const char* script_path = "/usr/sbin:/usr/bin:/sbin:/bin";

std::string label_of(const PackageScript& script) {
  return fmt::format("{}-{}", script.package, script.version);
}

/// "the post-install script of nginx-1.24.0-r1".
std::string title_of(const PackageScript& script) {
  return fmt::format("the {} script of {}", apk::script_name(script.kind), label_of(script));
}

/// As apk calls it.
ScriptCall call_of(const PackageScript& script) {
  const std::string kind(apk::script_name(script.kind));
  return {.name = fmt::format("lib/apk/exec/{}.{}", label_of(script), kind),
          .arguments = script.kind == apk::ScriptKind::trigger
                           ? script.directories
                           : std::vector<std::string>{std::string(script.version)},
          .environment = {{"PATH", script_path},
                          {"APK_SCRIPT", kind},
                          {"APK_PACKAGE", std::string(script.package)}},
          .text = std::string(script.text)};
}

/// Architectures by apk's names, as uname -m has them.
std::string machine_of(std::string_view architecture) {
  if (architecture == "x86") return "i686";
  if (architecture == "armv7" || architecture == "armhf") return "armv7l";
  return std::string(architecture);
}

Error no_way(const PackageScript& script, const std::string& reason, const std::string& obstacle) {
  return Error(ErrorKind::failed, title_of(script) + " cannot be run")
      .detail("natively", reason)
      .detail("in a sandbox", obstacle)
      .hint(fmt::format("'scripts: {{{}: skip}}' in the recipe builds without it", script.package));
}

}  // namespace

std::string_view way_name(ScriptWay way) {
  switch (way) {
    case ScriptWay::native:
      return "native";
    case ScriptWay::sandbox:
      return "sandbox";
    case ScriptWay::skipped:
      break;
  }
  return "skipped";
}

const std::optional<std::string>& PackageScripts::obstacle() {
  if (!obstacle_) obstacle_ = sandbox_obstacle(settings_.architecture);
  return *obstacle_;
}

PackageScripts::Decision PackageScripts::choose(const PackageScript& script) {
  switch (policy_of(script)) {
    case ScriptPolicy::skip:
      return {ScriptWay::skipped, "the recipe says so"};
    case ScriptPolicy::sandbox:
      return {ScriptWay::sandbox, "the recipe says so"};
    case ScriptPolicy::automatic:
    case ScriptPolicy::strict:
    case ScriptPolicy::native:
      break;
  }
  const ScriptRootfs files(rootfs_, settings_.now);
  if (const auto unsupported = check_script(call_of(script), files))
    return {ScriptWay::sandbox, fmt::format("line {}: {}", unsupported->line, unsupported->what)};
  return {};
}

ScriptReport PackageScripts::decide(const PackageScript& script) {
  Decision decision = choose(script);
  ScriptReport report{.package = label_of(script), .kind = script.kind, .way = decision.way};
  report.reason = std::move(decision.reason);
  if (report.way != ScriptWay::sandbox) return report;
  if (policy_of(script) == ScriptPolicy::native)
    report.reason += "; the recipe allows no sandbox";
  else if (obstacle())
    report.reason += "; there is no sandbox: " + *obstacle();
  return report;
}

ScriptReport PackageScripts::run(const PackageScript& script,
                                 std::span<const apk::InstalledPackage> installed) {
  const auto start = std::chrono::steady_clock::now();
  Decision decision = choose(script);
  ScriptReport report{.package = label_of(script), .kind = script.kind, .way = decision.way};
  report.reason = std::move(decision.reason);
  with_context("running " + title_of(script), [&] {
    if (report.way == ScriptWay::native && !run_natively(script, installed, report))
      report.way = ScriptWay::sandbox;
    if (report.way == ScriptWay::sandbox) run_sandboxed(script, report);
  });
  report.time = std::chrono::steady_clock::now() - start;
  if (report.status != 0 && policy_of(script) == ScriptPolicy::strict)
    throw Error(ErrorKind::failed,
                fmt::format("{} failed with status {}", title_of(script), report.status))
        .detail("output", report.output.empty() ? "none" : report.output)
        .hint(fmt::format("'scripts: {{{}: auto}}' lets the build go on, as apk does",
                          script.package));
  return report;
}

/// Whether it could be; if not, `report` says why and nothing is changed.
bool PackageScripts::run_natively(const PackageScript& script,
                                  std::span<const apk::InstalledPackage> installed,
                                  ScriptReport& report) {
  ScriptSurroundings surroundings;
  surroundings.now = settings_.now;
  surroundings.machine = machine_of(settings_.architecture);
  surroundings.packages = installed;
  ScriptRootfs files(rootfs_, settings_.now);
  try {
    ScriptResult result = run_native(call_of(script), files, surroundings, {});
    report.status = result.status;
    report.output = std::move(result.output);
    return true;
  } catch (const NotNative& surprise) {
    files.undo();
    report.reason = surprise.what();
    return false;
  } catch (...) {
    files.undo();
    throw;
  }
}

void PackageScripts::run_sandboxed(const PackageScript& script, ScriptReport& report) {
  if (policy_of(script) == ScriptPolicy::native)
    throw no_way(script, report.reason, "the recipe allows no sandbox");
  if (obstacle()) throw no_way(script, report.reason, *obstacle());
  SandboxOptions options;
  options.architecture = settings_.architecture;
  options.now = settings_.now;
  options.scratch = settings_.scratch;
  ScriptResult result = run_in_sandbox(call_of(script), rootfs_, options, settings_.stop);
  report.status = result.status;
  report.output = std::move(result.output);
}

}  // namespace tarn::builder
