#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>

#include <curl/curl.h>

#include "apk/fetch/certificates.h"
#include "apk/fetch/response_head.h"
#include "apk/fetch/transport.h"

namespace tarn::apk {

/// One transfer over libcurl with all its attempts: sets each up, takes its answer, judges how it
/// ended, and says when the next may start. It runs on the multi handle it is attached to.
class Exchange {
 public:
  using Clock = std::chrono::steady_clock;
  enum class State {
    waiting,  ///< start() may be called from ready_at() on
    running,  ///< attached
    ended,    ///< result() is final, or failure() is set
  };

  /// The options and certificates must outlive it.
  Exchange(Transfer transfer, const TransportOptions& options, const Certificates& certificates);
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  ~Exchange();

  State state() const { return state_; }
  Clock::time_point ready_at() const { return ready_at_; }
  const TransferResult& result() const { return result_; }
  /// What a callback of the transfer threw.
  const std::exception_ptr& failure() const { return failure_; }
  const Transfer& transfer() const { return transfer_; }
  bool was_started() const { return attempts_ != 0; }

  /// Begins an attempt.
  void start(CURLM* multi);
  /// The attempt has come to its end, as libcurl sees it with `code`.
  void conclude(CURLcode code, Clock::time_point now);
  /// Ends it without an attempt.
  void fail(std::string reason);

 private:
  enum class Body { undecided, taken, discarded };
  enum class Refusal { of_attempt, of_transfer };

  void set_fixed_options(const Certificates& certificates);
  void set_certificates(const Certificates& certificates);
  void set_request_headers();
  static std::size_t take_header(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t take_body(char* data, std::size_t size, std::size_t count, void* self);
  bool add_body(ByteView data);
  void begin_body();
  void begin_whole_body();
  void begin_rest_of_body();
  void restart_body();
  void refuse(Refusal refusal, std::string reason);
  bool can_resume() const;
  std::optional<std::uint64_t> expected_size() const;
  std::string request_validator() const;
  void conclude_by_status(Clock::time_point now);
  void conclude_body(const std::string& reason, Clock::time_point now);
  void try_again(const std::string& reason, Clock::time_point now);
  void end(TransferResult::Status status, std::string error);
  void detach();

  Transfer transfer_;
  const TransportOptions& options_;
  CURL* easy_;
  CURLM* multi_ = nullptr;  ///< set while attached
  curl_slist* headers_ = nullptr;
  std::string error_text_;  ///< where libcurl writes what went wrong

  State state_ = State::waiting;
  Clock::time_point ready_at_{};
  unsigned attempts_ = 0;
  TransferResult result_;
  std::exception_ptr failure_;

  ResponseHead head_;  ///< of this attempt's answer
  Body body_ = Body::undecided;
  bool asked_for_rest_ = false;  ///< this attempt has a Range
  std::string refusal_;          ///< why this attempt's answer was not taken; empty: it was
  bool refusal_is_final_ = false;

  std::uint64_t done_ = 0;              ///< octets delivered, over all attempts
  std::optional<std::uint64_t> total_;  ///< what the server says of the whole
  std::string etag_;                    ///< of the body that is being delivered
  std::string last_modified_;
};

}  // namespace tarn::apk
