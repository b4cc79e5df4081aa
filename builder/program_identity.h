#pragma once

#include <string>

namespace tarn::builder {

/// A text that stands for this very program: the build id that the linker gave it, or, where it
/// gave none, size and time of the program's file. What is remembered under it is not taken for
/// what another version would do.
std::string program_identity();

}  // namespace tarn::builder
