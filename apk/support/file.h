#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <sys/types.h>

#include "apk/support/bytes.h"

namespace tarn {

/// An open file descriptor that closes itself.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  ~FileDescriptor();
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

/// Writes all of `bytes`; throws Error ("writing PATH: No space left on device").
void write_all(int fd, ByteView bytes, const std::filesystem::path& path);

/// A whole file in memory. Throws Error when it cannot be read or holds more than `limit` octets.
std::string read_file(const std::filesystem::path& path, std::uint64_t limit = 256U << 20U);

/// A file mapped for reading. Keep it as long as any view of its bytes; it may be copied (the
/// mapping is shared).
class MappedFile {
 public:
  MappedFile() = default;
  /// Throws Error when the file cannot be opened or is no regular file.
  static MappedFile open(const std::filesystem::path& path);
  ByteView bytes() const { return mapping_ ? mapping_->bytes : ByteView{}; }
  const std::filesystem::path& path() const { return path_; }
  /// Lets the system take back the memory that a part of bytes() was read into; it is read again
  /// when it is looked at again.
  void let_go(ByteView part) const;

 private:
  struct Mapping {
    ByteView bytes;
    explicit Mapping(ByteView view) : bytes(view) {}
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;
    ~Mapping();
  };
  std::shared_ptr<const Mapping> mapping_;
  std::filesystem::path path_;
};

/// A file that appears under its name whole or not at all. Until commit() it has no name where the
/// file system knows O_TMPFILE (so nothing is left behind, whatever ends the process), else a
/// hidden temporary name in the same folder that the destructor removes.
class AtomicFile {
 public:
  /// Throws Error when the folder of `path` does not exist or cannot be written.
  explicit AtomicFile(std::filesystem::path path, mode_t mode = 0644);
  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&&) = delete;
  ~AtomicFile();

  void write(ByteView bytes);
  void write(std::string_view text) { write(as_bytes(text)); }
  int fd() const { return fd_.get(); }
  const std::filesystem::path& path() const { return path_; }
  /// Gives the file its name, replacing what has it. Call once, last.
  void commit();
  /// As commit(), under another name in a folder of the same file system.
  void commit_as(std::filesystem::path path);

 private:
  std::filesystem::path path_;
  std::filesystem::path temporary_;  ///< empty while the file has no name
  FileDescriptor fd_;
};

/// AtomicFile, write, commit in one.
void write_file(const std::filesystem::path& path, ByteView bytes, mode_t mode = 0644);
inline void write_file(const std::filesystem::path& path, std::string_view text,
                       mode_t mode = 0644) {
  write_file(path, as_bytes(text), mode);
}

/// mkdir -p; throws Error naming the folder that could not be made.
void make_directories(const std::filesystem::path& path);

/// A lock between processes (flock) on a file that is made when missing. Held until destruction.
enum class LockMode { shared, exclusive };
class FileLock {
 public:
  /// Waits for the lock.
  FileLock(const std::filesystem::path& path, LockMode mode);

 private:
  FileDescriptor fd_;
};

/// A new empty folder (mode 0700) with a unique name that begins with `prefix`, beside what it is
/// for; removed with its content on destruction unless it was released.
class TemporaryDirectory {
 public:
  explicit TemporaryDirectory(const std::filesystem::path& prefix);
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory();
  const std::filesystem::path& path() const { return path_; }
  /// Leaves the folder to the caller (which has renamed it, say).
  void release() { path_.clear(); }

 private:
  std::filesystem::path path_;
};

}  // namespace tarn
