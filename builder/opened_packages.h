#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "apk/solver/solver.h"
#include "apk/support/progress.h"
#include "builder/package_files.h"
#include "builder/rootfs/installer.h"
#include "builder/rootfs/recent_data.h"

namespace tarn::builder {

/// A package as it is about to be unpacked, and its inflated data section if that was read.
struct OpenedPackage {
  PackageToInstall package;
  std::shared_ptr<const Bytes> tar;
};

/// The packages of a plan, opened ahead of who unpacks them, and given in the plan's order: by
/// their listings where the store has them, else read from their files as these arrive.
///
/// Besides the package that was given last, at most max(one package, 12 MiB) of inflated data
/// exist, and never two packages of more than that.
class OpenedPackages {
 public:
  /// Begins to open them, on `threads` threads. `packages` and the rest must outlive it. `recent`
  /// keeps the data of what is read, now and while it is there.
  OpenedPackages(const std::vector<apk::PlannedPackage>& packages, PackageFiles& files,
                 std::size_t threads, Progress& progress, const std::stop_token& stop,
                 std::shared_ptr<RecentData> recent = std::make_shared<RecentData>());
  OpenedPackages(const OpenedPackages&) = delete;
  OpenedPackages& operator=(const OpenedPackages&) = delete;
  /// Gives up what was not given yet.
  ~OpenedPackages();

  /// The next package; to be called once for each. The data of the one before counts as gone.
  /// Throws the Error with which opening it failed, whatever others failed with, or Error
  /// (interrupted).
  OpenedPackage next();

  /// How long next() has waited for files that were being fetched.
  std::chrono::steady_clock::duration waited() const { return waited_; }

 private:
  using Clock = std::chrono::steady_clock;

  struct Slot {
    std::optional<OpenedPackage> opened;
    std::exception_ptr failure;
    std::uint64_t size = 0;                      ///< octets of inflated data that count for it
    std::optional<Clock::time_point> arrived{};  ///< when its file was there, if it was awaited

    bool is_done() const { return opened || failure; }
  };

  void work();
  OpenedPackage open(std::size_t index);
  OpenedPackage read(std::size_t index);
  void wait_for_room(std::size_t index, std::uint64_t size);
  std::shared_ptr<const ContentSource> content_of(const apk::Package& package, bool is_identified,
                                                  std::uint64_t tar_size,
                                                  const std::shared_ptr<const Bytes>& tar) const;

  const std::vector<apk::PlannedPackage>& packages_;
  PackageFiles& files_;
  Progress& progress_;
  std::shared_ptr<RecentData> recent_;
  std::size_t ahead_;  ///< so many packages may be opened before they are asked for
  Clock::duration waited_{};

  std::mutex mutex_;  ///< of what follows
  std::condition_variable_any changed_;
  std::vector<Slot> slots_;
  std::size_t begun_ = 0;     ///< packages that a thread has taken up
  std::size_t given_ = 0;     ///< packages that next() has given
  bool is_waiting_ = false;   ///< next() waits for the package after those
  std::uint64_t in_use_ = 0;  ///< octets of inflated data, with those given last

  std::stop_source cancel_;
  std::stop_callback<std::function<void()>> link_;
  std::vector<std::jthread> threads_;  ///< last: they use the rest
};

}  // namespace tarn::builder
