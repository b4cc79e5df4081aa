#include <exception>
#include <iostream>
#include <new>

#include <malloc.h>

#include "apk/support/error.h"
#include "builder/cli/cli.h"

namespace {

/// Gives large blocks back to the system as soon as they are free. glibc would learn from the first
/// of them to keep such blocks in its heaps, one for each thread: of a 550 MB image that was a
/// third of all memory.
void return_large_blocks() {
#ifdef __GLIBC__
  ::mallopt(M_MMAP_THRESHOLD, 1 << 20);
#endif
}

}  // namespace

int main(int argc, char** argv) {
  return_large_blocks();
  try {
    return tarn::builder::run(argc, argv);
  } catch (const tarn::Error& error) {
    std::cerr << error.render();
    return error.exit_status();
  } catch (const std::bad_alloc&) {
    std::cerr << "error: out of memory\n";
  } catch (const std::exception& error) {
    // File system errors of the standard library say what was done to which path.
    std::cerr << "error: " << error.what() << '\n';
  }
  return static_cast<int>(tarn::ErrorKind::failed);
}
