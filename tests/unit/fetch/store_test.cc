#include "apk/fetch/store.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apk/fetch/store_entry.h"
#include "apk/support/error.h"
#include "tests/unit/fetch/scratch.h"

namespace tarn::apk {
namespace {

namespace fs = std::filesystem;
using test::put_text;
using test::Scratch;
using test::text_in;

std::vector<std::string> files_below(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_symlink() || !entry.is_directory())
      names.push_back(entry.path().lexically_relative(folder).string());
  std::ranges::sort(names);
  return names;
}

}  // namespace

TEST_CASE("an entry's text reads back, whatever the facts hold") {
  StoreEntry entry{.blob = sha256("x"),
                   .size = 18446744073709551615U,
                   .facts = {{"etag", "W/\"a b%\n\xff\""}, {"empty", ""}}};
  CHECK(parse_store_entry(format_store_entry(entry)) == entry);
  CHECK(parse_store_entry(format_store_entry({})) == StoreEntry{});
}

TEST_CASE("an entry with any octet changed, cut or added is none") {
  const std::string text = format_store_entry(
      {.blob = sha256("x"), .size = 12, .facts = {{"etag", "\"1\""}, {"modified", "now"}}});
  REQUIRE(parse_store_entry(text));
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    CHECK_FALSE(parse_store_entry(changed));
    CHECK_FALSE(parse_store_entry(text.substr(0, i)));
  }
  CHECK_FALSE(parse_store_entry(text + "\n"));
}

TEST_CASE("a fact that is too long or badly named is refused") {
  CHECK_THROWS_AS(format_store_entry({.facts = {{"etag", std::string(20000, 'a')}}}), Error);
  CHECK_THROWS_AS(format_store_entry({.facts = {{"E tag", "a"}}}), Error);
}

TEST_CASE("what is put is found, by another store on the folder too") {
  const Scratch scratch;
  Store store(scratch / "cache");
  CHECK(text_in(store, "package", "abc") == "(absent)");
  const auto entry = put_text(store, "package", "abc", "content", {{"etag", "\"1\""}});
  put_text(store, "package", "empty", "");
  const Store other(scratch / "cache");
  CHECK(other.find("package", "abc") == entry);
  CHECK(text_in(other, "package", "abc") == "content");
  CHECK(text_in(other, "package", "empty") == "");
  CHECK(other.open(entry)->path() == other.blob_path(entry.blob));
  CHECK(fs::exists(scratch / "cache/v1/CACHEDIR.TAG"));
  CHECK(fs::is_empty(scratch / "cache/v1/tmp"));
}

TEST_CASE("names that could leave the folder are refused") {
  const Scratch scratch;
  Store store(scratch / "cache");
  for (const std::string name :
       {"", ".", "..", "../x", "a/b", "/a", ".hidden", "A", "a b", "a\n", "ä"}) {
    CHECK_THROWS_AS(store.find(name, "key"), Error);
    CHECK_THROWS_AS(store.find("kind", name), Error);
    CHECK_THROWS_AS(put_text(store, "kind", name, "x"), Error);
  }
  CHECK_THROWS_AS(store.find("kind", std::string(201, 'a')), Error);
  CHECK(files_below(scratch / "cache/v1") == std::vector<std::string>{"CACHEDIR.TAG"});
}

TEST_CASE("a damaged blob is removed and counts as absent") {
  const Scratch scratch;
  Store store(scratch / "cache");
  for (const std::string damaged : {"", "conten", "contents", "cOntent", "content\n"}) {
    const auto entry = put_text(store, "package", "abc", "content");
    const auto path = store.blob_path(entry.blob);
    test::overwrite(path, damaged);
    CHECK_FALSE(store.open(entry));
    CHECK_FALSE(fs::exists(path));
    CHECK_FALSE(store.open(entry));
  }
  const auto entry = put_text(store, "package", "abc", "content");
  auto wrong_size = entry;
  wrong_size.size = 8;
  CHECK_FALSE(store.open(wrong_size));
}

TEST_CASE("a damaged entry is removed and counts as absent") {
  const Scratch scratch;
  Store store(scratch / "cache");
  const fs::path path = scratch / "cache/v1/entries/package/abc";
  put_text(store, "package", "abc", "content");
  const std::string sound = read_file(path);
  std::string changed = sound;
  changed[20] = changed[20] == 'a' ? 'b' : 'a';
  for (const std::string& damaged : {std::string(), sound.substr(1), sound + "x", changed,
                                     std::string(2 * max_store_entry_size, 'x')}) {
    test::overwrite(path, damaged);
    CHECK_FALSE(store.find("package", "abc"));
    CHECK_FALSE(fs::exists(path));
  }
}

TEST_CASE("an entry whose size is not the blob's is refused when it is put") {
  const Scratch scratch;
  Store store(scratch / "cache");
  AtomicFile blob = store.new_blob();
  blob.write("abc");
  CHECK_THROWS_AS(store.put("k", "k", std::move(blob), {.blob = sha256("abc"), .size = 4}), Error);
  CHECK(store.usage().empty());
}

