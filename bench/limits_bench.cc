// What the machine itself needs for the work that no image builder can avoid, for bench/run.
//
//   tarn-limits-bench hash FILE           SHA-256 of the file's octets, which lie in memory
//   tarn-limits-bench copy FILE OUTPUT    copy_file_range into a new file, which is removed again
//   tarn-limits-bench inflate PACKAGE…    libdeflate over every gzip member, one after the other
//
// Prints the milliseconds; on one processor each.

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include <fcntl.h>
#include <fmt/core.h>
#include <libdeflate.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apk/support/bytes.h"
#include "apk/support/error.h"
#include "apk/support/file.h"
#include "apk/support/hash.h"

namespace tarn {
namespace {

using Clock = std::chrono::steady_clock;

double milliseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

double time_hash(const std::string& path) {
  const std::string bytes = read_file(path, std::uint64_t{8} << 30U);
  const auto start = Clock::now();
  Sha256 hasher;
  hasher.update(bytes);
  const Sha256Digest digest = hasher.finish();
  const double result = milliseconds_since(start);
  fmt::print(stderr, "{}\n", to_hex(digest));  // so that the work is not left out
  return result;
}

double time_copy(const std::string& path, const std::string& output) {
  const FileDescriptor from(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status {};
  if (!from || fstat(from.get(), &status) != 0)
    throw Error(ErrorKind::failed, path + " cannot be read");
  const auto start = Clock::now();
  const FileDescriptor to(open(output.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!to) throw Error(ErrorKind::failed, output + ": " + std::strerror(errno));
  for (off_t left = status.st_size; left > 0;) {
    const auto copied =
        copy_file_range(from.get(), nullptr, to.get(), nullptr, static_cast<std::size_t>(left), 0);
    if (copied <= 0)
      throw Error(ErrorKind::failed, "copying " + path + ": " + std::strerror(errno));
    left -= copied;
  }
  const double result = milliseconds_since(start);
  unlink(output.c_str());
  return result;
}

/// A gzip member and how long its content is.
struct Member {
  ByteView bytes;
  std::size_t content = 0;
};

class Inflater {
 public:
  Inflater() : decompressor_(libdeflate_alloc_decompressor()), output_(1U << 20U) {}
  ~Inflater() { libdeflate_free_decompressor(decompressor_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  /// Inflates one member, in as much memory as that takes; gives what it took of the input.
  Member find_member(ByteView input) {
    for (;;) {
      std::size_t taken = 0;
      std::size_t made = 0;
      const auto result = libdeflate_gzip_decompress_ex(
          decompressor_, input.data(), input.size(), output_.data(), output_.size(), &taken, &made);
      if (result == LIBDEFLATE_SUCCESS) return {input.first(taken), made};
      if (result != LIBDEFLATE_INSUFFICIENT_SPACE || output_.size() > (std::size_t{4} << 30U))
        throw Error(ErrorKind::failed, "not a gzip member");
      output_.resize(output_.size() * 2);
    }
  }

  void inflate(const Member& member) {
    if (libdeflate_gzip_decompress(decompressor_, member.bytes.data(), member.bytes.size(),
                                   output_.data(), member.content, nullptr) != LIBDEFLATE_SUCCESS)
      throw Error(ErrorKind::failed, "a gzip member is damaged");
  }

 private:
  libdeflate_decompressor* decompressor_;
  Bytes output_;
};

double time_inflate(const std::vector<std::string>& paths) {
  Inflater inflater;
  std::vector<MappedFile> files;
  std::vector<Member> members;
  for (const auto& path : paths) {
    files.push_back(MappedFile::open(path));
    for (ByteView rest = files.back().bytes(); !rest.empty();) {
      members.push_back(inflater.find_member(rest));
      rest = rest.subspan(members.back().bytes.size());
    }
  }
  const auto start = Clock::now();
  for (const auto& member : members) inflater.inflate(member);
  return milliseconds_since(start);
}

int run(const std::vector<std::string>& words) {
  const std::string mode = words.empty() ? "" : words[0];
  if (mode == "hash" && words.size() == 2) {
    fmt::print("{:.3f}\n", time_hash(words[1]));
  } else if (mode == "copy" && words.size() == 3) {
    fmt::print("{:.3f}\n", time_copy(words[1], words[2]));
  } else if (mode == "inflate" && words.size() > 1) {
    fmt::print("{:.3f}\n", time_inflate({words.begin() + 1, words.end()}));
  } else {
    fmt::print(stderr, "usage: tarn-limits-bench hash FILE | copy FILE OUTPUT | inflate FILE...\n");
    return 2;
  }
  return 0;
}

}  // namespace
}  // namespace tarn

int main(int count, char** words) {
  try {
    return tarn::run({words + 1, words + count});
  } catch (const tarn::Error& error) {
    fmt::print(stderr, "{}\n", error.render());
    return 1;
  }
}
