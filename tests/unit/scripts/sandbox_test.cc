#include "builder/scripts/sandbox.h"

#include <string>

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "unit/scripts/sandbox_rootfs.h"

using namespace tarn::builder;
using tarn::test::as_person;
using tarn::test::busybox_rootfs;
using tarn::test::people;
using tarn::test::put_node;
using tarn::test::SandboxRun;

namespace {

/// Runs a script for each kind of user there is: the report is the same for all.
void check_for_all(const std::string& script, const std::string& expected,
                   const SandboxLimits& limits = {}) {
  CAPTURE(script);
  for (const auto& person : people()) {
    INFO("as ", person.description);
    const std::string report = as_person(person, [&] {
      auto rootfs = busybox_rootfs();
      SandboxRun run;
      run.options.limits = limits;
      return run.report(*rootfs, script);
    });
    CHECK(report == expected);
  }
}

bool can_run() {
  return busybox_rootfs() && tarn::test::sandbox_works();
}

}  // namespace

TEST_CASE("a script in the sandbox sees its call and its own root") {
  if (!can_run()) return;
  check_for_all(
      "echo $0 $# $1; pwd; env | sort; umask; id -u; cat; hostname; ls -A /; ls -A lib/apk/exec; "
      "echo error >&2; exit 7",
      "status 7\n"
      "lib/apk/exec/demo-1.0-r0.post-install 1 1.0-r0\n/\nAPK_PACKAGE=demo\n"
      "APK_SCRIPT=post-install\nPATH=/usr/sbin:/usr/bin:/sbin:/bin\nPWD=/\nSHLVL=1\n0022\n0\n"
      "localhost\nbin\ndev\netc\nlib\nproc\ntmp\nusr\nvar\ndemo-1.0-r0.post-install\nerror\n");
}

TEST_CASE("a script without an interpreter has status 127") {
  if (!can_run()) return;
  auto rootfs = busybox_rootfs();
  SandboxRun run;
  for (const char* const text : {"exit 0\n", "#!/bin/none\nexit 0\n", ""}) {
    run.call.text = text;
    CHECK(run_in_sandbox(run.call, *rootfs, run.options).status == 127);
  }
}

