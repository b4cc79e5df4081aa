#include "apk/fetch/fetcher.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <thread>

#include <doctest/doctest.h>

#include "apk/fetch/curl_transport.h"
#include "apk/support/error.h"
#include "apk/support/hash.h"
#include "tests/unit/fetch/scratch.h"
#include "tests/unit/fetch/test_server.h"

namespace tarn::apk {
namespace {

namespace fs = std::filesystem;
using test::Scratch;
using Status = TransferResult::Status;

/// A transport without a network: what lies under which URL, and who asked for what.
class FakeTransport : public Transport {
 public:
  struct Answer {
    Status status = Status::complete;
    std::string body{};
    std::string etag{};
    std::string error{};
  };
  std::map<std::string, Answer> answers{};  ///< by URL; others are not found
  std::vector<Transfer> asked{};
  bool gives_304_always = false;

  std::vector<TransferResult> run(std::vector<Transfer> transfers,
                                  const std::stop_token& stop) override {
    std::vector<TransferResult> results;
    for (auto& transfer : transfers) {
      if (stop.stop_requested()) throw Error(ErrorKind::interrupted, "interrupted");
      asked.push_back(transfer);
      results.push_back(run_one(transfer));
      transfer.finished(results.back());
    }
    return results;
  }

 private:
  TransferResult run_one(const Transfer& transfer) const {
    const auto found = answers.find(transfer.url.with_secrets());
    if (found == answers.end())
      return {.status = Status::not_found, .http_status = 404, .error = "not found"};
    const Answer& answer = found->second;
    TransferResult result{.status = answer.status, .etag = answer.etag, .error = answer.error};
    const bool unchanged = !transfer.if_none_match.empty() && transfer.if_none_match == answer.etag;
    if (unchanged || (gives_304_always && !transfer.if_none_match.empty()))
      result.status = Status::not_modified;
    if (result.status != Status::complete) return result;
    const std::size_t half = answer.body.size() / 2;
    transfer.progress(0, answer.body.size());
    transfer.write(as_bytes("broken off"));
    transfer.restart();
    if (half != 0) transfer.write(as_bytes(std::string_view(answer.body).substr(0, half)));
    if (!answer.body.empty()) transfer.write(as_bytes(std::string_view(answer.body).substr(half)));
    transfer.progress(answer.body.size(), answer.body.size());
    return result;
  }
};

/// Keeps what was reported.
class RecordedProgress : public Progress {
 public:
  Task begin(std::string_view label, std::optional<std::uint64_t>) override {
    const std::lock_guard lock(mutex_);
    begun.emplace_back(label);
    return begun.size();
  }
  void advance(Task, std::uint64_t) override {}
  void end(Task, TaskOutcome outcome) override {
    const std::lock_guard lock(mutex_);
    ++(outcome == TaskOutcome::done ? done : failed);
  }
  void note(NoteLevel level, std::string_view text) override {
    const std::lock_guard lock(mutex_);
    CHECK(level == NoteLevel::warning);
    warnings.emplace_back(text);
  }
  void record(const SpanRecord& span) override {
    const std::lock_guard lock(mutex_);
    if (span.category != "fetch") return;
    CHECK(span.kind == SpanKind::transfer);
    CHECK(span.begin <= span.end);
    fetched[std::string(span.label)] += span.bytes;
  }
  void count(std::string_view name, std::uint64_t number) override {
    const std::lock_guard lock(mutex_);
    counts[std::string(name)] += number;
  }
  std::map<std::string, std::uint64_t> counts;
  std::map<std::string, std::uint64_t> fetched;  ///< octets, by the label of a transfer
  std::vector<std::string> begun;
  int done = 0;
  int failed = 0;
  std::vector<std::string> warnings;

 private:
  std::mutex mutex_;
};

/// Everything a fetcher needs.
struct World {
  Scratch scratch;
  Store store{scratch / "cache"};
  FakeTransport transport;
  RecordedProgress progress;
  FetchOptions options;
  std::stop_source stop;

