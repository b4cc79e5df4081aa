#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace tarn::builder {

/// An open file of a script: what a file descriptor leads to. Descriptors that were duplicated, and
/// commands that inherit one, share it and its position. Only one command runs at a time, so a pipe
/// holds all that its writer wrote before its reader begins.
class ScriptStream {
 public:
  virtual ~ScriptStream() = default;
  ScriptStream() = default;
  ScriptStream(const ScriptStream&) = delete;
  ScriptStream& operator=(const ScriptStream&) = delete;

  /// The next octets, `most` at the most; empty at the end, and of a stream that is not for
  /// reading.
  virtual std::string read(std::size_t most) = 0;
  /// False when it is not open for writing (EBADF). Throws Error when a bound is reached.
  virtual bool write(std::string_view text) = 0;

  /// Everything to the end.
  std::string read_all();
  /// The next line without its newline; nothing at the end. Reads no octet beyond the newline, so
  /// that the next command goes on where this one stopped.
  std::optional<std::string> read_line();
};

}  // namespace tarn::builder
