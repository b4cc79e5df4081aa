// Any text as a package's script: it is parsed or refused, looked at and run on a small rootfs
// within small bounds. Nothing but an Error or NotNative may come out, and all can be undone.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "apk/support/error.h"
#include "builder/scripts/native_script.h"
#include "builder/scripts/shell_parser.h"
#include "expect.h"

namespace {

using namespace tarn::builder;
using tarn::test::expect;

Rootfs small_rootfs() {
  Rootfs rootfs;
  rootfs.make_directories("bin", {});
  rootfs.make_directories("tmp", {});
  rootfs.write_file("bin/busybox",
                    "\x7f"
                    "ELF",
                    {}, 0755U);
  for (const char* name : {"sh", "cat", "grep", "sed", "ls", "env", "mkdir", "rm", "ln", "chmod",
                           "xargs", "find", "busybox", "addgroup"}) {
    Entry link;
    link.node = std::make_shared<Node>();
    link.node->type = NodeType::symlink;
    link.node->target = "/bin/busybox";
    if (std::string_view(name) != "busybox") rootfs.put(std::string("bin/") + name, link);
  }
  rootfs.write_file("bin/script", "#!/bin/sh\necho \"$0 $*\"\n", {}, 0755U);
  rootfs.write_file("etc/passwd", "root:x:0:0:root:/root:/bin/ash\n", {});
  rootfs.write_file("etc/group", "root:x:0:root\n", {});
  return rootfs;
}

std::string listing(const Rootfs& rootfs) {
  std::string text;
  rootfs.walk([&text](const std::string& path, const Entry& entry) {
    text += path + " " + std::to_string(entry.node->mode) + " " + entry.node->target + " " +
            entry.node->content.read() + "\n";
  });
  return text;
}

void check_run(const ScriptCall& call) {
  auto rootfs = small_rootfs();
  const auto before = listing(rootfs);
  ScriptRootfs files(rootfs, 0);
  ScriptLimits limits;
  limits.steps = 2000;
  limits.octets = 1U << 18U;
  limits.depth = 60;
  try {
    const auto result = run_native(call, files, {}, limits);
    expect(result.status >= 0 && result.status <= 255, "a status is an octet");
    expect(result.output.size() <= limits.octets, "the output is within its bounds");
  } catch (const NotNative&) {
  } catch (const tarn::Error& error) {
    expect(error.kind() == tarn::ErrorKind::failed, "a bound that is reached is a failure");
  }
  files.undo();
  expect(listing(rootfs) == before, "what a script did can be undone");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  try {
    (void)parse_script(text);
  } catch (const tarn::Error& error) {
    expect(error.kind() == tarn::ErrorKind::usage, "what is no script is wrong usage");
  }
  ScriptCall call;
  call.name = "script";
  call.arguments = {"1.0", "a b"};
  call.environment = {{"PATH", "/bin"}};
  call.text = "#!/bin/sh\n" + text;
  auto rootfs = small_rootfs();
  (void)check_script(call, ScriptRootfs(rootfs, 0));
  check_run(call);
  return 0;
}