TEST_CASE("a blob that nothing points to any more goes away") {
  const Scratch scratch;
  Store store(scratch / "cache");
  const auto first = put_text(store, "index", "abc", "old");
  put_text(store, "index", "abc", "new");
  CHECK_FALSE(fs::exists(store.blob_path(first.blob)));
  put_text(store, "index", "abc", "new", {{"etag", "2"}});
  CHECK(text_in(store, "index", "abc") == "new");
}

TEST_CASE("usage counts by kind, and what nothing points to") {
  const Scratch scratch;
  Store store(scratch / "cache");
  CHECK(store.usage().empty());
  put_text(store, "package", "a", "12345");
  put_text(store, "package", "b", "123");
  const auto index = put_text(store, "index", "a", "1234567");
  auto usage = store.usage();
  REQUIRE(usage.size() == 2);
  CHECK(usage[0].kind == "index");
  CHECK(usage[0].bytes == 7);
  CHECK(usage[1].kind == "package");
  CHECK(usage[1].entries == 2);
  CHECK(usage[1].bytes == 8);
  fs::remove(scratch / "cache/v1/entries/index/a");
  usage = store.usage();
  REQUIRE(usage.size() == 2);
  CHECK(usage[1].kind == "unreferenced");
  CHECK(usage[1].bytes == 7);
  CHECK(fs::exists(store.blob_path(index.blob)));
}

TEST_CASE("verifying removes what is damaged and leaves the rest") {
  const Scratch scratch;
  Store store(scratch.folder.path());
  for (const char* key : {"a", "b", "c", "d"}) put_text(store, "package", key, key);
  test::overwrite(store.blob_path(sha256("b")), "B");
  fs::remove(store.blob_path(sha256("c")));
  test::overwrite(scratch.folder.path() / "v1/entries/package/d", "no entry");
  const auto found = store.verify(2, {});
  CHECK(found.entries == 1);
  CHECK(found.bytes == 1);
  CHECK(found.damaged == std::vector<std::string>{"package/b", "package/c", "package/d"});
  CHECK(store.verify(1, {}).damaged.empty());
  CHECK(store.find("package", "a"));
  CHECK_FALSE(store.find("package", "b"));
}

TEST_CASE("trimming removes what was not used for longest, until enough is gone") {
  const Scratch scratch;
  Store store(scratch.folder.path());
  const auto days_ago = [&](const char* key, int days) {
    fs::last_write_time(scratch.folder.path() / "v1/entries/package" / key,
                        fs::file_time_type::clock::now() - std::chrono::days(days));
  };
  put_text(store, "package", "a", "aaaa");
  put_text(store, "package", "b", "bbbb");
  put_text(store, "package", "c", "shared");
  put_text(store, "package", "d", "shared");
  put_text(store, "package", "e", "gone");
  fs::remove(scratch.folder.path() / "v1/entries/package/e");
  days_ago("a", 10);
  days_ago("b", 20);
  days_ago("c", 30);
  days_ago("d", 2);
  CHECK(store.trim({}).entries == 0);
  CHECK(store.trim({.bytes = 14}).entries == 0);
  // Being used counts, by the day.
  CHECK(store.find("package", "b"));
  const auto by_age = store.trim({.bytes = {}, .unused_for = std::chrono::days(5)});
  CHECK(by_age.entries == 2);  // a and c; the octets of c are d's too
  CHECK(by_age.freed == 4);
  CHECK(by_age.left == 10);
  CHECK(text_in(store, "package", "d") == "shared");
  const auto by_size = store.trim({.bytes = 9});
  CHECK(by_size.entries == 1);
  CHECK(by_size.left == 6);
  CHECK(text_in(store, "package", "d") == "shared");  // which was read after b
  // What nothing points to goes when it is certain that nobody is about to enter it.
  CHECK(fs::exists(store.blob_path(sha256("gone"))));
  fs::last_write_time(store.blob_path(sha256("gone")),
                      fs::file_time_type::clock::now() - std::chrono::hours(2));
  CHECK(store.trim({.bytes = 100}).freed == 4);
  CHECK_FALSE(fs::exists(store.blob_path(sha256("gone"))));
}

TEST_CASE("clearing removes tarn's files and no others; a mapped file stays readable") {
  const Scratch scratch;
  Store store(scratch / "cache");
  const auto entry = put_text(store, "package", "a", "12345");
  const auto mapped = store.open(entry).value();
  write_file(scratch / "cache/mine", "mine");
  write_file(scratch / "cache/v1/tmp/mine", "mine");
  fs::create_directory(scratch / "cache/v1/entries/package/folder");
  fs::create_directory_symlink(scratch / "cache", scratch / "cache/v1/entries/link");
  CHECK(store.clear() >= 5);
  CHECK(files_below(scratch / "cache") ==
        std::vector<std::string>{"mine", "v1/entries/link", "v1/tmp/mine"});
  CHECK(as_text(mapped.bytes()) == "12345");
  CHECK(text_in(store, "package", "a") == "(absent)");
  put_text(store, "package", "a", "again");
  CHECK(text_in(store, "package", "a") == "again");
}

