#include "builder/rootfs/certificates.h"

#include <doctest/doctest.h>

#include "unit/rootfs/recipe_rootfs.h"

namespace tarn::builder {
namespace {

using test::at_line;
using test::error_of;

/// Two certificates that sign themselves.
constexpr std::string_view one =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBcjCCARmgAwIBAgIUDIF73z2ScCTV8wbrhHodjIyrIRMwCgYIKoZIzj0EAwIw\n"
    "DjEMMAoGA1UEAwwDb25lMCAXDTI2MTEyMjAwNTk1NloYDzIxMjYxMDI5MDA1OTU2\n"
    "WjAOMQwwCgYDVQQDDANvbmUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATfhtbu\n"
    "EWLjMVDuL2X45NTFrCfrdtbABC0vFg14MOnxrPCSGJlQJgI3igta3cWss3lh2o6c\n"
    "4iarABie7fjtdS0oo1MwUTAdBgNVHQ4EFgQUuiV+dj4EUJCljp5HIdnjxN8OYJgw\n"
    "HwYDVR0jBBgwFoAUuiV+dj4EUJCljp5HIdnjxN8OYJgwDwYDVR0TAQH/BAUwAwEB\n"
    "/zAKBggqhkjOPQQDAgNHADBEAiAg/ampEHkEgAArbhxjry7WbyAl+YoaG2X7QUfD\n"
    "8y4/nQIgbNZwcdHHdV5m+1pAFLknJ+KPtvIIb5pscL1rsGbgGh8=\n"
    "-----END CERTIFICATE-----\n";
constexpr std::string_view two =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBczCCARmgAwIBAgIUfZzmq27Lg9+uUMX9+9/p5tDJ+3MwCgYIKoZIzj0EAwIw\n"
    "DjEMMAoGA1UEAwwDdHdvMCAXDTI2MTEyMjAwNTk1NloYDzIxMjYxMDI5MDA1OTU2\n"
    "WjAOMQwwCgYDVQQDDAN0d28wWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQQ7cKh\n"
    "T0LUPEa0e6BEszPogLZQbmKeYbse+ZzIsmSZ3NDr1No43drVxttaDoKUNdAPXqnx\n"
    "+SeFCnhNIclQC7TTo1MwUTAdBgNVHQ4EFgQUCgITMDdAxsTSiYF0mlgSUpbFNTgw\n"
    "HwYDVR0jBBgwFoAUCgITMDdAxsTSiYF0mlgSUpbFNTgwDwYDVR0TAQH/BAUwAwEB\n"
    "/zAKBggqhkjOPQQDAgNIADBFAiEA2j8B2DyTioX7m+HBfa49ZrjHSFFVn7xPmr3e\n"
    "syTuM/QCIECWIx39eQTiOBgFacYNKj21y9+zkZ5R77PggRUGS04n\n"
    "-----END CERTIFICATE-----\n";
constexpr std::string_view bundle = "etc/ssl/certs/ca-certificates.crt";

Certificate certificate(std::string name, std::string content) {
  return {std::move(name), std::move(content), at_line(5)};
}

std::string text(std::string_view first, std::string_view second = "") {
  return std::string(first) + std::string(second);
}

}  // namespace

TEST_CASE("certificates: written beside the others and into the bundle") {
  Rootfs rootfs;
  add_certificates(rootfs, {certificate("one", "a comment\n" + text(one)),
                            certificate("both-1.0", text(one, two))});
  CHECK(rootfs.read_file("usr/local/share/ca-certificates/one.crt") == text(one));
  CHECK(rootfs.read_file("usr/local/share/ca-certificates/both-1.0.crt") == text(one, two));
  CHECK(rootfs.read_file(bundle) == text(one, two));
  CHECK(test::access_of(*rootfs.find(bundle)->node) == "0644 0:0");
}

TEST_CASE("certificates: a bundle that is there is added to, through links") {
  Rootfs rootfs;
  rootfs.write_file("etc/ssl/cert.pem", text(two, "# the end"), Owner{0});
  rootfs.make_directories("etc/ssl/certs", Owner{0});
  test::put_symlink(rootfs, bundle, "../cert.pem");
  add_certificates(rootfs, {certificate("one", text(one)), certificate("two", text(two))});
  CHECK(rootfs.read_file("etc/ssl/cert.pem") == text(two, "# the end\n") + text(one));
  CHECK(rootfs.find(bundle)->node->type == NodeType::symlink);
}

TEST_CASE("certificates: line ends of other systems") {
  std::string content;
  for (const char c : one) content += c == '\n' ? "\r\n" : std::string(1, c);
  Rootfs rootfs;
  add_certificates(rootfs, {certificate("one", content)});
  CHECK(rootfs.read_file(bundle) == text(one));
}

TEST_CASE("certificates: errors name the place") {
  const std::string cut(one.substr(0, one.size() / 2));
  for (const auto& row : {
           certificate("", text(one)),
           certificate(".one", text(one)),
           certificate("a/b", text(one)),
           certificate("a b", text(one)),
           certificate("one", ""),
           certificate("one", "no certificate"),
           certificate("one", cut),
           certificate("one", text(one, cut)),
           certificate("one", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
       }) {
    CAPTURE(row.name);
    Rootfs rootfs;
    const auto error = error_of([&] { add_certificates(rootfs, {row}); });
    CHECK(error.kind() == ErrorKind::usage);
    CHECK(error.message().starts_with("recipe.yaml:5:3: "));
  }
  Rootfs rootfs;
  CHECK(error_of([&] {
          add_certificates(rootfs, {certificate("one", text(one)), certificate("one", text(two))});
        }).message() == "recipe.yaml:5:3: certificate 'one' is given twice");
}

TEST_CASE("certificates: those of packages") {
  Rootfs rootfs;
  rootfs.write_file(bundle, text(one), Owner{0});
  rootfs.write_file("usr/share/ca/two.crt", text(two), Owner{1});
  rootfs.write_file("usr/share/ca/one.pem", text(one), Owner{1});
  rootfs.write_file("usr/share/ca/README", "text", Owner{1});
  test::put_symlink(rootfs, "usr/share/ca/link.pem", "gone.pem");
  add_packaged_certificates(
      rootfs, {std::string(bundle), "usr/share/ca/README", "usr/share/ca/link.pem",
               "usr/share/ca/one.pem", "usr/share/ca/two.crt", "usr/share/ca/none.crt"});
  CHECK(rootfs.read_file(bundle) == text(one, two));
  rootfs.write_file("usr/share/ca/bad.crt", "text", Owner{1});
  CHECK(error_of([&] { add_packaged_certificates(rootfs, {"usr/share/ca/bad.crt"}); }).message() ==
        "'/usr/share/ca/bad.crt' holds no certificates in PEM form");
}

}  // namespace tarn::builder
