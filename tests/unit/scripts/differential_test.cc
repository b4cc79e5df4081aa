// Scripts run natively, and as processes of Alpine's own busybox in a chroot: both must leave the
// same tree, say the same and end with the same status.

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/core.h>
#include <unistd.h>

#include "apk/support/error.h"
#include "apk/support/file.h"
#include "builder/scripts/native_script.h"
#include "unit/rootfs/recorded_root.h"
#include "unit/scripts/install_links.h"
#include "unit/scripts/real_shell.h"
#include "unit/shared.h"

using namespace tarn::builder;
namespace fs = std::filesystem;
using tarn::test::lines_of;

namespace {

struct Case {
  std::string file;
  std::string name;
  std::string text;
};

/// Each begins with a line "=== NAME".
std::vector<Case> read_cases() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(fs::path(TARN_TEST_DATA) / "scripts"))
    if (entry.path().extension() == ".cases") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<Case> cases;
  for (const fs::path& file : files)
    for (const std::string& line : lines_of(tarn::read_file(file))) {
      if (line.starts_with("=== "))
        cases.push_back({file.filename(), line.substr(4), "#!/bin/sh\n"});
      else if (!cases.empty())
        cases.back().text += line + "\n";
    }
  return cases;
}

ScriptCall call_of(const Case& one) {
  return {.name = "lib/apk/exec/case-1.0-r0.post-install",
          .arguments = {"1.0-r0", "second argument"},
          .environment = {{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"},
                          {"APK_PACKAGE", "case"},
                          {"APK_SCRIPT", "post-install"}},
          .text = one.text};
}

std::string show(int status, const std::string& output, const std::string& tree) {
  return fmt::format("status {}\n{}\n--\n{}", status, output, tree);
}

/// What one has and the other has not, line by line.
std::string differences(const std::string& native, const std::string& real) {
  auto left = lines_of(native);
  auto right = lines_of(real);
  std::string text;
  for (const std::string& line : left)
    if (const auto found = std::find(right.begin(), right.end(), line); found != right.end())
      right.erase(found);
    else
      text += "  native: " + line + "\n";
  for (const std::string& line : right) text += "  real:   " + line + "\n";
  return text.empty() && native != real ? "  the same lines in another order\n" : text;
}

/// What a case leaves natively; `files` is taken back afterwards.
std::string run_natively(const Case& one, Rootfs& rootfs, std::int64_t now) {
  ScriptRootfs files(rootfs, now);
  const ScriptCall call = call_of(one);
  std::string seen;
  if (const auto unsupported = check_script(call, files)) {
    return fmt::format("not native: line {}: {}\n", unsupported->line, unsupported->what);
  }
  ScriptSurroundings surroundings;
  surroundings.now = now;
  surroundings.machine = "x86_64";
  try {
    const ScriptResult result = run_native(call, files, surroundings, {});
    seen = show(result.status, result.output, tarn::test::describe_tree(rootfs));
  } catch (const NotNative& surprise) {
    seen = fmt::format("not native at run time: {}\n", surprise.what());
  } catch (const tarn::Error& error) {
    seen = error.render();
  }
  files.undo();
  return seen;
}

/// What a case leaves in a root made at `folder`, which is removed afterwards.
std::string run_really(const Case& one, const Rootfs& rootfs, const fs::path& folder) {
  fs::create_directory(folder);
  tarn::test::write_tree(rootfs, folder);
  const ScriptResult result = tarn::test::run_in_chroot(call_of(one), folder);
  const std::string seen = show(result.status, result.output, tarn::test::describe_tree(folder));
  fs::remove_all(folder);
  return seen;
}

}  // namespace

TEST_CASE("scripts: natively and under busybox they do the same") {
  const auto shared = tarn::test::shared_folder();
  if (!shared) return;
  if (geteuid() != 0) {
    MESSAGE("skipped: only root can change the root");
    return;
  }
  const tarn::test::Oracle oracle(*shared, "base");
  Rootfs rootfs;
  Installer installer(rootfs);
  tarn::test::install_all(oracle, installer);
  tarn::test::install_busybox_links(rootfs);
  rootfs.make_directories("lib/apk", Owner{});
  const std::string before = tarn::test::describe_tree(rootfs);
  const std::int64_t now = std::time(nullptr);

  const auto cases = read_cases();
  REQUIRE(cases.size() >= 400);
  const tarn::test::FastFolder folder;
  std::size_t same = 0;
  for (const Case& one : cases) {
    const std::string native = run_natively(one, rootfs, now);
    const std::string real = run_really(one, rootfs, folder.path() / "root");
    if (native == real) {
      ++same;
      continue;
    }
    FAIL_CHECK(one.file << ": " << one.name << "\n" << one.text << differences(native, real));
  }
  CHECK(tarn::test::describe_tree(rootfs) == before);
  MESSAGE(same << " of " << cases.size() << " scripts did the same");
}