TEST_CASE("a blob outlives the removal of the whole folder while it is written") {
  const Scratch scratch;
  Store store(scratch / "cache");
  AtomicFile blob = store.new_blob();
  blob.write("abc");
  fs::remove_all(scratch / "cache");
  store.put("k", "k", std::move(blob), {.blob = sha256("abc"), .size = 3});
  CHECK(text_in(store, "k", "k") == "abc");
}

TEST_CASE("what a killed process left is removed when it is old") {
  const Scratch scratch;
  { const Store store(scratch / "cache"); }
  const fs::path old = scratch / "cache/v1/tmp/.tarn-0123456789abcdef";
  const fs::path fresh = scratch / "cache/v1/tmp/.tarn-1123456789abcdef";
  const fs::path foreign = scratch / "cache/v1/tmp/mine";
  for (const auto& path : {old, fresh, foreign}) write_file(path, "x");
  TemporaryDirectory folder(Store(scratch / "cache").temporary_folder_prefix());
  write_file(folder.path() / "in it", "x");
  const auto two_days_ago = fs::file_time_type::clock::now() - std::chrono::hours(48);
  fs::last_write_time(old, two_days_ago);
  fs::last_write_time(foreign, two_days_ago);
  fs::last_write_time(folder.path(), two_days_ago);
  const Store store(scratch / "cache");
  CHECK_FALSE(fs::exists(old));
  CHECK_FALSE(fs::exists(folder.path()));
  CHECK(fs::exists(fresh));
  CHECK(fs::exists(foreign));
}

TEST_CASE("a process killed at any moment leaves a sound store") {
  const Scratch scratch;
  Store store(scratch / "cache");
  const std::string content(200000, 'x');
  for (int i = 0; i < 12; ++i) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      for (int n = 0;; ++n) put_text(store, "package", "k" + std::to_string(n % 3), content);
    }
    std::this_thread::sleep_for(std::chrono::microseconds(500 + 1700 * i));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    for (const std::string key : {"k0", "k1", "k2"}) {
      const auto entry = store.find("package", key);
      if (entry) CHECK(store.open(*entry));
    }
    for (const auto& name : files_below(scratch / "cache/v1"))
      if (name.find(".tarn-") != std::string::npos) CHECK(name.starts_with("tmp/"));
  }
  put_text(store, "package", "k0", "sound");
  CHECK(text_in(store, "package", "k0") == "sound");
}

TEST_CASE("many writers, readers and a clearer at once never see a wrong octet") {
  const Scratch scratch;
  const fs::path folder = scratch / "cache";
  std::atomic<int> wrong = 0;
  std::atomic<int> seen = 0;
  const auto work = [&](int seed) {
    Store store(folder);
    for (int i = 0; i < 60; ++i) {
      const std::string key = "k" + std::to_string((i + seed) % 5);
      const std::string expected = "content of " + key;
      if (seed == 0 && i % 20 == 19) {
        store.clear();
      } else if ((i + seed) % 2 == 0) {
        put_text(store, "package", key, expected);
      } else {
        const std::string found = text_in(store, "package", key);
        if (found == expected) ++seen;
        if (found != expected && found != "(absent)") ++wrong;
      }
    }
  };
  {
    std::vector<std::jthread> threads;
    for (int seed = 0; seed < 4; ++seed) threads.emplace_back(work, seed);
  }
  CHECK(wrong == 0);
  CHECK(seen > 0);
  Store store(folder);
  for (int i = 0; i < 5; ++i) put_text(store, "package", "k" + std::to_string(i), "last");
  CHECK(store.usage().at(0).entries == 5);
}

TEST_CASE("a folder that cannot be made is an error that names it") {
  const Scratch scratch;
  write_file(scratch / "file", "x");
  CHECK_THROWS_WITH_AS(Store(scratch / "file/cache"), doctest::Contains("file/cache"), Error);
}

TEST_CASE("a full disk is an error, and nothing half is there") {
  // /dev/full refuses every write as a full disk does; the blob's descriptor is replaced by it.
  const Scratch scratch;
  Store store(scratch / "cache");
  AtomicFile blob = store.new_blob();
  const FileDescriptor full(::open("/dev/full", O_RDWR | O_CLOEXEC));
  REQUIRE(full);
  REQUIRE(::dup2(full.get(), blob.fd()) >= 0);
  CHECK_THROWS_WITH_AS(blob.write("abc"), doctest::Contains("No space left on device"), Error);
  CHECK_THROWS_AS(store.put("k", "k", std::move(blob), {.blob = sha256("abc"), .size = 3}), Error);
  CHECK(store.usage().empty());
}

}  // namespace tarn::apk
