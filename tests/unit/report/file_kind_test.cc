#include "builder/report/file_kind.h"

#include <string_view>
#include <vector>

#include <doctest/doctest.h>

namespace tarn::builder {

TEST_CASE("file kind: by type, first octets, place and name") {
  struct Case {
    std::string_view path;
    TarType type;
    std::uint32_t mode;
    std::string_view octets;
    std::string_view kind;
  };
  constexpr std::string_view elf =
      "\x7f"
      "ELF";
  for (const auto& row : std::vector<Case>{
           {"usr/lib/libx.so.1.2", TarType::file, 0755, elf, "shared libraries"},
           {"usr/lib/python3.12/lib-dynload/a.so", TarType::file, 0755, elf, "shared libraries"},
           {"bin/busybox", TarType::file, 0755, elf, "programs"},
           {"usr/lib/libc.a", TarType::file, 0644, "!<ar", "static libraries"},
           {"usr/lib/crt1.o", TarType::file, 0644, elf, "static libraries"},
           {"lib/modules/6/a.ko", TarType::file, 0644, elf, "kernel modules"},
           {"usr/lib/debug/bin/a.debug", TarType::file, 0644, elf, "debugging symbols"},
           {"usr/bin/ldd", TarType::file, 0755, "#!/b", "scripts"},
           {"usr/bin/tool.py", TarType::file, 0755, "#!/u", "Python"},
           {"usr/bin/odd", TarType::file, 0755, "text", "other executables"},
           {"usr/lib/python3.12/a.pyc", TarType::file, 0644, "", "Python bytecode"},
           {"usr/include/a", TarType::file, 0644, "", "headers"},
           {"usr/share/man/man1/a.1.gz", TarType::file, 0644, "", "manual pages"},
           {"lib/apk/db/installed", TarType::file, 0644, "", "package database"},
           {"usr/lib/apk/db/installed", TarType::file, 0644, "", "package database"},
           {"etc/ssl/certs/a.pem", TarType::file, 0644, "", "certificates"},
           {"etc/passwd", TarType::file, 0644, "", "settings"},
           {"srv/data", TarType::file, 0644, "", "other data"},
           {"srv/link", TarType::symlink, 0777, "", "symbolic links"},
           {"srv", TarType::directory, 0755, "", "directories"},
           {"", TarType::directory, 0755, "", "directories"},
           {"dev/null", TarType::character_device, 0666, "", "devices and pipes"},
       }) {
    CAPTURE(row.path);
    CHECK(file_kind(row.path, row.type, row.mode, beginning_of(row.octets)) == row.kind);
  }
}

}  // namespace tarn::builder
