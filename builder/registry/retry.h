#pragma once

#include <chrono>
#include <stop_token>

#include "builder/registry/http.h"

namespace tarn::builder {

/// How often and after what waits a request is tried again.
struct RetryOptions {
  unsigned attempts = 5;                          ///< in a row that bring nothing forward
  std::chrono::milliseconds backoff{500};         ///< before the second attempt; doubles
  std::chrono::milliseconds longest_wait{60000};  ///< bound of back-off and of Retry-After
};

/// Whether another attempt may well end otherwise: broken connections, 408, 429, and 5xx.
bool is_passing(const HttpResponse& response);

/// How long to wait after `response` was the `failures`-th failure in a row: the back-off, or the
/// server's Retry-After (seconds, or a date) where that is longer.
std::chrono::milliseconds wait_after(const HttpResponse& response, unsigned failures,
                                     const RetryOptions& options);

/// Waits; throws Error (interrupted) as soon as a stop is asked for.
void wait(std::chrono::milliseconds time, const std::stop_token& stop);

/// What came of a request, in words: "the server returned 503", with what a registry's error
/// body (OCI distribution specification: errors) says, bounded; or why no answer came.
std::string describe(const HttpResponse& response);

/// Whether a registry's error body has this code ("BLOB_UPLOAD_UNKNOWN").
bool has_error_code(const HttpResponse& response, std::string_view code);

}  // namespace tarn::builder
