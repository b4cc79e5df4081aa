#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <vector>

#include "apk/fetch/fetcher.h"
#include "apk/model/identity.h"
#include "apk/package/listing_cache.h"
#include "apk/support/file.h"
#include "builder/resolution.h"

namespace tarn::builder {

/// The package files of all plans, each once: where they come from, and what the store knows of
/// them. A package whose listing is in the store is not fetched until its contents are asked for.
///
/// Every file it gives is verified, once: what comes from the store by its digest (it was verified
/// as a package before it was put there), what was fetched before it is stored, what lies in a
/// local repository each time it is opened.
///
/// All functions may be called on several threads.
class PackageFiles {
 public:
  /// Looks at what is at hand and fetches what is not. The fetcher must outlive it, and
  /// the functions that it gives. Throws Error: network, or trust for a
  /// package that is not what the index lists.
  PackageFiles(const Resolution& resolution, apk::Fetcher& fetcher, std::size_t threads,
               const std::stop_token& stop);
  PackageFiles(const PackageFiles&) = delete;
  PackageFiles& operator=(const PackageFiles&) = delete;
  ~PackageFiles();

  /// The package's listing from the store; nothing when that has none, or a damaged one.
  std::optional<apk::PackageListing> find_listing(const apk::Package& package) const;
  /// Keeps the listing of a package that file() gave. Throws Error when it cannot be written.
  void keep_listing(const apk::Package& package, const apk::PackageListing& listing);

  /// The verified package file. Throws Error: network, or trust.
  MappedFile file(const apk::Package& package);
  /// A function that gives the verified package file at any later time: from where it lies, or
  /// fetched again.
  std::function<MappedFile()> opener(const apk::Package& package) const;

 private:
  struct Source;
  const Source& source_of(const apk::Package& package) const;
  void look_at_hand(const apk::Identity& identity, Source& source) const;

  apk::Fetcher& fetcher_;
  apk::ListingCache listings_;
  std::map<apk::Identity, std::unique_ptr<Source>> sources_;
  std::mutex mutex_;
  std::map<apk::Identity, MappedFile> fetched_;  ///< those that were not asked for yet
};

}  // namespace tarn::builder
