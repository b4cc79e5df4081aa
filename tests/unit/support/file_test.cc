#include "apk/support/file.h"

#include <atomic>
#include <chrono>
#include <filesystem>
#include <thread>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apk/support/error.h"

namespace tarn {
namespace {

namespace fs = std::filesystem;

TemporaryDirectory new_folder() {
  return TemporaryDirectory(fs::temp_directory_path() / "tarn-file-test-");
}

std::size_t entries_of(const fs::path& folder) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

ino_t inode_of(const fs::path& path) {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_ino;
}

}  // namespace

TEST_CASE("files: written whole and read whole") {
  const auto folder = new_folder();
  const auto path = folder.path() / "x";
  for (const std::string& text :
       {std::string(), std::string("a\0b", 3), std::string(200000, 'x')}) {
    write_file(path, text);
    CHECK(read_file(path) == text);
    CHECK(as_text(MappedFile::open(path).bytes()) == text);
  }
  CHECK(entries_of(folder.path()) == 1);
}

TEST_CASE("files: reading stops at the limit") {
  const auto folder = new_folder();
  const auto path = folder.path() / "x";
  write_file(path, "12345");
  CHECK(read_file(path, 5) == "12345");
  CHECK_THROWS_AS(read_file(path, 4), Error);
}

TEST_CASE("files: what cannot be read is named") {
  const auto folder = new_folder();
  const auto path = folder.path() / "missing";
  try {
    read_file(path);
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.message() == "opening " + path.string() + ": No such file or directory");
  }
  CHECK_THROWS_AS(read_file(folder.path()), Error);
  CHECK_THROWS_AS(MappedFile::open(path), Error);
  CHECK_THROWS_AS(MappedFile::open(folder.path()), Error);
}

TEST_CASE("files: a mapping outlives its file's name and the object it was copied from") {
  const auto folder = new_folder();
  const auto path = folder.path() / "x";
  write_file(path, "kept");
  MappedFile copy;
  {
    const auto mapped = MappedFile::open(path);
    copy = mapped;
  }
  fs::remove(path);
  CHECK(as_text(copy.bytes()) == "kept");
  CHECK(copy.path() == path);
  CHECK(MappedFile().bytes().empty());
}

TEST_CASE("atomic files: the old content stays until the commit, then the new one is there whole") {
  const auto folder = new_folder();
  const auto path = folder.path() / "x";
  write_file(path, "old");
  const auto before = inode_of(path);
  {
    AtomicFile file(path, 0600);
    file.write("new and ");
    CHECK(read_file(path) == "old");
    file.write("longer");
    file.commit();
  }
  CHECK(read_file(path) == "new and longer");
  CHECK(inode_of(path) != before);
  CHECK((fs::status(path).permissions() & fs::perms::others_all) == fs::perms::none);
  CHECK(entries_of(folder.path()) == 1);
}

TEST_CASE("atomic files: without a commit nothing is left") {
  const auto folder = new_folder();
  {
    AtomicFile file(folder.path() / "x");
    file.write("never");
  }
  CHECK(entries_of(folder.path()) == 0);
}

TEST_CASE("atomic files: committed under another name") {
  const auto folder = new_folder();
  AtomicFile file(folder.path() / "x");
  file.write("y");
  AtomicFile moved = std::move(file);
  moved.commit_as(folder.path() / "z");
  CHECK(read_file(folder.path() / "z") == "y");
  CHECK_FALSE(fs::exists(folder.path() / "x"));
  CHECK(moved.path() == folder.path() / "z");
}

TEST_CASE("atomic files: a link is replaced, not followed") {
  const auto folder = new_folder();
  write_file(folder.path() / "target", "kept");
  fs::create_symlink("target", folder.path() / "link");
  write_file(folder.path() / "link", "new");
  CHECK(read_file(folder.path() / "target") == "kept");
  CHECK_FALSE(fs::is_symlink(folder.path() / "link"));
}

TEST_CASE("atomic files: the folder must be there") {
  const auto folder = new_folder();
  CHECK_THROWS_AS(AtomicFile(folder.path() / "no" / "x"), Error);
}

TEST_CASE("folders are made with their parents") {
  const auto folder = new_folder();
  make_directories(folder.path() / "a" / "b");
  make_directories(folder.path() / "a" / "b");
  CHECK(fs::is_directory(folder.path() / "a" / "b"));
  write_file(folder.path() / "f", "");
  CHECK_THROWS_AS(make_directories(folder.path() / "f" / "x"), Error);
}

TEST_CASE("locks: an exclusive one keeps others out until it goes") {
  const auto folder = new_folder();
  const auto path = folder.path() / "lock";
  const auto is_free = [&](int operation) {
    const FileDescriptor fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    return ::flock(fd.get(), operation | LOCK_NB) == 0;
  };
  {
    const FileLock lock(path, LockMode::exclusive);
    CHECK_FALSE(is_free(LOCK_SH));
    CHECK_FALSE(is_free(LOCK_EX));
  }
  CHECK(is_free(LOCK_EX));
  {
    const FileLock first(path, LockMode::shared);
    const FileLock second(path, LockMode::shared);
    CHECK(is_free(LOCK_SH));
    CHECK_FALSE(is_free(LOCK_EX));
  }
}

TEST_CASE("locks: a second holder waits") {
  const auto folder = new_folder();
  const auto path = folder.path() / "lock";
  std::atomic<bool> got = false;
  std::jthread waiter;
  {
    const FileLock lock(path, LockMode::exclusive);
    waiter = std::jthread([&] {
      const FileLock second(path, LockMode::exclusive);
      got = true;
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    CHECK_FALSE(got);
  }
  waiter.join();
  CHECK(got);
}

TEST_CASE("locks: the folder must be there") {
  const auto folder = new_folder();
  CHECK_THROWS_AS(FileLock(folder.path() / "no" / "lock", LockMode::shared), Error);
}

TEST_CASE("temporary folders go with what is in them, unless released") {
  fs::path gone;
  fs::path kept;
  {
    const auto folder = new_folder();
    gone = folder.path();
    write_file(gone / "x", "");
    fs::create_directory(gone / "d");
    auto released = new_folder();
    kept = released.path();
    CHECK(kept != gone);
    CHECK((fs::status(kept).permissions() & fs::perms::all) == fs::perms::owner_all);
    released.release();
  }
  CHECK_FALSE(fs::exists(gone));
  CHECK(fs::exists(kept));
  fs::remove_all(kept);
}

}  // namespace tarn
