#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "apk/package/package_file.h"
#include "apk/package/package_writer.h"
#include "apk/support/file.h"
#include "apk/support/hash.h"
#include "builder/package_files.h"
#include "unit/fetch/scratch.h"

namespace tarn::test {

/// A repository's server without a network.
class PackageServer final : public apk::Transport {
 public:
  std::map<std::string, Bytes> files;  ///< by URL; others are not found
  std::vector<std::string> asked;
  /// Called before a file is served. May be empty.
  std::function<void(const std::string& url, const std::stop_token& stop)> before{};

  std::vector<apk::TransferResult> run(std::vector<apk::Transfer> transfers,
                                       const std::stop_token& stop) override {
    using Status = apk::TransferResult::Status;
    std::vector<apk::TransferResult> results;
    for (auto& transfer : transfers) {
      const std::string url = transfer.url.str();
      if (before) before(url, stop);
      if (stop.stop_requested()) throw Error(ErrorKind::interrupted, "interrupted");
      asked.push_back(url);
      const auto found = files.find(url);
      apk::TransferResult result{.status = Status::not_found, .error = "not found"};
      if (found != files.end()) {
        transfer.write(found->second);
        result = {.status = Status::complete};
      }
      results.push_back(result);
      transfer.finished(results.back());
    }
    return results;
  }
};

/// Counts what is counted.
class CountingProgress final : public SilentProgress {
 public:
  void count(std::string_view name, std::uint64_t number) override {
    const std::lock_guard lock(mutex_);
    counts_[std::string(name)] += number;
  }
  std::uint64_t of(const std::string& name) {
    const std::lock_guard lock(mutex_);
    return counts_[name];
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::uint64_t> counts_;
};

/// Made-up packages, planned to be installed, on a server; and everything to fetch them with.
struct PlannedPackages {
  Scratch scratch;
  apk::Store store{scratch / "cache"};
  PackageServer server;
  CountingProgress progress;
  apk::FetchOptions options;
  std::stop_source stop;
  builder::Resolution resolution;

  PlannedPackages() {
    apk::Repository repository;
    repository.url = Url::parse("https://example.org/main").value();
    resolution.repositories = {repository};
    resolution.image_repositories = {repository};
    resolution.plans.emplace_back();
    resolution.plans[0].architecture = apk::Architecture::parse("x86_64").value();
  }

  /// Plans a package with these files (path and content), and serves it.
  const apk::Package& add(const std::string& name,
                          const std::vector<std::pair<std::string, std::string>>& contents,
                          const std::map<apk::ScriptKind, std::string>& scripts = {}) {
    apk::PackageManifest manifest;
    manifest.package.name = name;
    manifest.package.version = "1.0-r0";
    manifest.package.arch = "x86_64";
    manifest.package.build_time = 1700000000;
    manifest.scripts = scripts;
    apk::Payload payload;
    for (const auto& [path, content] : contents) {
      apk::PayloadEntry& entry = payload.emplace_back();
      entry.header.path = path;
      entry.header.mode = 0644;
      entry.content = Bytes(as_bytes(content).begin(), as_bytes(content).end());
    }
    return add(apk::write_package(manifest, std::move(payload)));
  }
  const apk::Package& add(const Bytes& file) {
    apk::PlannedPackage planned;
    planned.package = apk::PackageFile::parse(file, "made").package();
    if (planned.package.installed_size == 0) planned.package.installed_size = 1;
    server.files[url_of(planned.package)] = file;
    return resolution.plans[0].plan.packages.emplace_back(std::move(planned)).package;
  }

  std::string url_of(const apk::Package& package) const {
    return resolution.repositories[0].package_url(package).str();
  }
  apk::Fetcher fetcher() { return {server, store, options, progress, stop.get_token()}; }
  builder::PackageFiles files(apk::Fetcher& fetcher) {
    return builder::PackageFiles(resolution, fetcher, 2, stop.get_token());
  }
  std::filesystem::path blob_of(const apk::Package& package) const {
    return store.blob_path(sha256(server.files.at(url_of(package))));
  }
};

}  // namespace tarn::test
