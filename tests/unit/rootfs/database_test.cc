#include "builder/rootfs/database.h"

#include <string>

#include <doctest/doctest.h>

#include "apk/support/error.h"
#include "unit/rootfs/synthetic.h"

using namespace tarn::builder;
using tarn::test::SyntheticPackage;
namespace apk = tarn::apk;

namespace {

// An RSA key of 1024 bits made for this test.
const std::string pem = R"(-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC/Z7Os8MoV7nXhKNB1YYSQCAc9
IaXHFL4ZfaNqp4v7Kc13eG9lMVDYem5XP6X/bGfIWgrOr3DCEGR+rGncgTdpuuPe
i7ftiT040isTGNyze/DEISBO6ZCJa5NCQqS9/RbGAdoc8xb0pJbJwNCWLblzUsn6
QX5M31DupXrMxjKz4wIDAQAB
-----END PUBLIC KEY-----
)";

DatabaseContents contents_of(const Installer& installer) {
  apk::Variables variables;
  DatabaseContents contents;
  contents.packages = installer.packages();
  contents.world = {apk::Dependency::parse("b").value(), apk::Dependency::parse("a>1").value()};
  contents.architectures = {"x86_64"};
  contents.repositories =
      apk::parse_repository_line("https://user:secret@host/alpine/main", variables);
  contents.keys = {apk::PublicKey::from_pem("ours.rsa.pub", pem),
                   apk::PublicKey::from_pem("package.rsa.pub", pem)};
  return contents;
}

}  // namespace

TEST_CASE("database: files of a root") {
  Rootfs rootfs;
  Installer installer(rootfs);
  installer.install(SyntheticPackage("a").file("etc/apk/keys/package.rsa.pub", "its own").get());
  write_apk_database(rootfs, contents_of(installer));

  CHECK(rootfs.read_file("etc/apk/world") == "a>1\nb\n");
  CHECK(rootfs.read_file("etc/apk/arch") == "x86_64\n");
  CHECK(rootfs.read_file("etc/apk/repositories") == "https://host/alpine/main\n");
  CHECK(rootfs.read_file("etc/apk/keys/ours.rsa.pub") == pem);
  CHECK(rootfs.read_file("etc/apk/keys/package.rsa.pub") == "its own");
  CHECK(rootfs.read_file("lib/apk/db/triggers") == "");
  CHECK(rootfs.read_file("lib/apk/db/scripts.tar") == std::string(1024, '\0'));
  CHECK(rootfs.read_file("lib/apk/db/installed")->find("P:a\n") != std::string::npos);
  CHECK(rootfs.find("lib/apk/db/lock") == nullptr);
  for (const char* path : {"lib/apk/db/installed", "etc/apk/world", "etc/apk/keys/ours.rsa.pub"}) {
    const Entry* entry = rootfs.find(path);
    CHECK(entry->node->mode == 0644);
    CHECK(entry->owner.value == Owner::generated);
  }
  CHECK(rootfs.find("lib/apk")->node->mode == 0755);
  CHECK(rootfs.find("lib/apk")->owner.value == Owner::generated);

  drop_apk_database(rootfs);
  CHECK(rootfs.find("etc/apk") == nullptr);
  CHECK(rootfs.find("lib/apk") == nullptr);
  CHECK(rootfs.find("lib") != nullptr);
}

TEST_CASE("database: lib may be a link") {
  Rootfs rootfs;
  Installer installer(rootfs);
  installer.install(
      SyntheticPackage("a").directory("usr/lib/apk/exec").symlink("lib", "usr/lib").get());
  write_apk_database(rootfs, contents_of(installer));
  CHECK(rootfs.find("usr/lib/apk/db/installed") != nullptr);
  CHECK(rootfs.find("usr/lib/apk/exec") == nullptr);
  CHECK(rootfs.find("lib")->node->type == NodeType::symlink);
  drop_apk_database(rootfs);
  CHECK(rootfs.find("usr/lib/apk") == nullptr);
}

TEST_CASE("database: a root without repositories has no file of them") {
  Rootfs rootfs;
  write_apk_database(rootfs, {});
  CHECK(rootfs.find("etc/apk/repositories") == nullptr);
  CHECK(rootfs.find("etc/apk/keys") == nullptr);
  CHECK(rootfs.read_file("lib/apk/db/installed") == "");
}

TEST_CASE("database: a key's name must be a file name") {
  for (const char* name : {"../../etc/passwd", ".hidden", ""}) {
    CAPTURE(name);
    Rootfs rootfs;
    DatabaseContents contents;
    contents.keys = {apk::PublicKey::from_pem(name, pem)};
    CHECK_THROWS_AS(write_apk_database(rootfs, contents), tarn::Error);
  }
}
