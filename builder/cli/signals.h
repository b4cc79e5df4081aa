#pragma once

#include <stop_token>
#include <thread>

#include "apk/support/file.h"

namespace tarn::builder {

/// Turns SIGINT and SIGTERM into a stop request as long as it lives; a second one ends the process
/// at once with status 130. Make it before any other thread: the signals are blocked in the calling
/// thread and in those started from it. SIGPIPE is ignored, so that a closed pipe is an error of
/// the write. Programs that are started must unblock the signals and reset SIGPIPE.
class SignalWatch {
 public:
  SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;
  ~SignalWatch();

  std::stop_token stop_token() const { return source_.get_token(); }

 private:
  void watch();

  std::stop_source source_;
  FileDescriptor signals_;  ///< signalfd
  FileDescriptor wake_;     ///< eventfd: the end of the watch
  std::jthread thread_;
};

}  // namespace tarn::builder
