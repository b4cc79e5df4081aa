#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>

#include <archive.h>
#include <archive_entry.h>
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "apk/support/hash.h"
#include "unit/scripts/commands/command_call.h"
#include "unit/shared.h"

namespace tarn::builder {
namespace {

namespace fs = std::filesystem;
using test::CallResult;
using Links = std::map<std::string, std::string>;

void put_link(Rootfs& rootfs, const std::string& path, const std::string& target) {
  auto node = std::make_shared<Node>();
  node->type = NodeType::symlink;
  node->mode = 0777;
  node->target = target;
  rootfs.put(path, Entry{node, Owner{}});
}

/// The links below a folder.
Links links_in(const Rootfs& rootfs, const std::string& folder) {
  Links links;
  rootfs.walk([&](const std::string& path, const Entry& entry) {
    if (path.starts_with(folder + "/") && entry.node->type == NodeType::symlink)
      links[path] = entry.node->target;
  });
  return links;
}

std::vector<apk::InstalledPackage> some_packages() {
  apk::InstalledPackage musl;
  musl.package.name = "musl";
  musl.package.version = "1.2.4-r4";
  musl.package.provides.push_back({"so:libc.musl-x86_64.so.1", "1"});
  apk::InstalledDirectory lib;
  lib.path = "lib";
  for (const char* name : {"ld-musl.so.1", "libc.so"}) lib.files.emplace_back().name = name;
  musl.directories.push_back(lib);
  apk::InstalledPackage git;
  git.package.name = "git";
  git.package.version = "2.43.4-r0";
  return {musl, git};
}

struct Case {
  std::vector<std::string> arguments;
  CallResult expected;
};

TEST_CASE("what the system is comes from the image") {
  const auto packages = some_packages();
  const std::vector<Case> cases = {
      {{"uname"}, {0, "Linux\n", ""}},
      {{"uname", "-m"}, {0, "armv7l\n", ""}},
      {{"uname", "-mns"}, {0, "Linux tarn.example armv7l\n", ""}},
      {{"uname", "-o"}, {0, "Linux\n", ""}},
      {{"arch"}, {0, "armv7l\n", ""}},
      {{"hostname"}, {0, "tarn.example\n", ""}},
      {{"hostname", "-s"}, {0, "tarn\n", ""}},
      {{"hostname", "new"}, {}},
      {{"date"}, {0, "Sun Sep  9 01:46:40 UTC 2001\n", ""}},
      {{"date", "-u", "+%s %F %T %Z%z %j %%"},
       {0, "1000000000 2001-09-09 01:46:40 UTC+0000 252 %\n", ""}},
      {{"date", "-d", "@0", "+%Y%m%d %a %b %e"}, {0, "19700101 Thu Jan  1\n", ""}},
      {{"sleep", "1", "0.5", "2m"}, {}},
      {{"sync"}, {}},
      {{"killall", "-HUP", "nginx"}, {}},
      {{"modprobe", "loop"}, {}},
      {{"udevadm", "trigger"}, {}},
      {{"depmod"}, {}},
      {{"apk", "info", "-e", "git"}, {0, "git\n", ""}},
      {{"apk", "info", "-e", "nosuch", "musl", "git"}, {1, "musl\ngit\n", ""}},
      {{"apk", "info", "-eq", "git"}, {}},
      {{"apk", "info", "-ev", "so:libc.musl-x86_64.so.1"}, {0, "musl-1.2.4-r4\n", ""}},
      {{"apk", "info"}, {0, "git\nmusl\n", ""}},
      {{"apk", "info", "-v"}, {0, "git-2.43.4-r0\nmusl-1.2.4-r4\n", ""}},
      {{"apk", "info", "-L", "musl"},
       {0, "musl-1.2.4-r4 contains:\nlib/ld-musl.so.1\nlib/libc.so\n\n", ""}},
      {{"apk", "info", "-qL", "musl"}, {0, "lib/ld-musl.so.1\nlib/libc.so\n", ""}},
      {{"apk", "--print-arch"}, {0, "armv7\n", ""}},
      {{"apk", "version", "-t", "1.0", "1.1_rc1"}, {0, "<\n", ""}},
      {{"apk", "version", "-t", "1.0-r1", "1.0-r0"}, {0, ">\n", ""}},
      {{"apk", "version", "--test", "1.0", "1.0"}, {0, "=\n", ""}},
      {{"busybox", "echo", "a", "b"}, {0, "a b\n", ""}},
      {{"/bin/busybox", "mkdir", "-p", "/a/b"}, {}},
  };
  for (const auto& test : cases) {
    CAPTURE(test.arguments);
    test::CommandCall call;
    call.surroundings.machine = "armv7l";
    call.surroundings.host_name = "tarn.example";
    call.surroundings.packages = packages;
    auto arguments = test.arguments;
    if (arguments.front() == "/bin/busybox") arguments.front() = "busybox";
    const CallResult result = call.run(arguments);
    CHECK(result.status == test.expected.status);
    CHECK(result.output == test.expected.output);
    CHECK(result.error == test.expected.error);
    CHECK(test::CommandCall::unsupported(arguments).empty());
  }
}

TEST_CASE("what is not built is told before") {
  struct Refusal {
    std::vector<std::string> arguments;
    const char* reason;
  };
  const std::vector<Refusal> refusals = {
      {{"uname", "-r"}, "option -r"},
      {{"uname", "-a"}, "option -a"},
      {{"hostname", "-f"}, "option -f"},
      {{"date", "+%N"}, "format %N"},
      {{"date", "-d", "yesterday"}, "time 'yesterday'"},
      {{"date", "-s", "12:00"}, "option -s"},
      {{"date", "12:00"}, "setting the time"},
      {{"sync", "x"}, "operands"},
      {{"apk", "add", "x"}, "add"},
      {{"apk", "info", "git"}, "info of a package"},
      {{"apk", "info", "-W", "/bin/sh"}, "option -W"},
      {{"apk", "version", "-t", "1"}, "version but with -t and two versions"},
      {{"apk", "version"}, "version but with -t and two versions"},
      {{"apk"}, "its usage text"},
      {{"busybox"}, "its usage text"},
      {{"busybox", "--install"}, "--install but with -s"},
      {{"busybox", "nosuch"}, "applet nosuch"},
      {{"busybox", "ls", "-l"}, "ls: option -l"},
      {{"bbsuid"}, "other than --install"},
      {{"rc-update"}, "showing the runlevels"},
      {{"rc-update", "show"}, "show"},
      {{"rc-update", "-u"}, "option -u"},
      {{"rc-service", "-l"}, "option -l"},
  };
  for (const auto& test : refusals) {
    CAPTURE(test.arguments);
    CHECK(test::CommandCall::unsupported(test.arguments) == test.reason);
  }
  test::CommandCall call;
  const auto packages = some_packages();
  call.surroundings.packages = packages;
  call.file("lib/modules/6.6/modules.dep", "");
  CHECK_THROWS_AS(call.run({"depmod"}), NotNative);
  CHECK_THROWS_AS(call.run({"apk", "info", "-e", "git>1"}), NotNative);
  CHECK_THROWS_AS(call.run({"apk", "info", "-vv"}), NotNative);
  CHECK_THROWS_AS(call.run({"busybox", "--install", "-s"}), NotNative);
  CHECK_THROWS_AS(call.run({"sleep", "x"}), NotNative);
  call.environment["TZ"] = "CET";
  CHECK_THROWS_AS(call.run({"date"}), NotNative);
  CHECK(call.run({"date", "-u", "+%H"}).output == "01\n");
}

TEST_CASE("services are put into runlevels and taken out") {
  test::CommandCall call;
  call.file("etc/init.d/hwclock", "#!", 0755);
  call.file("etc/init.d/plain", "#!", 0644);
  call.file("etc/init.d/functions.sh", "#!", 0755);
  call.file("usr/local/etc/init.d/own", "#!", 0755);
  for (const char* level : {"boot", "default", "sysinit"})
    call.rootfs.make_directories(std::string("etc/runlevels/") + level, Owner{});
  put_link(call.rootfs, "etc/runlevels/default/dangling", "/none");
  const std::vector<Case> cases = {
      {{"rc-update", "add", "hwclock", "boot"},
       {0, " * service hwclock added to runlevel boot\n", ""}},
      {{"rc-update", "add", "hwclock", "boot", "default"},
       {0,
        " * rc-update: hwclock already installed in runlevel `boot'; skipping\n"
        " * service hwclock added to runlevel default\n",
        ""}},
      {{"rc-update", "add", "own"}, {0, " * service own added to runlevel sysinit\n", ""}},
      {{"rc-update", "-q", "add", "own", "boot"}, {}},
      {{"rc-update", "add", "plain", "boot"},
       {1, "", " * rc-update: service `plain' is not executable\n"}},
      {{"rc-update", "add", "functions.sh", "boot"},
       {1, "", " * rc-update: service `functions.sh' does not exist\n"}},
      {{"rc-update", "add", "none", "boot"},
       {1, "", " * rc-update: service `none' does not exist\n"}},
      {{"rc-update", "add", "hwclock", "none"},
       {1, "", " * rc-update: `none' is not a valid runlevel\n"}},
      {{"rc-update", "del", "dangling", "default"},
       {0, " * service dangling removed from runlevel default\n", ""}},
      {{"rc-update", "delete", "own", "boot", "default"},
       {1, " * service own removed from runlevel boot\n",
        " * rc-update: service `own' is not in the runlevel `default'\n"}},
      {{"rc-service", "hwclock", "restart"}, {}},
      {{"service", "none", "start"}, {1, "", " * rc-service: service `none' does not exist\n"}},
      {{"rc-service", "-i", "none", "start"}, {}},
      {{"rc-service", "-e", "none"}, {1, "", ""}},
      {{"rc-service", "--exists", "own"}, {}},
  };
  for (const auto& test : cases) {
    CAPTURE(test.arguments);
    const CallResult result = call.run(test.arguments);
    CHECK(result.status == test.expected.status);
    CHECK(result.output == test.expected.output);
    CHECK(result.error == test.expected.error);
    CHECK(test::CommandCall::unsupported(test.arguments).empty());
  }
  CHECK(links_in(call.rootfs, "etc/runlevels") ==
        Links{{"etc/runlevels/boot/hwclock", "/etc/init.d/hwclock"},
              {"etc/runlevels/default/hwclock", "/etc/init.d/hwclock"},
              {"etc/runlevels/sysinit/own", "/usr/local/etc/init.d/own"}});
  call.rootfs.remove("etc/runlevels");
  CHECK(call.run({"rc-update", "add", "hwclock"}) ==
        CallResult{0, "", " * rc-update: runlevel `sysinit' does not exist\n"});
}

/// All regular files of a package, put into a rootfs.
void unpack(const fs::path& package, Rootfs& rootfs) {
  const std::unique_ptr<archive, decltype(&archive_read_free)> reader(archive_read_new(),
                                                                      &archive_read_free);
  archive_read_support_filter_gzip(reader.get());
  archive_read_support_format_tar(reader.get());
  archive_read_set_options(reader.get(), "read_concatenated_archives");
  REQUIRE(archive_read_open_filename(reader.get(), package.c_str(), 65536) == ARCHIVE_OK);
  archive_entry* entry = nullptr;
  while (archive_read_next_header(reader.get(), &entry) != ARCHIVE_EOF) {
    const std::string path = archive_entry_pathname(entry);
    if (path.starts_with('.')) continue;
    if (archive_entry_filetype(entry) == AE_IFDIR) rootfs.make_directories(path, Owner{0});
    if (archive_entry_filetype(entry) != AE_IFREG) continue;
    std::string content(static_cast<std::size_t>(archive_entry_size(entry)), '\0');
    REQUIRE(archive_read_data(reader.get(), content.data(), content.size()) ==
            static_cast<la_ssize_t>(content.size()));
    rootfs.write_file(path, content, Owner{0},
                      static_cast<std::uint32_t>(archive_entry_mode(entry) & 07777));
  }
}

TEST_CASE("busybox and bbsuid install their links") {
  const auto shared = test::shared_folder();
  if (!shared) return;
  const auto packages = *shared / "mirror/alpine/v3.19.1-bootmedia/x86_64";
  test::CommandCall call;
  unpack(packages / "busybox-1.36.1-r15.apk", call.rootfs);
  unpack(packages / "busybox-suid-1.36.1-r15.apk", call.rootfs);
  call.rootfs.make_directories("sbin", Owner{});
  call.file("bin/ls", "an own one");

  const CallResult result = call.run({"busybox", "--install", "-s"});
  CHECK(result.status == 0);
  CHECK(result.output.empty());
  // Nobody made usr/bin.
  CHECK(result.error.starts_with("busybox: /usr/bin/[: No such file or directory\n"));
  CHECK(call.text("bin/ls") == "an own one");
  CHECK(call.rootfs.find("bin/sh")->node->target == "/bin/busybox");
  CHECK(call.rootfs.find("bin/su")->node->target == "/bin/busybox");
  CHECK_THROWS_AS(call.run({"bbsuid", "--install"}), NotNative);
  call.rootfs.make_directories("usr/bin", Owner{});
  CHECK(call.run({"busybox", "--install", "-s"}) == CallResult{});
  CHECK(call.rootfs.find("usr/bin/awk")->node->target == "/bin/busybox");

  CHECK(call.run({"bbsuid", "--install"}) == CallResult{});
  CHECK(call.rootfs.find("bin/su")->node->target == "/bin/bbsuid");
  CHECK(call.rootfs.find("usr/bin/passwd")->node->target == "/bin/bbsuid");
  call.rootfs.remove("bin/echo");
  CHECK(call.run({"busybox", "echo", "a"}) == CallResult{0, "a\n", ""});
  CHECK(call.run({"busybox", "getent", "passwd"}) ==
        CallResult{127, "", "getent: applet not found\n"});
  CHECK(call.run({"busybox", "--list"}).output.starts_with("[\n[[\nacpid\n"));
}

struct CertificateRoot {
  test::CommandCall call;
  std::map<std::string, nlohmann::json> expected;  ///< what the recorded tree has in etc/ssl/certs

