#include "builder/rootfs/services.h"

#include <doctest/doctest.h>

#include "unit/rootfs/recipe_rootfs.h"

namespace tarn::builder {

using test::access_of;
using test::error_of;
using test::node_at;

TEST_CASE("services: a bundle's tree") {
  Rootfs rootfs;
  Entrypoint entrypoint;
  entrypoint.type = "service-bundle";
  entrypoint.services = {{"nginx", "/usr/sbin/nginx -c /etc/nginx.conf"},
                         {"php", "#!/bin/sh\nexec php-fpm\n"}};
  write_services(rootfs, entrypoint, 7, 8);
  CHECK(rootfs.read_file("sv/nginx/run") ==
        "#!/bin/execlineb\n/usr/sbin/nginx -c /etc/nginx.conf\n");
  CHECK(rootfs.read_file("sv/php/run") == "#!/bin/sh\nexec php-fpm\n");
  CHECK(access_of(node_at(rootfs, "sv/nginx/run")) == "0755 7:8");
  CHECK(access_of(node_at(rootfs, "sv/php")) == "0755 7:8");
  CHECK(access_of(node_at(rootfs, "sv")) == "0755 7:8");
}

TEST_CASE("services: another entrypoint has none") {
  Rootfs rootfs;
  Entrypoint entrypoint;
  entrypoint.services = {{"nginx", "x"}};
  write_services(rootfs, entrypoint, 0, 0);
  CHECK(rootfs.root().children.empty());
}

TEST_CASE("services: names are plain") {
  for (const std::string name : {"", ".", "..", ".hidden", "a/b", "../../etc"}) {
    Rootfs rootfs;
    Entrypoint entrypoint;
    entrypoint.type = "service-bundle";
    entrypoint.services = {{name, "x"}};
    CHECK(error_of([&] { write_services(rootfs, entrypoint, 0, 0); }).kind() == ErrorKind::usage);
  }
}

}  // namespace tarn::builder