  Fetcher fetcher() { return {transport, store, options, progress, stop.get_token()}; }
};

Url url(std::string_view text) {
  return Url::parse(text).value();
}

Wanted wanted(const std::string& key, std::string_view place, const std::string& content) {
  return {.label = "package " + key,
          .kind = "package",
          .key = key,
          .url = url(place),
          .size = content.size(),
          .verify = [content](ByteView bytes) {
            if (as_text(bytes) != content) throw Error(ErrorKind::trust, "the identity is another");
          }};
}

std::string text_of(const MappedFile& file) {
  return std::string(as_text(file.bytes()));
}

/// The Error that `function` throws.
template <typename Function>
Error error_of(Function&& function) {
  try {
    function();
  } catch (const Error& error) {
    return error;
  }
  FAIL("nothing was thrown");
  throw std::logic_error("unreachable");
}

const auto accept_all = [](std::size_t, ByteView) {};

}  // namespace

TEST_CASE("fixed files are fetched once, stored, and come from the store then") {
  World world;
  world.transport.answers["http://m/a.apk"] = {.body = "aaa"};
  world.transport.answers["http://m/empty.apk"] = {.body = ""};
  const std::vector<Wanted> all = {wanted("a", "http://m/a.apk", "aaa"),
                                   wanted("e", "http://m/empty.apk", ""),
                                   wanted("a", "http://m/a.apk", "aaa")};
  const auto files = world.fetcher().fetch_fixed(all);
  REQUIRE(files.size() == 3);
  CHECK(text_of(files[0]) == "aaa");
  CHECK(text_of(files[1]).empty());
  CHECK(text_of(files[2]) == "aaa");
  CHECK(files[0].path() == world.store.blob_path(sha256("aaa")));
  CHECK(world.transport.asked.size() == 2);
  CHECK(world.transport.asked[0].size == 3);
  CHECK(world.progress.begun ==
        std::vector<std::string>{"fetching package a", "fetching package e"});
  CHECK(world.progress.done == 2);
  world.options.network = NetworkUse::offline;
  CHECK(text_of(world.fetcher().fetch_fixed(all)[2]) == "aaa");
  CHECK(world.transport.asked.size() == 2);
}

TEST_CASE("fixed files are given as soon as they are there, each time they were asked for") {
  World world;
  world.transport.answers["http://m/a.apk"] = {.body = "aaa"};
  const std::vector<Wanted> all = {
      wanted("a", "http://m/a.apk", "aaa"), wanted("gone", "http://m/gone.apk", "x"),
      wanted("b", "http://m/b.apk", "bbb"), wanted("a", "http://m/a.apk", "aaa")};
  test::put_text(world.store, "package", "b", "bbb");
  std::mutex mutex;
  std::map<std::size_t, std::string> given;
  auto fetcher = world.fetcher();
  const auto fetch = [&](const std::stop_token& stop) {
    fetcher.fetch_fixed(
        all,
        [&](std::size_t i, const MappedFile& file) {
          const std::lock_guard lock(mutex);
          given[i] = text_of(file);
        },
        stop);
  };
  const Error error = error_of([&] { fetch({}); });
  CHECK(error.message() == "cannot fetch package gone: not found");
  CHECK(given == std::map<std::size_t, std::string>{{0, "aaa"}, {2, "bbb"}, {3, "aaa"}});
  // Its own stop ends it as the fetcher's does.
  std::stop_source stop;
  stop.request_stop();
  CHECK(error_of([&] { fetch(stop.get_token()); }).kind() == ErrorKind::interrupted);
}

TEST_CASE("fixed files may be asked for on several threads; one at a time uses the transport") {
  World world;
  std::vector<Wanted> all;
  for (int i = 0; i < 8; ++i) {
    const std::string name = "p" + std::to_string(i);
    world.transport.answers["http://m/" + name] = {.body = name};
    all.push_back(wanted(name, "http://m/" + name, name));
  }
  auto fetcher = world.fetcher();
  {
    std::vector<std::jthread> threads;
    for (const Wanted& one : all)
      threads.emplace_back([&fetcher, &one] { fetcher.fetch_fixed({one}); });
  }
  CHECK(world.transport.asked.size() == 8);
  for (const Wanted& one : all) CHECK(test::text_in(world.store, "package", one.key) == one.key);
}

TEST_CASE("a damaged or wrong copy in the store is fetched again") {
  World world;
  world.transport.answers["http://m/a.apk"] = {.body = "aaa"};
  const std::vector<Wanted> all = {wanted("a", "http://m/a.apk", "aaa")};
  world.fetcher().fetch_fixed(all);
  test::overwrite(world.store.blob_path(sha256("aaa")), "aab");
  CHECK(text_of(world.fetcher().fetch_fixed(all)[0]) == "aaa");
  CHECK(world.transport.asked.size() == 2);
  test::put_text(world.store, "package", "a", "longer");
  CHECK(text_of(world.fetcher().fetch_fixed(all)[0]) == "aaa");
  CHECK(world.transport.asked.size() == 3);
}

TEST_CASE("a wrong file is never stored; its error names the place") {
  World world;
  world.transport.answers["http://user:secret@m/a.apk"] = {.body = "xxx"};
  const Error error = error_of(
      [&] { world.fetcher().fetch_fixed({wanted("a", "http://user:secret@m/a.apk", "aaa")}); });
  CHECK(error.kind() == ErrorKind::trust);
  CHECK(error.render().find("fetching package a from http://***@m/a.apk") != std::string::npos);
  CHECK(error.render().find("secret") == std::string::npos);
  CHECK(world.store.usage().empty());
}

TEST_CASE("mirrors are asked in order, after a missing, a failed and a wrong file") {
  World world;
  world.options.mirrors["http://m/alpine/"] = {url("http://one/alpine"), url("http://two/x/")};
  world.options.mirrors["http://m"] = {url("http://never")};
  auto& answers = world.transport.answers;
  answers["http://m/alpine/v1/a.apk"] = {.body = "xxx"};
  answers["http://one/alpine/v1/a.apk"] = {.status = Status::failed, .error = "it is down"};
  answers["http://two/x/v1/a.apk"] = {.body = "aaa"};
  answers["http://one/alpine/v1/b.apk"] = {.body = "bbb"};
  answers["http://m/alpine/v1/c.apk"] = {.body = "ccc"};
  const auto files = world.fetcher().fetch_fixed({wanted("a", "http://m/alpine/v1/a.apk", "aaa"),
                                                  wanted("b", "http://m/alpine/v1/b.apk", "bbb"),
                                                  wanted("c", "http://m/alpine/v1/c.apk", "ccc")});
  CHECK(text_of(files[0]) == "aaa");
  CHECK(text_of(files[1]) == "bbb");
  CHECK(text_of(files[2]) == "ccc");
  CHECK(world.transport.asked.size() == 6);
  CHECK(world.progress.warnings ==
        std::vector<std::string>{"http://m/alpine/v1/a.apk: the identity is another; trying "
                                 "http://one/alpine/v1/a.apk",
                                 "http://m/alpine/v1/b.apk: not found; trying a mirror",
                                 "http://one/alpine/v1/a.apk: it is down; trying a mirror"});
}

TEST_CASE("a prefix ends at a slash, and the longest counts") {
  World world;
  world.options.mirrors["http://m/a"] = {url("http://short")};
  world.options.mirrors["http://m/a/b"] = {url("http://long")};
  world.transport.answers["http://long/x"] = {.body = "x"};
  world.transport.answers["http://short/x"] = {.body = "x"};
  CHECK(text_of(world.fetcher().fetch_fixed({wanted("x", "http://m/a/b/x", "x")})[0]) == "x");
  CHECK(world.transport.asked.back().url.str() == "http://long/x");
  const Error error =
      error_of([&] { world.fetcher().fetch_fixed({wanted("y", "http://m/ab/x", "x")}); });
  CHECK(error.kind() == ErrorKind::network);
  CHECK(world.transport.asked.back().url.str() == "http://m/ab/x");
}

TEST_CASE("when no source has a file, the error tells of all") {
  World world;
  world.options.mirrors["http://m"] = {url("http://one"), url("/srv/none")};
  world.transport.answers["http://one/a"] = {.body = "xxx"};
  world.transport.answers["http://m/c"] = {.body = "ccc"};
  const Error error = error_of([&] {
    world.fetcher().fetch_fixed({wanted("a", "http://m/a", "aaa"), wanted("b", "http://m/b", "b"),
                                 wanted("c", "http://m/c", "ccc")});
  });
  CHECK(error.kind() == ErrorKind::trust);
  const std::string text = error.render();
  for (const std::string part :
       {"error: the identity is another", "also tried: http://m/a: not found",
        "also tried: /srv/none/a: there is no such file", "also: cannot fetch package b: not found",
        "while fetching package a from http://one/a"})
    CHECK_MESSAGE(text.find(part) != std::string::npos, text);
  CHECK(test::text_in(world.store, "package", "c") == "ccc");
}

TEST_CASE("a missing package is a network error with its place and a hint") {
  World world;
  const Error error =
      error_of([&] { world.fetcher().fetch_fixed({wanted("a", "http://m/a", "aaa")}); });
  CHECK(error.kind() == ErrorKind::network);
  CHECK(error.render() ==
        "error: cannot fetch package a: not found\n"
        "  from: http://m/a\n"
        "hint: the repository no longer has it: resolve anew, or name a mirror that keeps it\n");
}

TEST_CASE("local files are mapped where they lie, and verified") {
  World world;
  write_file(world.scratch / "a.apk", "aaa");
  const std::string path = (world.scratch / "a.apk").string();
  for (const std::string& place : {path, "file://" + path}) {
    const auto files = world.fetcher().fetch_fixed({wanted("a", place, "aaa")});
    CHECK(text_of(files[0]) == "aaa");
    CHECK(files[0].path() == path);
  }
  CHECK(text_of(world.fetcher().fetch_current({url(path)}, accept_all)[0]) == "aaa");
  CHECK(world.store.usage().empty());
  CHECK(world.transport.asked.empty());
  CHECK(error_of([&] { world.fetcher().fetch_fixed({wanted("a", path, "bbb")}); }).kind() ==
        ErrorKind::trust);
  const Error size = error_of([&] { world.fetcher().fetch_fixed({wanted("a", path, "aaaa")}); });
  CHECK(size.kind() == ErrorKind::network);
  CHECK(size.render().find("found: 3 octets") != std::string::npos);
  const Error missing = error_of([&] { world.fetcher().fetch_current({url(path + "x")}, {}); });
  CHECK(missing.kind() == ErrorKind::network);
  CHECK(missing.message() == "cannot fetch " + path + "x: there is no such file");
  CHECK_FALSE(missing.hint().empty());
  CHECK(error_of(
            [&] { world.fetcher().fetch_current({url(world.scratch.folder.path().string())}, {}); })
            .message()
            .find("not a regular file") != std::string::npos);
}

TEST_CASE("indexes are asked for anew, and answered from the store when unchanged") {
  World world;
  world.transport.answers["http://m/index"] = {.body = "one", .etag = "\"1\""};
  const std::vector<Url> urls = {url("http://m/index")};
  CHECK(text_of(world.fetcher().fetch_current(urls, accept_all)[0]) == "one");
  int verified = 0;
  const auto count = [&](std::size_t, ByteView bytes) {
    CHECK(as_text(bytes) == "one");
    ++verified;
  };
  CHECK(text_of(world.fetcher().fetch_current(urls, count)[0]) == "one");
  CHECK(verified == 1);
  CHECK(world.transport.asked[1].if_none_match == "\"1\"");
  world.transport.answers["http://m/index"] = {.body = "two", .etag = "\"2\""};
  CHECK(text_of(world.fetcher().fetch_current(urls, accept_all)[0]) == "two");
  CHECK(world.transport.asked.size() == 3);
}

TEST_CASE("a damaged copy of an index is never offered as a condition") {
  World world;
  world.transport.answers["http://m/index"] = {.body = "one", .etag = "\"1\""};
  const std::vector<Url> urls = {url("http://m/index")};
  world.fetcher().fetch_current(urls, accept_all);
  test::overwrite(world.store.blob_path(sha256("one")), "on");
  CHECK(text_of(world.fetcher().fetch_current(urls, accept_all)[0]) == "one");
  CHECK(world.transport.asked[1].if_none_match.empty());
}

TEST_CASE("a copy that the server confirms can be left unread") {
  World world;
  world.transport.answers["http://m/index"] = {.body = "one", .etag = "\"1\""};
  const std::vector<Url> urls = {url("http://m/index")};
  int verified = 0;
  const auto count = [&](std::size_t, ByteView) { ++verified; };
  CHECK_FALSE(world.fetcher().fetch_current_unread(urls, count)[0].unread);
  CHECK(verified == 1);
  const auto again = world.fetcher().fetch_current_unread(urls, count);
  CHECK(again[0].unread == sha256("one"));
  CHECK(as_text(again[0].file.bytes()) == "one");
  CHECK(world.transport.asked[1].if_none_match == "\"1\"");
  // Its octets are for the reader to check …
  test::overwrite(world.store.blob_path(sha256("one")), "onE");
  CHECK(world.fetcher().fetch_current_unread(urls, count)[0].unread == sha256("one"));
  CHECK(verified == 1);
  // … who gets them anew by asking for a checked one.
  CHECK(text_of(world.fetcher().fetch_current(urls, count)[0]) == "one");
  CHECK(verified == 2);
  CHECK(world.transport.asked[3].if_none_match.empty());
}

TEST_CASE("an unchanged copy that does not pass is asked for again without condition") {
  World world;
  test::put_text(world.store, "index", to_hex(sha256("http://m/index")), "old",
                 {{"etag", "\"1\""}});
  world.transport.answers["http://m/index"] = {.body = "new", .etag = "\"1\""};
  const auto only_new = [](std::size_t, ByteView bytes) {
    if (as_text(bytes) != "new") throw Error(ErrorKind::trust, "the signature is wrong");
  };
  CHECK(text_of(world.fetcher().fetch_current({url("http://m/index")}, only_new)[0]) == "new");
  REQUIRE(world.transport.asked.size() == 2);
  CHECK(world.transport.asked[0].if_none_match == "\"1\"");
  CHECK(world.transport.asked[1].if_none_match.empty());
  CHECK(world.progress.warnings.empty());
}

TEST_CASE("the same index asked for twice is fetched once and verified for each") {
  World world;
  world.transport.answers["http://m/index"] = {.body = "one"};
  world.transport.answers["http://m/other"] = {.body = "two"};
  std::vector<std::atomic<int>> verified(3);
  const auto files = world.fetcher().fetch_current(
      {url("http://m/index"), url("http://m/other"), url("http://m/index")},
      [&](std::size_t i, ByteView bytes) {
        CHECK(as_text(bytes) == (i == 1 ? "two" : "one"));
        ++verified[i];
      });
  CHECK(text_of(files[0]) == "one");
  CHECK(text_of(files[1]) == "two");
  CHECK(text_of(files[2]) == "one");
  CHECK(world.transport.asked.size() == 2);
  CHECK(std::ranges::all_of(verified, [](int times) { return times == 1; }));
}

TEST_CASE("without a network only the store answers") {
  World world;
  world.transport.answers["http://m/index"] = {.body = "one"};
  world.fetcher().fetch_current({url("http://m/index")}, accept_all);
  world.options.network = NetworkUse::offline;
  CHECK(text_of(world.fetcher().fetch_current({url("http://m/index")}, accept_all)[0]) == "one");
  const Error error = error_of([&] {
    world.fetcher().fetch_current(
        {url("http://m/index"), url("http://m/none"), url("http://m/neither")}, accept_all);
  });
  CHECK(error.kind() == ErrorKind::network);
  const std::string text = error.render();
  for (const std::string part :
       {"cannot fetch http://m/none: it is not in the cache", "also: cannot fetch http://m/neither",
        "hint: fetch it once without --offline"})
    CHECK_MESSAGE(text.find(part) != std::string::npos, text);
  CHECK(world.transport.asked.size() == 1);
  const Error unverified = error_of([&] {
    world.fetcher().fetch_current({url("http://m/index")}, [](std::size_t, ByteView) {
      throw Error(ErrorKind::trust, "the signature is wrong");
    });
  });
  CHECK(unverified.kind() == ErrorKind::trust);
}

TEST_CASE("when a server fails, an older copy is pointed out but not used") {
  World world;
  world.transport.answers["http://m/index"] = {.body = "one"};
  world.fetcher().fetch_current({url("http://m/index")}, accept_all);
  world.transport.answers["http://m/index"] = {.status = Status::failed, .error = "it is down"};
  const Error error =
      error_of([&] { world.fetcher().fetch_current({url("http://m/index")}, accept_all); });
  CHECK(error.message() == "cannot fetch http://m/index: it is down");
  CHECK(error.hint() == "an older copy is in the cache: --offline uses it");
}

TEST_CASE("an index comes from a mirror, whose validators are its own") {
  World world;
  world.options.mirrors["http://m"] = {url("http://one")};
  world.transport.answers["http://one/index"] = {.body = "one", .etag = "\"1\""};
  const std::vector<Url> urls = {url("http://m/index")};
  CHECK(text_of(world.fetcher().fetch_current(urls, accept_all)[0]) == "one");
  CHECK(text_of(world.fetcher().fetch_current(urls, accept_all)[0]) == "one");
  REQUIRE(world.transport.asked.size() == 4);
  CHECK(world.transport.asked[2].if_none_match.empty());
  CHECK(world.transport.asked[3].if_none_match == "\"1\"");
  world.options.network = NetworkUse::offline;
  CHECK(text_of(world.fetcher().fetch_current(urls, accept_all)[0]) == "one");
}

TEST_CASE("an interruption leaves nothing half") {
  World world;
  world.transport.answers["http://m/a"] = {.body = "aaa"};
  world.stop.request_stop();
  const Error error =
      error_of([&] { world.fetcher().fetch_fixed({wanted("a", "http://m/a", "aaa")}); });
  CHECK(error.kind() == ErrorKind::interrupted);
  CHECK(world.store.usage().empty());
  CHECK(fs::is_empty(world.scratch / "cache/v1/tmp"));
}

TEST_CASE("a store that cannot be written stops the run with that error") {
  World world;
  std::vector<Wanted> all;
  for (int i = 0; i < 30; ++i) {
    const std::string name = std::to_string(i);
    world.transport.answers["http://m/" + name] = {.body = name};
    all.push_back(wanted(name, "http://m/" + name, name));
  }
  write_file(world.scratch / "cache/v1/entries", "in the way");
  const Error error = error_of([&] { world.fetcher().fetch_fixed(all); });
  CHECK(error.kind() == ErrorKind::failed);
  CHECK(error.render().find("cache/v1/entries") != std::string::npos);
}

TEST_CASE("many files over real connections, with mirrors, arrive whole") {
  test::TestServer broken;
  test::TestServer good;
  World world;
  std::vector<Wanted> all;
  std::vector<std::string> contents;
  for (int i = 0; i < 60; ++i) {
    std::string content;
    while (content.size() < 40000) content += std::to_string(i * 31) + "/";
    contents.push_back(content);
    const std::string path = "/p/" + std::to_string(i);
    good.serve(path, content);
    // Whole, cut short each time but resumable, wrong, missing.
    if (i % 4 == 0) broken.serve(path, content);
    if (i % 4 == 1)
      broken.on(path, [content](const auto& request, int nth) {
        auto reply = test::file_reply(request, content);
        if (nth < 2) reply.cut_after = 10000;
        return reply;
      });
    if (i % 4 == 2) broken.serve(path, std::string(content.size(), 'x'));
    all.push_back(wanted("k" + std::to_string(i), broken.url(path).str(), content));
  }
  world.options.mirrors["http://" + broken.host()] = {good.url("")};
  CurlTransport transport({.backoff = std::chrono::milliseconds(2)});
  Fetcher fetcher(transport, world.store, world.options, world.progress, {});
  const auto files = fetcher.fetch_fixed(all);
  REQUIRE(files.size() == all.size());
  for (std::size_t i = 0; i < files.size(); ++i) CHECK((text_of(files[i]) == contents[i]));
  CHECK(good.requests().size() == 30);
  CHECK(world.store.usage().at(0).entries == 60);
  CHECK(world.progress.done == 75);

  // What was measured is what the servers saw.
  const auto requests = broken.requests().size() + good.requests().size();
  CHECK(world.progress.counts.at("requests") == requests);
  CHECK(world.progress.counts.at("retries") == 30);
  CHECK(world.progress.counts.at("cache misses: package") == 60);
  CHECK_FALSE(world.progress.counts.contains("cache hits: package"));
  CHECK(world.progress.fetched.size() == 60);
  // One that was cut short twice came whole all the same, not from its beginning each time.
  CHECK(world.progress.fetched.at("package k1") == contents[1].size());
  // A wrong one came twice, from both.
  CHECK(world.progress.fetched.at("package k2") == 2 * contents[2].size());
  CHECK(fetcher.fetch_fixed(all).size() == all.size());
  CHECK(world.progress.counts.at("requests") == requests);
  CHECK(world.progress.counts.at("cache hits: package") == 60);
}

TEST_CASE("what is measured of an unchanged index") {
  test::TestServer server;
  server.serve("/index", "one index");
  World world;
  CurlTransport transport({});
  Fetcher fetcher(transport, world.store, world.options, world.progress, {});
  for (int i = 0; i < 3; ++i) fetcher.fetch_current({server.url("/index")}, accept_all);
  const std::map<std::string, std::uint64_t> expected = {{"requests", 3},
                                                         {"not modified", 2},
                                                         {"bytes received", 9},
                                                         {"cache hits: index", 2},
                                                         {"cache misses: index", 1}};
  CHECK(world.progress.counts == expected);
}

}  // namespace tarn::apk