  explicit CertificateRoot(const fs::path& shared) {
    std::ifstream manifest(shared / "oracle/git/manifest.jsonl");
    std::string line;
    while (std::getline(manifest, line)) {
      const auto row = nlohmann::json::parse(line);
      const std::string path = row["path"];
      if (path.starts_with("etc/ssl/certs/")) expected[path] = row;
    }
    for (const auto& folder : fs::directory_iterator(shared / "mirror/alpine/v3.19/main")) {
      const auto package = folder.path() / "ca-certificates-20240226-r0.apk";
      if (fs::exists(package)) unpack(package, call.rootfs);
    }
    REQUIRE(call.rootfs.find("etc/ca-certificates.conf") != nullptr);
  }

  CallResult update() { return call.run({"update-ca-certificates"}); }
};

TEST_CASE("certificates: the links and the bundle of a recorded tree") {
  const auto shared = test::shared_folder();
  if (!shared) return;
  CertificateRoot root(*shared);
  // A package's bundle stands there before.
  root.call.file("etc/ssl/certs/ca-certificates.crt", "old", 0600);
  for (const char* time : {"first", "again"}) {
    CAPTURE(time);
    CHECK(root.update() == CallResult{});
    Links expected;
    for (const auto& [path, row] : root.expected)
      if (row["type"] == "symlink") expected[path] = row["target"];
    REQUIRE(expected.size() > 250);
    CHECK(links_in(root.call.rootfs, "etc/ssl/certs") == expected);
    const Entry* const bundle = root.call.rootfs.find("etc/ssl/certs/ca-certificates.crt");
    const auto& row = root.expected.at("etc/ssl/certs/ca-certificates.crt");
    CHECK(to_hex(sha256(bundle->node->content.read())) == row["sha256"].get<std::string>());
    CHECK(bundle->node->mode == 0644);
  }
}

TEST_CASE("certificates: own ones, deselected ones and what is none") {
  const auto shared = test::shared_folder();
  if (!shared) return;
  CertificateRoot root(*shared);
  auto& call = root.call;
  const std::string mozilla = "usr/share/ca-certificates/mozilla/";
  const std::string local = "usr/local/share/ca-certificates/";
  const std::string first = call.text(mozilla + "ACCVRAIZ1.crt");
  const std::string second = call.text(mozilla + "Amazon_Root_CA_1.crt");
  call.file("etc/ca-certificates.conf",
            "# comment\nmozilla/ACCVRAIZ1.crt\n!mozilla/Certigna.crt\nnosuch.crt\n");
  call.file(local + "My (odd), one.crt", second);
  call.file(local + "junk.pem", "junk");
  call.file(local + ".hidden.crt", first);
  put_link(call.rootfs, "etc/ssl/certs/ca-cert-Old.pem", "/usr/share/ca-certificates/Old.crt");
  put_link(call.rootfs, "etc/ssl/certs/12345678.0", "ca-cert-Old.pem");
  put_link(call.rootfs, "etc/ssl/certs/kept.pem", "/none");
  CHECK(root.update() ==
        CallResult{0, "",
                   "Warning! Cannot copy to bundle: /usr/share/ca-certificates/nosuch.crt\n"
                   "WARNING: ca-cert-junk.pem.pem does not contain exactly one certificate or CRL: "
                   "skipping\n"});
  CHECK(links_in(call.rootfs, "etc/ssl/certs") ==
        Links{{"etc/ssl/certs/a94d09e5.0", "ca-cert-ACCVRAIZ1.pem"},
              {"etc/ssl/certs/ce5e74ef.0", "ca-cert-My_=odd=__one.pem"},
              {"etc/ssl/certs/ca-cert-ACCVRAIZ1.pem",
               "/usr/share/ca-certificates/mozilla/ACCVRAIZ1.crt"},
              {"etc/ssl/certs/ca-cert-My_=odd=__one.pem",
               "/usr/local/share/ca-certificates/My (odd), one.crt"},
              {"etc/ssl/certs/ca-cert-junk.pem.pem", "/usr/local/share/ca-certificates/junk.pem"},
              {"etc/ssl/certs/ca-cert-nosuch.pem", "/usr/share/ca-certificates/nosuch.crt"},
              {"etc/ssl/certs/kept.pem", "/none"}});
  CHECK(call.text("etc/ssl/certs/ca-certificates.crt") == first + "\n\n" + second + "junk");

  // Two of one subject would be numbered as the file system has them.
  call.file(local + "again.crt", second);
  CHECK_THROWS_AS(root.update(), NotNative);
  call.rootfs.remove(local + "again.crt");
  call.file("etc/ca-certificates/update.d/other", "#!/bin/sh\n", 0755);
  CHECK_THROWS_AS(root.update(), NotNative);
  call.rootfs.remove("etc/ca-certificates/update.d");
  const auto warning = "run-parts: /etc/ca-certificates/update.d/: No such file or directory\n";
  CHECK(root.update().error.ends_with(warning));
  call.rootfs.remove("etc/ssl/certs");
  CHECK(root.update() ==
        CallResult{1, "",
                   "Failed to open temporary file /etc/ssl/certs/bundleXXXXXX for ca bundle\n"});
}

}  // namespace
}  // namespace tarn::builder