TEST_CASE("what a script changes is taken over") {
  if (!can_run()) return;
  struct Case {
    std::string script;
    std::string expected;
  };
  const Case cases[] = {
      {"exit 0", ""},
      {"echo new >etc/new; chmod 640 etc/new", "etc/new f 0640 0:0 @0 owner=-1 'new|'\n"},
      {"mkdir -p srv/a; chmod 2775 srv/a", "srv d 0755 0:0 owner=-1\nsrv/a d 2775 0:0 owner=-1\n"},
      {"ln -s /etc/passwd etc/link", "etc/link l 0777 0:0 @0 owner=-1 -> /etc/passwd\n"},
      {"mkfifo -m 600 var/pipe", "var/pipe p 0600 0:0 @0 owner=-1\n"},
      {"rm etc/group", "- etc/group\n"},
      {"rm -r usr", "- usr\n- usr/bin\n"},
      {"chmod 4711 bin/busybox; chmod 600 etc/group; chmod 755 bin/busybox",
       "etc/group f 0600 0:0 @-100000000 owner=0 'root:x:0:|nginx:x:101:|'\n"},
      {"chmod 6755 etc/group",
       "etc/group f 6755 0:0 @-100000000 owner=0 'root:x:0:|nginx:x:101:|'\n"},
      {"echo x:x:7: >>etc/group",
       "etc/group f 0644 0:0 @0 owner=0 'root:x:0:|nginx:x:101:|x:x:7:|'\n"},
      {"echo short >etc/group", "etc/group f 0644 0:0 @0 owner=0 'short|'\n"},
      {"cat etc/group >x; cat x >etc/group; rm x",
       "etc/group f 0644 0:0 @0 owner=0 'root:x:0:|nginx:x:101:|'\n"},
      {"mv etc/group etc/crew",
       "- etc/group\netc/crew f 0644 0:0 @-100000000 owner=-1 'root:x:0:|nginx:x:101:|'\n"},
      {"mv usr opt", "- usr\n- usr/bin\nopt d 0755 0:0 owner=-1\nopt/bin d 0755 0:0 owner=0\n"},
      {"ln etc/group etc/other",
       "etc/other f 0644 0:0 @-100000000 owner=-1 'root:x:0:|nginx:x:101:|'\n"},
      {"touch -d '2001-09-09 01:46:40' etc/old; touch -r etc/group etc/same",
       "etc/old f 0644 0:0 @-600000000 owner=-1 ''\netc/same f 0644 0:0 @-100000000 owner=-1 ''\n"},
      {"cp -p etc/group etc/copy",
       "etc/copy f 0644 0:0 @-100000000 owner=-1 'root:x:0:|nginx:x:101:|'\n"},
      {"rm etc/group; echo anew >etc/group", "etc/group f 0644 0:0 @0 owner=-1 'anew|'\n"},
      {"rm -r tmp; echo file >tmp", "tmp f 0644 0:0 @0 owner=-1 'file|'\n"},
      {"mkdir d; chmod 000 d; echo x >f; chmod 000 f",
       "d d 0000 0:0 owner=-1\nf f 0000 0:0 @0 owner=-1 'x|'\n"},
      {"echo secret >/dev/shm/x; echo out >/proc/self/fd/1", "out\n"},
      {"mkdir -p lib/apk; echo x >lib/apk/x",
       "lib d 0755 0:0 owner=-1\nlib/apk d 0755 0:0 "
       "owner=-1\nlib/apk/x f 0644 0:0 @0 owner=-1 'x|'\n"},
      {"cp $0 kept; rm $0", "kept f 0755 0:0 @0 owner=-1 '#!/bin/sh|cp $0 kept; rm $0'\n"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.script);
    auto rootfs = busybox_rootfs();
    SandboxRun run;
    CHECK(run.report(*rootfs, c.script) == "status 0\n" + c.expected);
  }
  check_for_all(
      "rm etc/group; echo new >etc/group; mv usr opt; mkdir -m 2775 srv; chmod 4755 bin/busybox; "
      "chmod 755 bin/busybox; mkdir -m 0 d; ln etc/passwd etc/other; echo >>etc/passwd",
      "status 0\n- usr\n- usr/bin\nd d 0000 0:0 owner=-1\n"
      "etc/group f 0644 0:0 @0 owner=-1 'new|'\n"
      "etc/other f 0644 0:0 @0 owner=-1 "
      "'root:x:0:0:root:/root:/bin/sh|nginx:x:100:101:nginx:/var:/sbin/nologin||'\n"
      "etc/passwd f 0644 0:0 @0 owner=0 "
      "'root:x:0:0:root:/root:/bin/sh|nginx:x:100:101:nginx:/var:/sbin/nologin||'\n"
      "opt d 0755 0:0 owner=-1\nopt/bin d 0755 0:0 owner=0\nsrv d 2775 0:0 owner=-1\n");
}

