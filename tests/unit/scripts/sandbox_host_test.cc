#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sched.h>

#include "apk/index/index.h"
#include "apk/support/file.h"
#include "apk/trust/trusted_index.h"
#include "builder/rootfs/installer.h"
#include "builder/scripts/sandbox.h"
#include "builder/scripts/sandbox_emulator.h"
#include "builder/scripts/sandbox_ids.h"
#include "unit/rootfs/opened_package.h"
#include "unit/scripts/sandbox_rootfs.h"
#include "unit/shared.h"

using namespace tarn::builder;
namespace apk = tarn::apk;
using tarn::test::as_person;
using tarn::test::busybox_rootfs;
using tarn::test::people;
using tarn::test::SandboxRun;

namespace {

/// A rootfs of these packages of a mirror's folder.
Rootfs installed(const std::filesystem::path& folder, const std::vector<std::string>& names) {
  const auto mapping = tarn::MappedFile::open(folder / "APKINDEX.tar.gz");
  const apk::Index index =
      apk::read_index(mapping.bytes(), {}, apk::SignaturePolicy::ignored, mapping.path().string());
  Rootfs rootfs;
  Installer installer(rootfs);
  for (const std::string& name : names) {
    for (const apk::Package& package : index.packages) {
      if (package.name != name) continue;
      installer.install(
          tarn::test::opened_package(folder / apk::package_file_name(package), package));
    }
  }
  return rootfs;
}

std::string text_of(const std::vector<IdExtent>& extents) {
  std::string text;
  for (const auto& extent : extents) {
    text += fmt::format("{}-{}+{};", extent.inside, extent.outside, extent.count);
  }
  return text;
}

}  // namespace

TEST_CASE("scripts of another architecture run through an emulator") {
  const auto shared = tarn::test::shared_folder();
  if (!shared || !tarn::test::sandbox_works("aarch64")) return;
  const auto folder = *shared / "mirror" / "alpine" / "v3.13-bootmedia" / "aarch64";
  if (!std::filesystem::exists(folder)) {
    MESSAGE("skipped: no " << folder.string());
    return;
  }
  for (const auto& person : people()) {
    INFO("as ", person.description);
    const std::string report = as_person(person, [&] {
      Rootfs rootfs = installed(folder, {"alpine-baselayout", "musl", "busybox"});
      SandboxRun run;
      run.options.architecture = "aarch64";
      std::string text = run.report(
          rootfs,
          "/bin/busybox uname -m; echo $0 $1; /bin/busybox adduser -S -D -H web; "
          "trap 'echo left' EXIT; /bin/busybox chown web:101 /srv; /bin/busybox stat -c %u "
          "/srv; f() { local i; for i in 3 2 1; do echo $i; done; }; f | /bin/busybox sort");
      const std::string shadow = rootfs.read_file("etc/shadow").value_or("");
      text = text.substr(0, text.find("etc/passwd"));
      return text + shadow.substr(std::min(shadow.find("web:"), shadow.size()));
    });
    CHECK(report ==
          "status 0\naarch64\nlib/apk/exec/demo-1.0-r0.post-install 1.0-r0\n100\n1\n2\n3\nleft\n"
          "web:!:18518:0:99999:7:::\n");
  }
}

TEST_CASE("a host that cannot run an architecture is said to") {
  CHECK(sandbox_obstacle("vax") == "'vax' is no architecture");
  const char* const path = std::getenv("PATH");
  const std::string kept = path != nullptr ? path : "";
  ::setenv("PATH", "/nonexistent", 1);
  const std::string host = apk::Architecture::host().apk;
  const std::string other = host == "s390x" ? "aarch64" : "s390x";
  CHECK(sandbox_obstacle(other) ==
        fmt::format("there is no qemu-{}-static to run {}", other, other));
  ::setenv("PATH", kept.c_str(), 1);
}

TEST_CASE("a host that refuses namespaces is said to") {
  // Where no more namespaces may be made: in one that has none to give.
  const std::pair<std::string, std::string> cases[] = {
      {"max_user_namespaces", "user namespaces are refused (unshare: No space left on device)"},
      {"max_net_namespaces", "namespaces are refused (unshare: No space left on device)"},
  };
  for (const auto& row : cases) {
    const auto& [limit, expected] = row;
    CAPTURE(row.first);
    if (!tarn::test::sandbox_works() || people().back().user == ::geteuid()) return;
    // Not as root: that has other ways to go.
    const auto person = people().back();
    const std::string text = as_person(person, [&limit = limit, &person] {
      if (::unshare(CLONE_NEWUSER) != 0) return std::string("cannot be tried");
      const auto write = [](const std::string& file, const std::string& what) {
        const tarn::FileDescriptor opened(::open(file.c_str(), O_WRONLY));
        tarn::write_all(opened.get(), tarn::as_bytes(what), file);
      };
      write("/proc/self/setgroups", "deny");
      write("/proc/self/uid_map", fmt::format("0 {} 1", person.user));
      write("/proc/self/gid_map", fmt::format("0 {} 1", person.group));
      write(fmt::format("/proc/sys/user/{}", limit), "0");
      return sandbox_obstacle(apk::Architecture::host().apk).value_or("none");
    });
    CHECK(text == expected);
  }
}

TEST_CASE("ranges of ids are found where they may be given away") {
  struct Case {
    const char* available;
    const char* expected;
  };
  const Case cases[] = {
      {"         0          0 4294967295\n", "0-1878982656+65536;"},
      {"0 100000 65536\n", "0-1+65535;"},
      {"0 1000 1\n1 100000 65536\n", "0-1+65536;"},
      {"0 1000 1\n", ""},
      {"", ""},
      {"0 0 4294967296\nx y z\n", ""},
  };
  for (const Case& c : cases) {
    CAPTURE(c.available);
    CHECK(text_of(range_to_give(c.available)) == c.expected);
  }
  const char* const file =
      "# comment\nann:100000:65536\nbob:165536:65536\n1001:300000:10\nann:x:1\nann:1\nann:0:5\n";
  CHECK(text_of(subordinate_ranges(file, "ann", 1000)) == "0-100000+65536;");
  CHECK(text_of(subordinate_ranges(file, "bob", 1001)) == "0-165536+65536;0-300000+10;");
  CHECK(text_of(subordinate_ranges(file, "eve", 1002)) == "");
}

TEST_CASE("emulators are registered by what an ELF file of the architecture begins with") {
  CHECK(
      emulator_registration("aarch64", "/proc/self/fd/9") ==
      ":tarn-aarch64:M::\\x7f\\x45\\x4c\\x46\\x02\\x01\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00"
      "\\x00\\x02\\x00\\xb7\\x00:\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\x00\\xff\\xff\\xff\\xff\\xff"
      "\\xff\\xff\\xff\\xfe\\xff\\xff\\xff:/proc/self/fd/9:FPC");
  const std::string big = emulator_registration("s390x", "/q");
  CHECK(big.find("\\x02\\x02\\x01\\x00") != std::string::npos);
  CHECK(big.find("\\x00\\x02\\x00\\x16:") != std::string::npos);
  CHECK(big.find("\\xff\\xfe\\xff\\xff:") != std::string::npos);
}
