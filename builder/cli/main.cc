#include <exception>
#include <iostream>
#include <new>

#include "apk/support/error.h"
#include "builder/cli/cli.h"

int main(int argc, char** argv) {
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
