#pragma once

namespace tarn::builder {

/// The program: reads the arguments, runs the command they name, gives the exit status. Results go
/// to stdout. Throws Error, whose kind gives the exit status of a failure.
int run(int argc, char** argv);

}  // namespace tarn::builder
