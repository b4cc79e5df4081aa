#include "builder/opened_packages.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "apk/package/package_file.h"
#include "apk/support/error.h"
#include "apk/support/gzip.h"
#include "apk/support/parallel.h"
#include "builder/rootfs/package_content.h"

namespace tarn::builder {
namespace {

/// Octets of inflated data that may exist at a time, unless one package has more.
constexpr std::uint64_t room = 12U << 20U;
/// Packages that are opened before they are asked for, for each thread: listings take memory, too.
constexpr std::size_t ahead_of_thread = 8;

/// What the data of a package will take: what its gzip member says, and what the package says where
/// that is more (the member's length wraps at 4 GiB).
std::uint64_t expected_size(const apk::PackageFile& file) {
  const std::uint64_t size =
      std::max<std::uint64_t>(gzip_stated_size(file.data_member()), file.package().installed_size);
  return std::min(size, file.limits().data);
}

}  // namespace

OpenedPackages::OpenedPackages(const std::vector<apk::PlannedPackage>& packages,
                               PackageFiles& files, std::size_t threads, Progress& progress,
                               const std::stop_token& stop, std::shared_ptr<RecentData> recent)
    : packages_(packages),
      files_(files),
      progress_(progress),
      recent_(std::move(recent)),
      ahead_(ahead_of_thread * std::max<std::size_t>(threads, 1)),
      slots_(packages.size()),
      link_(stop, [this] { cancel_.request_stop(); }) {
  const std::size_t count = std::min(std::max<std::size_t>(threads, 1), packages.size());
  for (std::size_t i = 0; i < count; ++i) threads_.emplace_back([this] { work(); });
}

OpenedPackages::~OpenedPackages() {
  cancel_.request_stop();
}

OpenedPackage OpenedPackages::next() {
  const auto begin = Clock::now();
  std::unique_lock lock(mutex_);
  if (given_ != 0) in_use_ -= std::exchange(slots_[given_ - 1].size, 0);
  Slot& slot = slots_.at(given_);
  is_waiting_ = true;
  changed_.notify_all();
  changed_.wait(lock, cancel_.get_token(), [&] { return slot.is_done(); });
  is_waiting_ = false;
  throw_if_stopped(cancel_.get_token());
  if (slot.arrived) waited_ += std::max(*slot.arrived - begin, Clock::duration::zero());
  if (slot.failure) std::rethrow_exception(slot.failure);
  ++given_;
  changed_.notify_all();
  OpenedPackage opened = *std::exchange(slot.opened, std::nullopt);
  recent_->keep(opened.tar);
  return opened;
}

void OpenedPackages::work() {
  const std::stop_token stop = cancel_.get_token();
  for (;;) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, stop, [&] { return begun_ - given_ < ahead_; });
    if (stop.stop_requested() || begun_ == packages_.size()) return;
    const std::size_t index = begun_++;
    lock.unlock();
    std::optional<OpenedPackage> opened;
    std::exception_ptr failure;
    try {
      opened = open(index);
    } catch (...) {
      failure = std::current_exception();
    }
    lock.lock();
    slots_[index].opened = std::move(opened);
    slots_[index].failure = failure;
    changed_.notify_all();
    // Nobody asks for what comes after it.
    if (failure) begun_ = packages_.size();
  }
}

OpenedPackage OpenedPackages::open(std::size_t index) {
  const apk::PlannedPackage& planned = packages_[index];
  const apk::Package& package = planned.package;
  if (package.installed_size == 0)
    return {PackageToInstall::from_listing({}, nullptr, package, planned.tag), nullptr};
  auto listing = files_.find_listing(package);
  if (!listing) return read(index);
  count_cache(progress_, "listing", CacheAnswer::hit);
  auto content = content_of(package, true, listing->tar_size, nullptr);
  return {
      PackageToInstall::from_listing(std::move(*listing), std::move(content), package, planned.tag),
      nullptr};
}

/// Reads a package from its file, and keeps its listing for the next time. The file takes memory,
/// too, once it is looked at: so it has to wait for room before, by what the index says.
OpenedPackage OpenedPackages::read(std::size_t index) {
  const apk::PlannedPackage& planned = packages_[index];
  const apk::Package& package = planned.package;
  if (files_.await(package, cancel_.get_token())) {
    const std::lock_guard lock(mutex_);
    slots_[index].arrived = Clock::now();
  }
  wait_for_room(index, std::min(package.installed_size, apk::PackageLimits{}.data));
  const MappedFile mapping = files_.file(package, cancel_.get_token());
  return with_context("unpacking " + package.label(), [&] {
    const auto file = apk::PackageFile::parse(mapping.bytes(), mapping.path().string());
    file.verify_identity(package.identity);
    wait_for_room(index, expected_size(file));
    apk::PackageData data;
    {
      Span span(progress_, "inflate", package.label());
      data = apk::read_package_data(file);
      span.set_bytes(data.tar->size());
    }
    count_cache(progress_, "listing", CacheAnswer::miss);
    auto tar = data.tar;
    apk::PackageListing listing = apk::list_package(file, std::move(data));
    const bool is_identified = !file.data_hash().empty();
    if (is_identified) files_.keep_listing(package, listing);
    auto content = content_of(package, is_identified, listing.tar_size, tar);
    return OpenedPackage{PackageToInstall::from_listing(std::move(listing), std::move(content),
                                                        package, planned.tag),
                         std::move(tar)};
  });
}

/// Takes room for all that a package takes. Whoever waits in next() gets its package in any case,
/// so that those after it cannot block it; nothing is in use then but what was opened ahead, and
/// that is little.
void OpenedPackages::wait_for_room(std::size_t index, std::uint64_t size) {
  const std::stop_token stop = cancel_.get_token();
  std::unique_lock lock(mutex_);
  std::uint64_t& taken = slots_[index].size;
  if (size <= taken) return;
  const std::uint64_t more = size - taken;
  changed_.wait(lock, stop, [&] {
    return (more <= room && in_use_ <= room - more) || (is_waiting_ && index == given_);
  });
  throw_if_stopped(stop);
  taken = size;
  in_use_ += more;
}

/// Where the package's contents come from when they are asked for later.
std::shared_ptr<const ContentSource> OpenedPackages::content_of(
    const apk::Package& package, bool is_identified, std::uint64_t tar_size,
    const std::shared_ptr<const Bytes>& tar) const {
  PackageContent::Facts facts{.label = package.label(),
                              .identity = std::nullopt,
                              .tar_size = tar_size,
                              .open = files_.opener(package),
                              .recent = recent_};
  if (is_identified) facts.identity = package.identity;
  return std::make_shared<const PackageContent>(std::move(facts), tar);
}

}  // namespace tarn::builder