TEST_CASE("owners that a script gives are taken over, whatever ids the user has") {
  if (!can_run()) return;
  struct Case {
    std::string script;
    std::string expected;
  };
  const Case cases[] = {
      {"chown nginx:nginx etc/group",
       "etc/group f 0644 100:101 @-100000000 owner=0 'root:x:0:|nginx:x:101:|'\n"},
      {"chown 100 etc; chown :101 etc", "etc d 0755 100:101 owner=0\n"},
      {"chown 100:65534 etc tmp; stat -c %u:%g etc; ls -dn tmp | tr -s ' ' | cut -d ' ' -f 3,4; "
       "find . -xdev -user nginx; chown 0:0 etc tmp",
       "100:65534\n100 65534\n./etc\n./tmp\n"},
      {"echo >x; chown 100:101 x; cp -a x y; chgrp 7 y; exec 3<x; stat -c %g /proc/self/fd/3 y; "
       "stat -Lc %g /dev/fd/3",
       "0\n7\n101\nx f 0644 100:101 @0 owner=-1 '|'\ny f 0644 100:7 @0 owner=-1 '|'\n"},
      {"mkdir -p var/a/b; echo >var/a/c; chown -R nginx:65534 var/a",
       "var/a d 0755 100:65534 owner=-1\nvar/a/b d 0755 100:65534 owner=-1\n"
       "var/a/c f 0644 100:65534 @0 owner=-1 '|'\n"},
      {"ln -s group etc/l; chown -h 100:101 etc/l", "etc/l l 0777 100:101 @0 owner=-1 -> group\n"},
      {"ln -s group etc/l; chown 100 etc/l; rm etc/l",
       "etc/group f 0644 100:0 @-100000000 owner=0 'root:x:0:|nginx:x:101:|'\n"},
      {"cd etc; chown 100 ../etc/group; chown 0 ./group", ""},
      {"echo >x; chmod 6755 x; chown 100 x", "x f 0755 100:0 @0 owner=-1 '|'\n"},
      {"echo >x; chown 100 x; rm x; echo >x", "x f 0644 0:0 @0 owner=-1 '|'\n"},
      {"(chown 100 none; chown -R 100 '' ) 2>/dev/null || echo $?", "1\n"},
      {"chown 100 /dev/null /proc/self/status none 2>/dev/null || echo $?", "1\n"},
  };
  for (const Case& c : cases) check_for_all(c.script, "status 0\n" + c.expected);
}

