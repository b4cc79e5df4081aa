#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>
#include <thread>

#include <doctest/doctest.h>

#include "builder/scripts/sandbox.h"
#include "unit/scripts/sandbox_rootfs.h"

using namespace tarn::builder;
using tarn::test::as_person;
using tarn::test::busybox_rootfs;
using tarn::test::people;
using tarn::test::SandboxRun;

namespace {

std::string report_of(const std::string& script, const SandboxLimits& limits) {
  auto rootfs = busybox_rootfs();
  SandboxRun run;
  run.options.limits = limits;
  return run.report(*rootfs, script);
}

}  // namespace

TEST_CASE("a script in the sandbox reaches nothing outside") {
  if (!busybox_rootfs() || !tarn::test::sandbox_works()) return;
  const tarn::TemporaryDirectory outside(std::filesystem::temp_directory_path() /
                                         "tarn-sandbox-outside-");
  tarn::write_file(outside.path() / "file", "host\n");
  std::filesystem::permissions(outside.path(), std::filesystem::perms::all);
  std::filesystem::permissions(outside.path() / "file", std::filesystem::perms::all);
  const std::string path = outside.path().string();
  struct Case {
    std::string description;
    std::string script;
    std::string expected;
  };
  const Case cases[] = {
      {"by its path", "cat " + path + "/file 2>/dev/null || echo no", "no\n"},
      {"by ..", "cd ../../../..; ls -d tmp/tarn-* 2>/dev/null || echo no", "no\n"},
      {"by /proc", "cat /proc/1/root" + path + "/file 2>/dev/null || echo no", "no\n"},
      {"by the first process",
       "ls /proc/1/cwd/ 2>/dev/null || echo no; readlink /proc/1/fd/1 2>/dev/null || echo no; "
       "cat /proc/1/environ 2>/dev/null || echo no",
       "no\nno\nno\n"},
      {"by memory", "dd if=/proc/1/mem bs=1 count=1 2>/dev/null || echo no", "no\n"},
      {"by a mount", "mount -t tmpfs x tmp 2>/dev/null || echo no", "no\n"},
      {"by a bind mount", "mount -o bind /proc tmp 2>/dev/null || echo no", "no\n"},
      {"by namespaces",
       "unshare -Urm true 2>/dev/null || echo no; unshare -m true 2>/dev/null || "
       "echo no",
       "no\nno\n"},
      {"by a device", "mknod tmp/disk b 253 0 2>/dev/null || echo no", "no\n"},
      {"by sysctl", "(echo x >/proc/sys/kernel/core_pattern) 2>/dev/null || echo no", "no\n"},
      {"by sysrq", "(echo h >/proc/sysrq-trigger) 2>/dev/null || echo no", "no\n"},
      {"by a socket", "nc -w 1 127.0.0.1 22 2>/dev/null </dev/null || echo no", "no\n"},
      {"by chroot", "mkdir tmp/a; chroot tmp/a true 2>/dev/null; cd ..; ls -d tmp; rmdir tmp/a",
       "tmp\n"},
      {"by signals to the first process", "kill -9 1; kill -15 1; echo still", "still\n"},
      {"devices",
       "ls /dev; echo x >/dev/null; head -c 2 /dev/zero | tr '\\0' 0; echo; "
       "(chmod 0 /dev/null) 2>/dev/null || echo no",
       "fd\nfull\nnull\nrandom\nshm\nstderr\nstdin\nstdout\nurandom\nzero\n00\nno\n"},
      {"processes",
       "ls -d /proc/[0-9]* | head -n 1; cat /proc/net/dev | tr -d ' ' | head -n 4 | "
       "tr -s '0-9|:' . | sed -n '3,$p'",
       "/proc/1\nlo.\n"},
      {"the clock", "date -s 2001-01-01 2>&1 >/dev/null",
       "date: can't set date: Operation not permitted\n"},
  };
  // All in one script: each in a shell of its own, under its name.
  std::string script;
  std::string expected = "status 0\n";
  for (const Case& c : cases) {
    script += "echo " + c.description + ":\n(" + c.script + ")\n";
    expected += c.description + ":\n" + c.expected;
  }
  for (const auto& person : people()) {
    INFO("as ", person.description);
    CHECK(as_person(person, [&] { return report_of(script, {}); }) == expected);
  }
  CHECK(report_of("kill -9 -1 2>/dev/null; echo still", {}) == "status 0\nstill\n");
  CHECK(tarn::read_file(outside.path() / "file") == "host\n");
}

