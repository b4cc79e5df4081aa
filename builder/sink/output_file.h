#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "apk/support/file.h"
#include "builder/sink/octet_sink.h"

namespace tarn::builder {

/// Where an output that is one run of octets goes.
struct OutputPlace {
  std::filesystem::path path;
  int descriptor = -1;  ///< an open file (standard output) instead of the path, unless negative

  bool is_descriptor() const { return descriptor >= 0; }
  /// The path, or "standard output", for messages.
  std::string name() const;
};

/// An output that appears under its path whole or not at all. What is no regular file (a device, a
/// named pipe) and an open descriptor are written to as they are.
class OutputFile final : public OctetSink {
 public:
  /// Throws Error when it cannot be written to.
  explicit OutputFile(const OutputPlace& place);

  void write(ByteView bytes) override;
  /// Call once, last. Without it nothing appears.
  void commit();
  std::uint64_t size() const { return size_; }

 private:
  OutputPlace place_;
  std::optional<AtomicFile> file_;
  FileDescriptor special_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

/// Puts a finished file where it belongs: renames it where that can be, else copies it. `file` must
/// lie on the file system of the place's path. Gives its size in octets.
std::uint64_t place_file(const std::filesystem::path& file, const OutputPlace& place);

/// A new folder for files on the way to `place`: beside it, or in `scratch` where that is no
/// folder.
std::filesystem::path temporary_prefix(const OutputPlace& place,
                                       const std::filesystem::path& scratch);

}  // namespace tarn::builder
