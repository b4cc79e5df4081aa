#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "apk/fetch/store.h"
#include "apk/fetch/transport.h"
#include "apk/support/file.h"
#include "apk/support/hash.h"
#include "apk/support/progress.h"
#include "apk/support/url.h"

namespace tarn::apk {

enum class NetworkUse { allowed, offline };

/// Whether what lies under a URL may become another.
enum class Lifetime {
  fixed,   ///< never changes: a copy in the store is as good
  current  ///< may change: the server is asked whether the copy in the store is still right
};

/// What is done with the octets of a copy in the store that is still right.
enum class CopyReading {
  checked,  ///< their digest is, then `verify` sees them
  left      ///< nothing: whoever reads them checks them, by Brought::unread
};

/// A file to be brought from the first of several places that has it.
struct Download {
  struct Source {
    Url url;
    std::string key;  ///< of the copy in the store
  };
  std::string label;  ///< for progress and messages
  std::string kind;   ///< of the copy in the store
  Lifetime lifetime = Lifetime::fixed;
  std::vector<Source> sources{};
  std::optional<std::uint64_t> size{};
  std::uint64_t limit = 0;
  CopyReading copy_reading = CopyReading::checked;
  /// Throws Error when the octets are not the right ones. Called on several threads.
  std::function<void(ByteView)> verify{};
  /// Takes the file as soon as it is there; bring() does not keep it then. Called on any thread, on
  /// several at once. May be empty.
  std::function<void(MappedFile)> ready{};
};

/// A file that was brought.
struct Brought {
  MappedFile file;
  /// Set for a copy that was left unread: the SHA-256 its octets had when they were stored.
  std::optional<Sha256Digest> unread{};
};

/// What downloading needs of the world.
struct DownloadContext {
  Transport& transport;
  Store& store;
  NetworkUse network;
  std::size_t threads;  ///< for verifying
  Progress& progress;
  std::stop_token stop;
};

/// Brings all of them, in parallel, results in the order given. A local source is mapped where it
/// lies; others come from the store or are fetched, verified and stored. A source that does not
/// have the file, or has a wrong one, is noted and the next is asked. When a file cannot be had
/// from any, the others are brought to their end (and stay in the store), then the Error of the
/// first such file is thrown, with the others as details. The result of a download with `ready` is
/// an empty one.
std::vector<Brought> bring(std::vector<Download> downloads, const DownloadContext& context);

}  // namespace tarn::apk
