#include "apk/support/file.h"

#include <cerrno>
#include <cstdlib>
#include <system_error>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apk/support/error.h"

namespace tarn {
namespace {

FileDescriptor open_for_reading(const std::filesystem::path& path) {
  FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) throw system_error("opening " + path.string(), errno);
  return fd;
}

std::filesystem::path folder_of(const std::filesystem::path& path) {
  const auto folder = path.parent_path();
  return folder.empty() ? std::filesystem::path(".") : folder;
}

/// A name in `folder` that nothing has: from the kernel's random numbers, never in any output.
std::filesystem::path fresh_name(const std::filesystem::path& folder) {
  std::uint64_t number = 0;
  if (::getentropy(&number, sizeof number) != 0) throw system_error("reading entropy", errno);
  return folder / fmt::format(".tarn-{:016x}", number);
}

/// Whether opening with O_TMPFILE failed because this file system or kernel does not know it.
bool means_no_tmpfile(int error_number) {
  return error_number == EOPNOTSUPP || error_number == EISDIR || error_number == EINVAL;
}

}  // namespace

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

FileDescriptor::~FileDescriptor() {
  if (fd_ >= 0) ::close(fd_);
}

void write_all(int fd, ByteView bytes, const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      throw system_error("writing " + path.string(), errno);
    }
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

std::string read_file(const std::filesystem::path& path, std::uint64_t limit) {
  const FileDescriptor fd = open_for_reading(path);
  std::string content;
  std::string buffer(65536, '\0');
  for (;;) {
    const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got < 0) {
      if (errno == EINTR) continue;
      throw system_error("reading " + path.string(), errno);
    }
    if (got == 0) return content;
    content.append(buffer, 0, static_cast<std::size_t>(got));
    if (content.size() > limit)
      throw Error(ErrorKind::failed, fmt::format("reading {}: larger than the limit of {} bytes",
                                                 path.string(), limit));
  }
}

void MappedFile::let_go(ByteView part) const {
  static const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<std::uintptr_t>(part.data()) / page * page;
  const auto end = reinterpret_cast<std::uintptr_t>(part.data()) + part.size();
  // A private mapping that is never written to: what is dropped is the file's.
  if (!part.empty()) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

MappedFile::Mapping::~Mapping() {
  if (!bytes.empty()) ::munmap(const_cast<std::byte*>(bytes.data()), bytes.size());
}

MappedFile MappedFile::open(const std::filesystem::path& path) {
  const FileDescriptor fd = open_for_reading(path);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) throw system_error("reading " + path.string(), errno);
  if (!S_ISREG(status.st_mode))
    throw Error(ErrorKind::failed, "reading " + path.string() + ": not a regular file");
  MappedFile file;
  file.path_ = path;
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0) {
    file.mapping_ = std::make_shared<const Mapping>(ByteView{});
    return file;
  }
  void* address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd.get(), 0);
  if (address == MAP_FAILED) throw system_error("mapping " + path.string(), errno);
  file.mapping_ =
      std::make_shared<const Mapping>(ByteView(static_cast<const std::byte*>(address), size));
  return file;
}

AtomicFile::AtomicFile(std::filesystem::path path, mode_t mode) : path_(std::move(path)) {
  const auto folder = folder_of(path_);
  fd_ = FileDescriptor(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, mode));
  if (!fd_ && means_no_tmpfile(errno)) {
    temporary_ = fresh_name(folder);
    fd_ = FileDescriptor(
        ::open(temporary_.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, mode));
  }
  if (!fd_) {
    const int error_number = errno;
    temporary_.clear();
    throw system_error("writing " + path_.string(), error_number);
  }
}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, {})),
      fd_(std::move(other.fd_)) {}

AtomicFile::~AtomicFile() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::write(ByteView bytes) {
  write_all(fd_.get(), bytes, path_);
}

void AtomicFile::commit() {
  commit_as(path_);
}

void AtomicFile::commit_as(std::filesystem::path path) {
  path_ = std::move(path);
  const auto fail = [this] { throw system_error("writing " + path_.string(), errno); };
  if (temporary_.empty()) {
    // A name can only be given where none is, and only a rename replaces: so first a hidden name.
    temporary_ = fresh_name(folder_of(path_));
    const std::string self = fmt::format("/proc/self/fd/{}", fd_.get());
    if (::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, temporary_.c_str(), AT_SYMLINK_FOLLOW) != 0) {
      temporary_.clear();
      fail();
    }
  }
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail();
  temporary_.clear();
}

void write_file(const std::filesystem::path& path, ByteView bytes, mode_t mode) {
  AtomicFile file(path, mode);
  file.write(bytes);
  file.commit();
}

void make_directories(const std::filesystem::path& path) {
  std::error_code status;
  std::filesystem::create_directories(path, status);
  if (status) throw system_error("making folder " + path.string(), status.value());
}

FileLock::FileLock(const std::filesystem::path& path, LockMode mode)
    : fd_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {
  if (!fd_) throw system_error("opening lock " + path.string(), errno);
  const int operation = mode == LockMode::shared ? LOCK_SH : LOCK_EX;
  while (::flock(fd_.get(), operation) != 0)
    if (errno != EINTR) throw system_error("locking " + path.string(), errno);
}

TemporaryDirectory::TemporaryDirectory(const std::filesystem::path& prefix) {
  std::string name = prefix.string() + "XXXXXX";
  if (::mkdtemp(name.data()) == nullptr)
    throw system_error("making a temporary folder " + name, errno);
  path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace tarn
