#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "apk/support/bytes.h"
#include "apk/support/url.h"

namespace tarn::apk {

/// How a transfer ended; failures are values, so that the caller can try another mirror.
struct TransferResult {
  enum class Status { complete, not_modified, not_found, failed };
  Status status = Status::failed;
  long http_status = 0;  ///< 0 when no answer came
  std::string etag{};
  std::string last_modified{};
  std::string error{};         ///< of one not had: "server returned 503 after 4 attempts", …
  unsigned attempts = 0;       ///< how often the server was asked
  std::uint64_t received = 0;  ///< octets of bodies that came, over all attempts
  std::chrono::steady_clock::time_point begun{};  ///< when the first attempt began, if any did
};

/// What to ask a server for.
struct Transfer {
  Url url{};
  std::string if_none_match{};            ///< ETag of what is at hand; empty: none
  std::string if_modified_since{};        ///< Last-Modified of what is at hand; empty: none
  std::optional<std::uint64_t> size{};    ///< exact size of the whole where known
  std::uint64_t limit = 8ULL << 30U;      ///< refuse a longer answer
  std::function<void(ByteView)> write{};  ///< takes the body as it comes, in order, once
  std::function<void()> restart{};        ///< the body starts again from its first octet
  /// Called when the body begins (with 0) and as it grows. May be empty.
  std::function<void(std::uint64_t done, std::optional<std::uint64_t> total)> progress{};
  /// Called once, when this transfer has ended and others may still run. May be empty.
  std::function<void(const TransferResult&)> finished{};
};

/// How HTTP is spoken.
struct TransportOptions {
  std::size_t parallel = 8;
  unsigned attempts = 4;                   ///< of one transfer, with back-off between
  std::chrono::milliseconds backoff{250};  ///< before the second attempt; doubles
  std::chrono::seconds connect_timeout{15};
  std::chrono::seconds stall_timeout{30};         ///< no octet for so long: a failed attempt
  std::chrono::milliseconds longest_wait{30000};  ///< bound of back-off and of Retry-After
  std::filesystem::path ca_file{};                ///< more trusted certificates (PEM); may be empty
  std::filesystem::path netrc{};                  ///< empty: ~/.netrc or $NETRC
  std::string user_agent = "tarn";
};

/// Moves octets from servers; tests put another in its place.
class Transport {
 public:
  virtual ~Transport() = default;
  Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  /// Runs all transfers, several at once; the callbacks are called on the calling thread; an Error
  /// thrown by a callback fails that transfer and is rethrown after the others were stopped.
  /// Results in the order given. Throws Error (interrupted) when a stop is asked for.
  virtual std::vector<TransferResult> run(std::vector<Transfer> transfers,
                                          const std::stop_token& stop) = 0;
};

}  // namespace tarn::apk