TEST_CASE("a script in the sandbox is stopped at its limits") {
  if (!busybox_rootfs() || !tarn::test::sandbox_works()) return;
  constexpr std::uint64_t mega = 1U << 20U;
  SandboxLimits limits;
  limits.memory = 64 * mega;
  limits.processes = 20;
  limits.output = mega;
  limits.file = 8 * mega;
  limits.content = 16 * mega;
  limits.entries = 2000;
  struct Case {
    std::string description;
    std::string script;
    std::string expected;
    int milliseconds = 30'000;
  };
  const std::string at_limit = "error the script was stopped at its limit of ";
  const std::string leaves = "error the script leaves more than ";
  const Case cases[] = {
      {"time, working", "while :; do :; done", at_limit + "0.3 seconds\n", 300},
      {"time, sleeping", "sleep 100", at_limit + "0.3 seconds\n", 300},
      {"time, ignoring signals", "trap '' 1 2 3 15; while :; do sleep 1; done",
       at_limit + "0.3 seconds\n", 300},
      {"output", "yes", at_limit + "1048576 octets of output\n"},
      {"files", "cd tmp; touch $(seq 2100)", leaves + "2000 files\n"},
      {"a file that is too large", "exec dd if=/dev/zero of=tmp/x bs=1M count=9",
       at_limit + "8388608 octets in one file\n"},
      {"a large file of nothing",
       "dd if=/dev/zero of=tmp/x bs=1 count=1 seek=8000000 2>/dev/null; cp tmp/x tmp/y; "
       "cp tmp/x tmp/z",
       leaves + "16777216 octets of new contents\n"},
      {"one folder in another", "i=0; while [ $i -lt 600 ]; do mkdir d; cd d; i=$((i+1)); done",
       leaves + "500 folders in each other\n"},
      {"recursion", "f() { f; }; f", "status 139\n"},
      {"memory of a process", "x=x; while :; do x=$x$x$x$x; done 2>/dev/null", "status 1\n"},
      {"a here-document",
       "x=xxxxxxxxxxxxxxxx; i=0; while [ $i -lt 22 ]; do x=$x$x; i=$((i+1)); done 2>/dev/null; "
       "cat <<E\n$x$x$x$x\nE",
       "status 1\n"},
      {"memory of many processes",
       "i=0; while [ $i -lt 10 ]; do dd if=/dev/zero of=/dev/null bs=20M 2>/dev/null & "
       "i=$((i+1)); done; wait",
       at_limit + "67108864 octets of memory\n"},
      {"the disk by files without a name",
       "i=3; while [ $i -lt 9 ]; do eval \"exec $i>tmp/x\"; rm tmp/x; dd if=/dev/zero bs=1M "
       "count=7 "
       "2>/dev/null >&$i; i=$((i+1)); done; sleep 30",
       at_limit + "16777216 octets of new contents\n"},
      {"left behind", "sleep 1000 & (sleep 1000; touch late) & exit 0", "status 0\n"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.description);
    limits.wall = std::chrono::milliseconds(c.milliseconds);
    CHECK(report_of(c.script, limits) == c.expected);
  }
  const Case& first = cases[0];
  limits.wall = std::chrono::milliseconds(first.milliseconds);
  for (const auto& person : people()) {
    INFO("as ", person.description);
    CHECK(as_person(person, [&] { return report_of(first.script, limits); }) == first.expected);
  }
}

TEST_CASE("what tarn holds in memory is not counted as the script's") {
  auto rootfs = busybox_rootfs();
  if (!rootfs || !tarn::test::sandbox_works()) return;
  SandboxRun run;
  run.options.limits.memory = 32U << 20U;
  // It takes the script's process some time to copy this before the kernel refuses to start a
  // program with so much of it.
  for (int i = 0; i < 1'000'000; ++i) {
    run.call.environment.emplace_hint(run.call.environment.end(), fmt::format("V{:07}", i), "x");
  }
  CHECK(run(*rootfs, "exit 0").status == 127);
}

TEST_CASE("a fork bomb in the sandbox has few processes and ends") {
  if (!busybox_rootfs() || !tarn::test::sandbox_works()) return;
  SandboxLimits limits;
  limits.wall = std::chrono::milliseconds(1000);
  limits.processes = 20;
  for (const auto& person : people()) {
    INFO("as ", person.description);
    // It ends by itself when it can fork no more, or is stopped.
    const std::string report = as_person(person, [&] {
      return report_of("b() { b | b & }; b; while :; do sleep 1; done 2>/dev/null", limits);
    });
    const bool stopped = report.starts_with("error the script was stopped at its limit of ");
    CHECK((stopped || report.find("can't fork") != std::string::npos));
  }
}

TEST_CASE("many users' processes in the sandbox are counted together") {
  if (!busybox_rootfs() || !tarn::test::sandbox_works()) return;
  SandboxLimits limits;
  limits.wall = std::chrono::milliseconds(10'000);
  limits.processes = 20;
  for (const auto& person : people()) {
    INFO("as ", person.description);
    const std::string report = as_person(person, [&] {
      return report_of(
          "for u in 1 2 3 4 5 6; do echo u$u:x:20$u:20$u::/:/bin/sh >>etc/passwd; done; "
          "for u in 1 2 3 4 5 6; do su u$u -s /bin/sh -c "
          "'for i in 1 2 3 4 5 6 7 8; do sleep 20 & done; wait' & done; wait",
          limits);
    });
    // With one id there is no one else.
    if (report.find("can't set groups") != std::string::npos) continue;
    CHECK(report == "error the script was stopped at its limit of 20 processes\n");
  }
}

TEST_CASE("a script in the sandbox is stopped when that is asked for") {
  if (!busybox_rootfs() || !tarn::test::sandbox_works()) return;
  auto rootfs = busybox_rootfs();
  SandboxRun run;
  run.call.text = "#!/bin/sh\nsleep 100\n";
  std::stop_source stop;
  std::jthread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    stop.request_stop();
  });
  CHECK_THROWS_AS(run_in_sandbox(run.call, *rootfs, run.options, stop.get_token()), tarn::Error);
  CHECK(std::filesystem::is_empty(run.scratch.path()));
}
