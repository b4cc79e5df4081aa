#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "apk/fetch/downloads.h"
#include "apk/fetch/store.h"
#include "apk/fetch/transport.h"
#include "apk/support/file.h"
#include "apk/support/progress.h"
#include "apk/support/url.h"

namespace tarn::apk {

/// How to reach repositories.
struct FetchOptions {
  NetworkUse network = NetworkUse::allowed;
  /// Substitutes tried in order when what lies under a URL prefix (given without credentials)
  /// cannot be had from it, or is not what it should be. The longest prefix counts.
  std::map<std::string, std::vector<Url>> mirrors{};
  std::size_t threads = 4;  ///< for verifying
};

/// A file that never changes under its key (a package by identity, a key by fingerprint).
struct Wanted {
  std::string label;                    ///< for progress and messages: "musl-1.2.5-r0"
  std::string kind;                     ///< folder in the store: "package", "key"
  std::string key;                      ///< "[0-9a-z]+", unique within the kind
  Url url;                              ///< where it lies; mirrors come from the options
  std::vector<Url> others{};            ///< where it may lie, too: asked after url's mirrors
  std::optional<std::uint64_t> size{};  ///< exact size in octets where known
  /// Throws Error when the octets are not the right ones.
  std::function<void(ByteView)> verify{};
};

/// Brings files from repositories, through the store. Local repositories are mapped in place, never
/// copied into the store.
///
/// The `verify` functions are called on several threads, for different files at once. When a
/// source's file does not pass, a warning is noted and the next mirror is asked; the last resort's
/// Error is thrown with its URL as context.
///
/// May be used by several threads; one at a time uses the transport.
class Fetcher {
 public:
  /// All of them must outlive the fetcher.
  Fetcher(Transport& transport, Store& store, FetchOptions options, Progress& progress,
          std::stop_token stop);

  /// Where it keeps what it brings.
  Store& store() { return store_; }

  /// Indexes and other files that change: asked for anew with If-None-Match / If-Modified-Since,
  /// answered from the store when unchanged or offline; in parallel; results in the order asked.
  /// `verify` sees the octets of every file, those from the store as well (who may sign it is the
  /// caller's matter, and may have changed), and before they are stored. Throws Error (network)
  /// naming the URL; where the store has an older copy the hint says so.
  std::vector<MappedFile> fetch_current(const std::vector<Url>& urls,
                                        const std::function<void(std::size_t, ByteView)>& verify);

  /// The same, but what comes from the store is not read: neither its digest is checked nor does
  /// `verify` see it. Who reads it checks it, and asks fetch_current() for another if it is
  /// damaged.
  std::vector<Brought> fetch_current_unread(
      const std::vector<Url>& urls, const std::function<void(std::size_t, ByteView)>& verify);

  /// Files that never change: from the store if there, else fetched, verified, stored; in parallel;
  /// results in the order asked. What comes from the store was verified for the same kind and key
  /// before it was stored, and its digest is checked; `verify` is not called again.
  std::vector<MappedFile> fetch_fixed(const std::vector<Wanted>& wanted);

  /// The same for who can use each file as soon as it is there: `ready(i, file)` is called for
  /// `wanted[i]` on any thread, on several at once. `stop` ends it, as the fetcher's own does.
  void fetch_fixed(const std::vector<Wanted>& wanted,
                   const std::function<void(std::size_t, MappedFile)>& ready,
                   const std::stop_token& stop);

 private:
  /// A transport whose runs wait for each other.
  class Turns final : public Transport {
   public:
    explicit Turns(Transport& transport) : transport_(transport) {}
    std::vector<TransferResult> run(std::vector<Transfer> transfers,
                                    const std::stop_token& stop) override;

   private:
    Transport& transport_;
    std::mutex mutex_;
  };

  std::vector<Brought> bring_current(const std::vector<Url>& urls,
                                     const std::function<void(std::size_t, ByteView)>& verify,
                                     CopyReading copies);
  std::vector<Url> sources_of(const Url& url) const;
  Download download_of(const Wanted& wanted) const;
  DownloadContext context(std::stop_token stop);

  Turns transport_;
  Store& store_;
  FetchOptions options_;
  Progress& progress_;
  std::stop_token stop_;
};

}  // namespace tarn::apk
