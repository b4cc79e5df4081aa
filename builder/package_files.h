#pragma once

#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "apk/fetch/fetcher.h"
#include "apk/model/identity.h"
#include "apk/package/listing_cache.h"
#include "apk/support/file.h"
#include "builder/resolution.h"

namespace tarn::builder {

/// The package files of all plans, each once: where they come from, and what the store knows of
/// them. Those that are not at hand are fetched in the background, in the order of the plans. A
/// package whose listing is in the store is not fetched until its contents are asked for.
///
/// Every file it gives is verified, once: what comes from the store by its digest (it was verified
/// as a package before it was put there), what was fetched before it is stored, what lies in a
/// local repository each time it is opened.
///
/// All functions may be called on several threads.
class PackageFiles {
 public:
  /// Looks at what is at hand, and begins to fetch what is not. The fetcher must outlive it, and
  /// the functions that it gives. `stop` ends what it does.
  PackageFiles(const Resolution& resolution, apk::Fetcher& fetcher, std::size_t threads,
               const std::stop_token& stop);
  /// With the listings in another store than the fetcher's, which must outlive it, too.
  PackageFiles(const Resolution& resolution, apk::Fetcher& fetcher, apk::Store& listings,
               std::size_t threads, const std::stop_token& stop);
  PackageFiles(const PackageFiles&) = delete;
  PackageFiles& operator=(const PackageFiles&) = delete;
  /// Ends what is still being fetched.
  ~PackageFiles();

  /// The package's listing from the store; nothing when that has none, or a damaged one.
  std::optional<apk::PackageListing> find_listing(const apk::Package& package) const;
  /// Keeps the listing of a package that file() gave. Throws Error when it cannot be written.
  void keep_listing(const apk::Package& package, const apk::PackageListing& listing);

  /// Waits until the package is no longer being fetched; whether it was.
  bool await(const apk::Package& package, const std::stop_token& stop);
  /// The verified package file; waits until it was fetched. Throws Error: network, or trust for one
  /// that is not what the index lists. When several cannot be fetched, the first of them (in the
  /// order of the plans) is named, with the others as details.
  MappedFile file(const apk::Package& package, const std::stop_token& stop);
  /// A function that gives the verified package file at any later time: from where it lies, or
  /// fetched again.
  std::function<MappedFile()> opener(const apk::Package& package) const;

 private:
  struct Source;
  const Source& source_of(const apk::Package& package) const;
  void look_at_hand(const apk::Identity& identity, Source& source) const;
  void fetch(const std::vector<Source*>& coming);

  apk::Fetcher& fetcher_;
  apk::ListingCache listings_;
  std::map<apk::Identity, std::unique_ptr<Source>> sources_;

  mutable std::mutex mutex_;  ///< of what follows, and of what has come of each source
  std::condition_variable_any changed_;
  bool ended_ = false;          ///< nothing more comes
  std::exception_ptr failure_;  ///< why not everything has come

  std::stop_source cancel_;
  std::stop_callback<std::function<void()>> link_;
  std::jthread fetching_;  ///< last: it uses the rest
};

}  // namespace tarn::builder
