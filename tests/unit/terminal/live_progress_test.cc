#include "builder/terminal/live_progress.h"

#include <sstream>
#include <vector>

#include <doctest/doctest.h>

#include "builder/terminal/table.h"

namespace tarn::builder {
namespace {

/// What a terminal shows after the octets were written to it. Knows the sequences LiveProgress
/// uses, and fails on any other.
std::vector<std::string> shown(const std::string& written) {
  std::vector<std::string> lines = {""};
  std::size_t row = 0;
  for (std::size_t i = 0; i < written.size(); ++i) {
    if (written[i] == '\n') {
      if (++row == lines.size()) lines.emplace_back();
    } else if (written[i] == '\r') {
      REQUIRE(lines[row].empty());
    } else if (written[i] == '\x1b') {
      const std::size_t end = written.find_first_of("AJm", i);
      REQUIRE(end != std::string::npos);
      if (written[end] == 'A') {
        const auto up = std::stoul(written.substr(i + 2, end - i - 2));
        REQUIRE(up <= row);
        row -= up;
      }
      if (written[end] == 'J') {
        lines.resize(row + 1);
        lines[row].clear();
      }
      i = end;
    } else {
      lines[row] += written[i];
    }
  }
  REQUIRE(row + 1 == lines.size());
  REQUIRE(lines.back().empty());
  lines.pop_back();
  return lines;
}

/// A LiveProgress with a terminal, whose size and time are the test's.
struct Terminal {
  std::size_t columns = 60;
  std::size_t rows = 24;
  LiveProgress::Clock::time_point now{};
  std::ostringstream out;
  LiveProgress progress{out,
                        Verbosity::normal,
                        {.columns = [this] { return columns; }, .rows = [this] { return rows; }},
                        LiveProgress::Drawing::by_caller,
                        [this] { return now; }};

  std::vector<std::string> drawn() {
    progress.draw();
    return shown(out.str());
  }
};

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("each piece of work has a line with octets, share and speed") {
  Terminal terminal;
  const auto musl = terminal.progress.begin("fetching musl", 4096);
  terminal.progress.begin("resolving", std::nullopt);
  const auto index = terminal.progress.begin("fetching index", std::nullopt);
  terminal.progress.advance(musl, 1024);
  terminal.progress.advance(index, 512);
  CHECK(terminal.drawn() == Lines{"fetching musl                       1.0 KiB / 4.0 KiB   25%",
                                  "resolving",
                                  "fetching index                                        512 B"});
  terminal.now += std::chrono::seconds(2);
  terminal.progress.advance(musl, 4096);
  CHECK(terminal.drawn() == Lines{"fetching musl         4.0 KiB / 4.0 KiB  100%     2.0 KiB/s",
                                  "resolving                                               2 s",
                                  "fetching index                          512 B       256 B/s"});
}

TEST_CASE("ended work has no line, and without any nothing is left") {
  Terminal terminal;
  const auto one = terminal.progress.begin("one", std::nullopt);
  const auto two = terminal.progress.begin("two", std::nullopt);
  CHECK(terminal.drawn() == Lines{"one", "two"});
  terminal.progress.end(one, TaskOutcome::done);
  CHECK(terminal.drawn() == Lines{"two"});
  terminal.progress.end(two, TaskOutcome::failed);
  CHECK(shown(terminal.out.str()).empty());
  terminal.progress.end(two, TaskOutcome::failed);
  terminal.progress.advance(two, 5);
  CHECK(terminal.drawn().empty());
}

TEST_CASE("notes stay above the lines") {
  Terminal terminal;
  terminal.progress.note(NoteLevel::info, "first");
  const auto task = terminal.progress.begin("work", std::nullopt);
  terminal.drawn();
  terminal.progress.note(NoteLevel::warning, "second");
  terminal.progress.note(NoteLevel::detail, "not shown");
  CHECK(shown(terminal.out.str()) == Lines{"first", "warning: second", "work"});
  terminal.progress.end(task, TaskOutcome::done);
  CHECK(shown(terminal.out.str()) == Lines{"first", "warning: second"});
}

TEST_CASE("lines fit the terminal") {
  Terminal terminal;
  const auto task = terminal.progress.begin("fetching größer als alles übrige", 2048);
  for (std::size_t columns = 0; columns < 70; ++columns) {
    terminal.columns = columns;
    terminal.progress.advance(task, 1024);
    const auto lines = terminal.drawn();
    REQUIRE(lines.size() == 1);
    CHECK(display_width(lines[0]) < std::max<std::size_t>(columns, 2));
  }
}

TEST_CASE("more work than the terminal has lines is counted") {
  Terminal terminal;
  for (int i = 0; i < 20; ++i) terminal.progress.begin(std::to_string(i), std::nullopt);
  auto lines = terminal.drawn();
  CHECK(lines.size() == 12);
  CHECK(lines.back() == "… and 9 more");
  terminal.rows = 5;
  CHECK(terminal.drawn() == Lines{"0", "1", "… and 18 more"});
  terminal.rows = 1;
  CHECK(terminal.drawn() == Lines{"… and 20 more"});
}

TEST_CASE("control characters do not reach the terminal") {
  CHECK(printable("a\x1b[2Jb\rc\x7f") == "a?[2Jb?c?");
  CHECK(printable("\xc2\x9b") == "?");
  CHECK(printable("ä\xc2") == "ä\xc2");
  CHECK(printable("a\n\tb") == "a\n\tb");
  Terminal terminal;
  terminal.progress.begin("x\x1b[A", std::nullopt);
  terminal.progress.note(NoteLevel::info, "y\x1b[J");
  CHECK(terminal.drawn() == Lines{"y?[J", "x?[A"});
}

TEST_CASE("texts are cut by characters") {
  CHECK(fit("abc", 3) == "abc");
  CHECK(fit("abcd", 3) == "ab…");
  CHECK(fit("äöüß", 3) == "äö…");
  CHECK(fit("abc", 1) == "…");
  CHECK(fit("abc", 0).empty());
  CHECK(fit("", 0).empty());
}

TEST_CASE("drawing by itself shows what takes long, and clears it") {
  std::ostringstream out;
  {
    LiveProgress progress(out, Verbosity::normal,
                          {.columns = [] { return 40; }, .rows = [] { return 10; }});
    progress.begin("long work", 100);
    std::vector<std::jthread> threads;
    for (int i = 0; i < 3; ++i)
      threads.emplace_back([&progress] {
        for (std::uint64_t n = 0; n < 200; ++n) {
          const auto task = progress.begin("short", 200);
          progress.advance(task, n);
          progress.end(task, TaskOutcome::done);
        }
      });
    threads.clear();
    std::this_thread::sleep_for(std::chrono::milliseconds(350));
  }
  CHECK(out.str().find("long work") != std::string::npos);
  CHECK(shown(out.str()).empty());
}

}  // namespace tarn::builder
