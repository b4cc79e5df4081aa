#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apk/support/error.h"
#include "builder/scripts/sandbox_tree.h"

namespace tarn::builder {
namespace {

/// Folders deeper than this are moved to the top first, so that few files are open at a time.
constexpr int deepest = 64;

class Remover {
 public:
  explicit Remover(int top) : top_(top) {}

  void empty(int folder, int depth) {
    for (const std::string& name : names_in(folder)) {
      if (::unlinkat(folder, name.c_str(), 0) == 0) continue;
      if (errno != EISDIR && errno != EPERM) fail(name);
      if (depth >= deepest) {
        const std::string other = fmt::format(".deep-{}", ++moved_);
        if (::renameat(folder, name.c_str(), top_, other.c_str()) != 0) fail(name);
        continue;
      }
      enter(folder, name, depth);
      if (::unlinkat(folder, name.c_str(), AT_REMOVEDIR) != 0) fail(name);
    }
  }
  int moved() const { return moved_; }

 private:
  void enter(int folder, const std::string& name, int depth) {
    // A folder without rights may not even be moved or read by its owner where no privilege helps.
    const FileDescriptor inner(
        ::openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!inner) fail(name);
    empty(inner.get(), depth + 1);
  }
  [[noreturn]] static void fail(const std::string& name) {
    throw system_error("removing " + name, errno);
  }
  static std::vector<std::string> names_in(int folder) {
    DIR* const stream = ::fdopendir(::fcntl(folder, F_DUPFD_CLOEXEC, 0));
    if (stream == nullptr) fail("a folder");
    ::rewinddir(stream);
    std::vector<std::string> names;
    while (const dirent* entry = ::readdir(stream)) {
      const std::string name = entry->d_name;
      if (name != "." && name != "..") names.push_back(name);
    }
    ::closedir(stream);
    return names;
  }

  int top_;
  int moved_ = 0;
};

}  // namespace

void remove_tree(int folder) {
  Remover remover(folder);
  int before = -1;
  // What was moved to the top is found by the next round.
  while (before != remover.moved()) {
    before = remover.moved();
    remover.empty(folder, 0);
  }
}

}  // namespace tarn::builder