TEST_CASE("what the disk cannot hold stays in the rootfs") {
  if (!can_run()) return;
  for (const auto& person : people()) {
    INFO("as ", person.description);
    const std::string report = as_person(person, [&] {
      auto rootfs = busybox_rootfs();
      auto& device = put_node(*rootfs, "var/console", NodeType::character_device, 0620);
      device.device_major = 5;
      device.device_minor = 1;
      auto& foreign = put_node(*rootfs, "var/foreign", NodeType::file, 0600, "text");
      foreign.uid = 1'000'000;
      foreign.gid = 1'000'001;
      auto& able = put_node(*rootfs, "var/able", NodeType::file, 0755, "able");
      able.xattrs["security.capability"] =
          std::string("\1\0\0\2\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
      able.xattrs["user.note"] = "hello";
      put_node(*rootfs, "var/loses", NodeType::file, 0755, "able").xattrs = able.xattrs;
      auto& owned = put_node(*rootfs, "var/owned", NodeType::directory, 0750);
      owned.uid = 100;
      owned.gid = 101;
      rootfs->put("var/second", *rootfs->find("var/foreign"));
      put_node(*rootfs, "var/queue", NodeType::fifo, 0600);
      SandboxRun run;
      const Node* const node = rootfs->find("var/foreign")->node.get();
      std::string text = run.report(*rootfs, "echo >>var/loses; mv var/console var/moved");
      if (rootfs->find("var/second")->node.get() != node) text += "another node\n";
      text += run.report(*rootfs, "chmod 644 var/second; chmod 700 var/owned");
      return text;
    });
    CHECK(report ==
          "status 0\n- var/console\nvar/loses f 0755 0:0 @0 owner=0 user.note=5 'able|'\n"
          "var/moved c 0620 0:0 @-100000000 owner=-1 5,1\n"
          "status 0\nvar/foreign f 0644 1000000:1000001 @-100000000 owner=0 'text'\n"
          "var/owned d 0700 100:101 owner=0\n"
          "var/second f 0644 1000000:1000001 @-100000000 owner=0 'text'\n");
  }
}

TEST_CASE("a script that makes accounts leaves no date of its run, and no backup copies") {
  if (!can_run()) return;
  for (const auto& person : people()) {
    INFO("as ", person.description);
    const std::string report = as_person(person, [&] {
      auto rootfs = busybox_rootfs();
      put_node(*rootfs, "etc/shadow", NodeType::file, 0640, "root:!::0:::::\n");
      put_node(*rootfs, "etc/group-", NodeType::file, 0600, "of a package\n");
      SandboxRun run;
      return run.report(*rootfs,
                        "day=$(($(date +%s) / 86400)); echo web:!:$day:0::::: >>etc/shadow; "
                        "echo old:!:7:0::::: >>etc/shadow; sed -i s/^root:!:/root:*:/ etc/shadow; "
                        "echo x >etc/passwd-; echo x >etc/group-; rm etc/group; echo >etc/group");
    });
    CHECK(report ==
          "status 0\netc/group f 0644 0:0 @0 owner=-1 '|'\n"
          "etc/shadow f 0640 0:0 @0 owner=-1 "
          "'root:*::0:::::|web:!:18518:0:::::|old:!:7:0:::::|'\n");
  }
}

TEST_CASE("this process' umask reaches neither a script nor the rootfs") {
  if (!can_run()) return;
  for (const auto& person : people()) {
    INFO("as ", person.description);
    const std::string report = as_person(person, [&] {
      auto rootfs = busybox_rootfs();
      SandboxRun run;
      const mode_t before = ::umask(0777);
      std::string text = run.report(*rootfs, "umask; mkdir -p srv/a; echo >srv/a/b");
      ::umask(before);
      return text;
    });
    CHECK(report ==
          "status 0\n0022\nsrv d 0755 0:0 owner=-1\nsrv/a d 0755 0:0 owner=-1\n"
          "srv/a/b f 0644 0:0 @0 owner=-1 '|'\n");
  }
}

TEST_CASE("the same script on the same rootfs gives the same") {
  if (!can_run()) return;
  const auto once = [] {
    auto rootfs = busybox_rootfs();
    SandboxRun run;
    std::string text = run.report(
        *rootfs,
        "for i in 9 3 7 1; do echo $i >tmp/$i; ln tmp/$i tmp/l$i; mkdir tmp/d$i; done; ls tmp; "
        "cp -r etc var/etc; sed -i s/root/toor/ etc/group; mv tmp/3 tmp/d1");
    for (const auto& [path, line] : tarn::test::entry_texts(*rootfs)) text += line + "\n";
    return text;
  };
  CHECK(once() == once());
}

TEST_CASE("unchanged files keep where their content lies") {
  if (!can_run()) return;
  auto rootfs = busybox_rootfs();
  const auto source = rootfs->find("etc/passwd")->node->content.source;
  const auto other = rootfs->find("etc/group")->node->content.source;
  SandboxRun run;
  CHECK(run(*rootfs, "touch etc/passwd; chmod 600 etc/passwd; echo x >>etc/group").status == 0);
  CHECK(rootfs->find("etc/passwd")->node->content.source == source);
  CHECK(rootfs->find("etc/passwd")->node->mtime == tarn::test::image_time);
  CHECK(rootfs->find("etc/group")->node->content.source != other);
}

TEST_CASE("a script's path follows the rootfs' own links") {
  if (!can_run()) return;
  for (const auto& person : people()) {
    const std::string report = as_person(person, [&] {
      auto rootfs = busybox_rootfs();
      put_node(*rootfs, "usr/lib", NodeType::directory, 0755);
      put_node(*rootfs, "lib", NodeType::symlink, 0777, "/usr/lib");
      put_node(*rootfs, "var/proc", NodeType::directory, 0755);
      put_node(*rootfs, "proc", NodeType::symlink, 0777, "var/proc");
      SandboxRun run;
      return run.report(*rootfs, "ls usr/lib/apk/exec; cat /proc/1/comm >/dev/null && echo $?");
    });
    CHECK(report == "status 0\ndemo-1.0-r0.post-install\n0\n");
  }
}
