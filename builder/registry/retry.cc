#include "builder/registry/retry.h"

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <ctime>
#include <mutex>

#include <curl/curl.h>
#include <fmt/core.h>

#include "apk/support/parallel.h"
#include "builder/image/json.h"

namespace tarn::builder {
namespace {

constexpr std::size_t longest_quote = 300;

/// The errors of a registry's answer; an empty list for any other body.
Json errors_of(const HttpResponse& response) {
  Json body = Json::parse(response.body, nullptr, false);
  if (!body.is_object() || !body.contains("errors") || !body["errors"].is_array())
    return Json::array();
  return body["errors"];
}

std::string text_of(const Json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// A server's text as a message may have it: without control characters, not too long.
std::string quotable(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = ' ';
  if (text.size() <= longest_quote) return text;
  std::size_t end = longest_quote;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end) + "…";
}

/// Nothing where there is no Retry-After that can be read.
std::optional<std::chrono::seconds> asked_wait(const HttpResponse& response) {
  const std::string text(response.header("retry-after"));
  if (text.empty()) return std::nullopt;
  long long seconds = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (parsed.ec == std::errc() && parsed.ptr == text.data() + text.size())
    return std::chrono::seconds(std::clamp<long long>(seconds, 0, 1 << 20));
  const std::time_t date = curl_getdate(text.c_str(), nullptr);
  if (date == -1) return std::nullopt;
  return std::chrono::seconds(std::clamp<long long>(date - std::time(nullptr), 0, 1 << 20));
}

}  // namespace

bool is_passing(const HttpResponse& response) {
  if (response.failure != HttpFailure::none)
    return response.failure == HttpFailure::passing || response.failure == HttpFailure::no_tls;
  const long status = response.status;
  return status == 408 || status == 429 || (status >= 500 && status != 501 && status != 505);
}

std::chrono::milliseconds wait_after(const HttpResponse& response, unsigned failures,
                                     const RetryOptions& options) {
  const unsigned doublings = std::min(std::max(failures, 1U) - 1, 20U);
  const auto backoff = std::min(options.backoff * (1U << doublings), options.longest_wait);
  const auto asked = asked_wait(response);
  if (!asked) return backoff;
  return std::max(backoff, std::min<std::chrono::milliseconds>(*asked, options.longest_wait));
}

void wait(std::chrono::milliseconds time, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, time, [] { return false; });
  throw_if_stopped(stop);
}

std::string describe(const HttpResponse& response) {
  if (response.failure != HttpFailure::none) return response.reason;
  std::string said;
  for (const Json& error : errors_of(response)) {
    const std::string message = text_of(error, "message");
    const std::string code = text_of(error, "code");
    if (!said.empty()) said += "; ";
    said += message.empty() ? code : message;
    if (!message.empty() && !code.empty()) said += " (" + code + ")";
  }
  if (said.empty()) said = text_of(Json::parse(response.body, nullptr, false), "details");
  said = quotable(std::move(said));
  return fmt::format("the server returned {}{}{}", response.status, said.empty() ? "" : ": ",
                     redact_urls(said));
}

bool has_error_code(const HttpResponse& response, std::string_view code) {
  return std::ranges::any_of(errors_of(response),
                             [&](const Json& error) { return text_of(error, "code") == code; });
}

}  // namespace tarn::builder
