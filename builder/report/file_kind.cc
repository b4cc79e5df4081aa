#include "builder/report/file_kind.h"

#include <array>

namespace tarn::builder {
namespace {

struct NamedKind {
  std::string_view part;  ///< of the path, from '/' to '/', or the end of its name
  std::string_view kind;
};

/// Places say more than endings: a page of a manual may end in ".gz".
constexpr std::array<NamedKind, 14> kinds_of_places = {{
    {"/lib/apk/", "package database"},
    {"/etc/apk/", "package database"},
    {"/usr/lib/debug/", "debugging symbols"},
    {"/usr/include/", "headers"},
    {"/share/man/", "manual pages"},
    {"/share/doc/", "documentation"},
    {"/share/info/", "documentation"},
    {"/share/gtk-doc/", "documentation"},
    {"/share/licenses/", "licenses"},
    {"/share/locale/", "translations"},
    {"/lib/locale/", "translations"},
    {"/share/zoneinfo/", "time zones"},
    {"/share/fonts/", "fonts"},
    {"/share/icons/", "images"},
}};

constexpr std::array<NamedKind, 61> kinds_of_endings = {{
    {".a", "static libraries"},
    {".o", "static libraries"},
    {".la", "static libraries"},
    {".h", "headers"},
    {".hpp", "headers"},
    {".hh", "headers"},
    {".py", "Python"},
    {".pyi", "Python"},
    {".pyc", "Python bytecode"},
    {".pyo", "Python bytecode"},
    {".js", "JavaScript"},
    {".mjs", "JavaScript"},
    {".cjs", "JavaScript"},
    {".ts", "JavaScript"},
    {".map", "JavaScript"},
    {".pl", "Perl"},
    {".pm", "Perl"},
    {".pod", "documentation"},
    {".rb", "Ruby"},
    {".php", "PHP"},
    {".phar", "PHP"},
    {".lua", "Lua"},
    {".tcl", "Tcl"},
    {".el", "Lisp"},
    {".elc", "Lisp"},
    {".sh", "scripts"},
    {".vim", "scripts"},
    {".jar", "Java"},
    {".class", "Java"},
    {".go", "Go sources"},
    {".c", "sources"},
    {".cc", "sources"},
    {".cpp", "sources"},
    {".rs", "sources"},
    {".ko", "kernel modules"},
    {".ko.gz", "kernel modules"},
    {".ko.xz", "kernel modules"},
    {".ko.zst", "kernel modules"},
    {".debug", "debugging symbols"},
    {".mo", "translations"},
    {".po", "translations"},
    {".pem", "certificates"},
    {".crt", "certificates"},
    {".html", "web pages"},
    {".htm", "web pages"},
    {".css", "web pages"},
    {".png", "images"},
    {".svg", "images"},
    {".jpg", "images"},
    {".gif", "images"},
    {".ico", "images"},
    {".ttf", "fonts"},
    {".otf", "fonts"},
    {".woff2", "fonts"},
    {".md", "documentation"},
    {".rst", "documentation"},
    {".json", "structured text"},
    {".xml", "structured text"},
    {".yaml", "structured text"},
    {".sql", "structured text"},
    {".pc", "structured text"},
}};

std::string_view kind_of_node(TarType type) {
  switch (type) {
    case TarType::directory:
      return "directories";
    case TarType::symlink:
      return "symbolic links";
    case TarType::file:
    case TarType::hard_link:
      return {};
    default:
      return "devices and pipes";
  }
}

}  // namespace

FileBeginning beginning_of(std::string_view octets) {
  if (octets.starts_with("\x7f"
                         "ELF"))
    return FileBeginning::elf;
  return octets.starts_with("#!") ? FileBeginning::interpreter : FileBeginning::other;
}

std::string_view file_kind(std::string_view path, TarType type, std::uint32_t mode,
                           FileBeginning beginning) {
  if (const std::string_view kind = kind_of_node(type); !kind.empty()) return kind;
  const std::string_view name = path.substr(path.rfind('/') + 1);
  for (const NamedKind& place : kinds_of_places)
    if (path.find(place.part) != path.npos || path.starts_with(place.part.substr(1)))
      return place.kind;
  if (beginning == FileBeginning::elf && !name.ends_with(".o") && !name.ends_with(".ko") &&
      !name.ends_with(".debug"))
    return name.ends_with(".so") || name.find(".so.") != name.npos ? "shared libraries"
                                                                   : "programs";
  for (const NamedKind& ending : kinds_of_endings)
    if (name.ends_with(ending.part)) return ending.kind;
  if (beginning == FileBeginning::interpreter) return "scripts";
  if (path.starts_with("etc/")) return "settings";
  return (mode & 0111U) != 0 ? "other executables" : "other data";
}

}  // namespace tarn::builder
