// One measurement of the solver, for bench/solver: each is a process of its own, so that its peak
// memory is its own.
//
//   tarn-solver-bench write OUTPUT INDEX…        the binary index of APKINDEX.tar.gz files
//   tarn-solver-bench text WORLD-FILE INDEX…     read APKINDEX.tar.gz files, then solve
//   tarn-solver-bench binary WORLD-FILE INDEX    map a binary index, then solve
//
// The world's file holds words. Prints as JSON what it took, without the process's start.

#include <chrono>
#include <cstdio>
#include <string>
#include <variant>
#include <vector>

#include <fmt/core.h>
#include <sys/resource.h>

#include "apk/index/binary_index.h"
#include "apk/index/index.h"
#include "apk/solver/solver.h"
#include "apk/support/error.h"
#include "apk/support/file.h"
#include "apk/support/parallel.h"

namespace tarn::apk {
namespace {

BinaryIndex read_texts(const std::vector<std::string>& paths) {
  std::vector<BinaryIndex::Part> parts(paths.size());
  parallel_for(paths.size(), paths.size(), [&](std::size_t i) {
    const MappedFile file = MappedFile::open(paths[i]);
    parts[i] = BinaryIndex::Part::from_text(IndexFile::parse(file.bytes(), paths[i]).text, {});
  });
  return BinaryIndex::join_parts(parts);
}

void write_binary(const std::string& path, const BinaryIndex& index) {
  const BinaryIndex::File file = index.file();
  AtomicFile output(path);
  output.write(file.header);
  for (const ByteView section : file.sections) output.write(section);
  output.commit();
}

long peak_kib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

void measure(bool is_text, const std::string& world_file, const std::vector<std::string>& paths) {
  using Clock = std::chrono::steady_clock;
  const auto milliseconds = [](Clock::duration duration) {
    return std::chrono::duration<double, std::milli>(duration).count();
  };
  const std::string world = read_file(world_file);

  const auto start = Clock::now();
  const BinaryIndex index =
      is_text ? read_texts(paths) : BinaryIndex::open(MappedFile::open(paths.front()));
  const auto loaded = Clock::now();
  Request request;
  request.architectures = {"x86_64"};
  request.joined = &index;
  request.repositories.resize(index.source_count());
  for (const auto word : split_words(world))
    request.world.push_back(Dependency::parse(word).value());
  const auto result = solve(request);
  const auto solved = Clock::now();
  const auto* plan = std::get_if<Plan>(&result);
  fmt::print(
      "{{\"load\": {:.3f}, \"solve\": {:.3f}, \"peak\": {}, \"packages\": {}, \"plan\": {}}}\n",
      milliseconds(loaded - start), milliseconds(solved - loaded), peak_kib(),
      index.package_count(), plan != nullptr ? plan->packages.size() : 0);
}

int run(const std::vector<std::string>& words) {
  if (words.size() < 3) {
    fmt::print(stderr, "usage: tarn-solver-bench write|text|binary FILE INDEX...\n");
    return 2;
  }
  if (words[0] == "write") {
    write_binary(words[1], read_texts({words.begin() + 2, words.end()}));
  } else {
    measure(words[0] == "text", words[1], {words.begin() + 2, words.end()});
  }
  return 0;
}

}  // namespace
}  // namespace tarn::apk

int main(int count, char** words) {
  try {
    return tarn::apk::run({words + 1, words + count});
  } catch (const tarn::Error& error) {
    fmt::print(stderr, "{}\n", error.render());
    return 1;
  }
}
