#include "apk/fetch/exchange.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include <fmt/core.h>

#include "apk/fetch/curl_library.h"
#include "apk/support/error.h"

namespace tarn::apk {
namespace {

constexpr long max_redirects = 10;
constexpr long receive_buffer_size = 256L << 10U;

curl_blob blob_of(const std::string& text) {
  return {.data = const_cast<char*>(text.data()), .len = text.size(), .flags = CURL_BLOB_NOCOPY};
}

/// Whether another attempt may well end otherwise.
bool is_passing(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
    case CURLE_PARTIAL_FILE:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_AGAIN:
      return true;
    default:
      return false;
  }
}

bool is_passing_status(long status) {
  return status >= 500 || status == 408 || status == 429;
}

std::string describe_status(long status) {
  switch (status) {
    case 401:
      return "server returned 401: it wants other credentials";
    case 403:
      return "server returned 403: access refused";
    case 404:
    case 410:
      return fmt::format("server returned {}: not found", status);
    case 407:
      return "the proxy returned 407: it wants other credentials";
    default:
      return fmt::format("server returned {}", status);
  }
}

std::string describe_failure(CURLcode code, const std::string& error_text) {
  if (code == CURLE_UNSUPPORTED_PROTOCOL) return "redirected to where it must not go (not https)";
  if (code == CURLE_TOO_MANY_REDIRECTS)
    return fmt::format("redirected more than {} times", max_redirects);
  const std::string text = error_text.c_str();  // up to the first NUL
  return redact_urls(text.empty() ? curl_easy_strerror(code) : text);
}

}  // namespace

Exchange::Exchange(Transfer transfer, const TransportOptions& options,
                   const Certificates& certificates)
    : transfer_(std::move(transfer)),
      options_(options),
      easy_(curl_easy_init()),
      error_text_(CURL_ERROR_SIZE, '\0') {
  if (easy_ == nullptr) throw Error(ErrorKind::network, "the HTTP library does not start");
  try {
    set_fixed_options(certificates);
  } catch (...) {
    curl_easy_cleanup(easy_);
    throw;
  }
}

Exchange::~Exchange() {
  detach();
  curl_easy_cleanup(easy_);
  curl_slist_free_all(headers_);
}

void Exchange::set_fixed_options(const Certificates& certificates) {
  const Url& url = transfer_.url;
  const auto milliseconds = [](auto duration) {
    return static_cast<long>(std::chrono::milliseconds(duration).count());
  };
  set_option(easy_, CURLOPT_PRIVATE, this);
  set_option(easy_, CURLOPT_ERRORBUFFER, error_text_.data());
  set_option(easy_, CURLOPT_NOSIGNAL, 1L);
  set_option(easy_, CURLOPT_QUICK_EXIT, 1L);  // an interrupted run does not wait for a name server
  set_option(easy_, CURLOPT_URL, url.without_credentials().with_secrets().c_str());
  set_option(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  set_option(easy_, CURLOPT_REDIR_PROTOCOLS_STR, url.scheme() == "https" ? "https" : "http,https");
  set_option(easy_, CURLOPT_FOLLOWLOCATION, 1L);
  set_option(easy_, CURLOPT_MAXREDIRS, max_redirects);
  set_option(easy_, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set_option(easy_, CURLOPT_USERAGENT, options_.user_agent.c_str());
  set_option(easy_, CURLOPT_BUFFERSIZE, receive_buffer_size);
  set_option(easy_, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(options_.connect_timeout));
  set_option(easy_, CURLOPT_LOW_SPEED_LIMIT, 1L);
  set_option(easy_, CURLOPT_LOW_SPEED_TIME, static_cast<long>(options_.stall_timeout.count()));
  set_option(easy_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  // Waiting for a connection that may be shared pays only where it can be.
  set_option(easy_, CURLOPT_PIPEWAIT, url.scheme() == "https" ? 1L : 0L);
  set_option(easy_, CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
  set_option(easy_, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_OPTIONAL));
  const char* netrc = std::getenv("NETRC");
  if (!options_.netrc.empty())
    set_option(easy_, CURLOPT_NETRC_FILE, options_.netrc.c_str());
  else if (netrc != nullptr && *netrc != '\0')
    set_option(easy_, CURLOPT_NETRC_FILE, netrc);
  if (url.has_credentials()) {
    const std::string both = url.user_and_password();
    const std::size_t colon = std::min(both.find(':'), both.size());
    set_option(easy_, CURLOPT_USERNAME, both.substr(0, colon).c_str());
    set_option(easy_, CURLOPT_PASSWORD, both.substr(std::min(colon + 1, both.size())).c_str());
  }
  set_option(easy_, CURLOPT_HEADERFUNCTION, &Exchange::take_header);
  set_option(easy_, CURLOPT_HEADERDATA, this);
  set_option(easy_, CURLOPT_WRITEFUNCTION, &Exchange::take_body);
  set_option(easy_, CURLOPT_WRITEDATA, this);
  set_certificates(certificates);
}

void Exchange::set_certificates(const Certificates& certificates) {
  if (!certificates.bundle.empty()) {
    curl_blob blob = blob_of(certificates.bundle);
    set_option(easy_, CURLOPT_CAINFO_BLOB, &blob);
    set_option(easy_, CURLOPT_PROXY_CAINFO_BLOB, &blob);
  } else if (!certificates.file.empty()) {
    set_option(easy_, CURLOPT_CAINFO, certificates.file.c_str());
    set_option(easy_, CURLOPT_PROXY_CAINFO, certificates.file.c_str());
    // With a file alone libcurl keeps what it parsed of it for all connections.
    set_option(easy_, CURLOPT_CAPATH, static_cast<const char*>(nullptr));
    set_option(easy_, CURLOPT_PROXY_CAPATH, static_cast<const char*>(nullptr));
  }
}

void Exchange::set_request_headers() {
  curl_slist_free_all(headers_);
  headers_ = nullptr;
  const auto add = [this](const std::string& name, const std::string& value) {
    curl_slist* longer = curl_slist_append(headers_, (name + ": " + value).c_str());
    if (longer == nullptr) throw std::bad_alloc();
    headers_ = longer;
  };
  asked_for_rest_ = done_ > 0;
  if (asked_for_rest_) {
    if (const auto known = request_validator(); !known.empty()) add("If-Range", known);
  } else {
    if (!transfer_.if_none_match.empty()) add("If-None-Match", transfer_.if_none_match);
    if (!transfer_.if_modified_since.empty()) add("If-Modified-Since", transfer_.if_modified_since);
  }
  set_option(easy_, CURLOPT_HTTPHEADER, headers_);
  // CURLOPT_RANGE and not CURLOPT_RESUME_FROM: that makes a whole answer an error.
  const std::string range = fmt::format("{}-", done_);
  set_option(easy_, CURLOPT_RANGE,
             asked_for_rest_ ? range.c_str() : static_cast<const char*>(nullptr));
}

void Exchange::start(CURLM* multi) {
  head_ = {};
  body_ = Body::undecided;
  refusal_.clear();
  error_text_.assign(CURL_ERROR_SIZE, '\0');
  set_option(easy_, CURLOPT_ERRORBUFFER, error_text_.data());
  set_request_headers();
  if (attempts_++ == 0) result_.begun = Clock::now();
  result_.attempts = attempts_;
  const CURLMcode code = curl_multi_add_handle(multi, easy_);
  if (code != CURLM_OK)
    throw Error(ErrorKind::network,
                std::string("the HTTP library fails: ") + curl_multi_strerror(code));
  multi_ = multi;
  state_ = State::running;
}

void Exchange::detach() {
  if (multi_ != nullptr) curl_multi_remove_handle(multi_, easy_);
  multi_ = nullptr;
}

std::size_t Exchange::take_header(char* data, std::size_t size, std::size_t count, void* self) {
  auto* exchange = static_cast<Exchange*>(self);
  try {
    exchange->head_.add_line({data, size * count});
    return size * count;
  } catch (...) {
    exchange->failure_ = std::current_exception();
    return 0;
  }
}

std::size_t Exchange::take_body(char* data, std::size_t size, std::size_t count, void* self) {
  auto* exchange = static_cast<Exchange*>(self);
  try {
    const auto bytes = as_bytes(std::string_view(data, size * count));
    return exchange->add_body(bytes) ? bytes.size() : 0;  // 0 ends the attempt
  } catch (...) {
    exchange->failure_ = std::current_exception();
    return 0;
  }
}

bool Exchange::add_body(ByteView data) {
  result_.received += data.size();
  if (body_ == Body::undecided) begin_body();
  if (!refusal_.empty()) return false;
  if (body_ == Body::discarded) return true;
  const std::uint64_t bound = std::min(transfer_.limit, transfer_.size.value_or(transfer_.limit));
  if (data.size() > bound - std::min(done_, bound)) {
    refuse(Refusal::of_transfer,
           fmt::format("server sends more than {} of {} octets",
                       transfer_.size ? "the expected size" : "the limit", bound));
    return false;
  }
  transfer_.write(data);
  done_ += data.size();
  if (transfer_.progress) transfer_.progress(done_, expected_size());
  return true;
}

void Exchange::begin_body() {
  body_ = Body::discarded;
  if (head_.status() == 200) begin_whole_body();
  if (head_.status() == 206) begin_rest_of_body();
  if (body_ == Body::taken && transfer_.progress) transfer_.progress(done_, expected_size());
}

void Exchange::begin_whole_body() {
  if (done_ > 0) restart_body();
  total_ = head_.content_length();
  etag_ = head_.etag();
  last_modified_ = head_.last_modified();
  if (total_ && transfer_.size && *total_ != *transfer_.size)
    return refuse(Refusal::of_transfer, fmt::format("server has {} octets where {} are expected",
                                                    *total_, *transfer_.size));
  if (total_ && *total_ > transfer_.limit)
    return refuse(
        Refusal::of_transfer,
        fmt::format("server has {} octets, more than the limit of {}", *total_, transfer_.limit));
  body_ = Body::taken;
}

void Exchange::begin_rest_of_body() {
  const auto range = head_.content_range();
  const auto expected = expected_size();
  if (!asked_for_rest_ || !range || range->first != done_ ||
      (expected && range->total && *range->total != *expected)) {
    restart_body();
    return refuse(Refusal::of_attempt, "server sent another part than it was asked for");
  }
  if (range->total) total_ = range->total;
  body_ = Body::taken;
}

void Exchange::restart_body() {
  if (done_ > 0) transfer_.restart();
  done_ = 0;
  total_.reset();
  etag_.clear();
  last_modified_.clear();
}

void Exchange::refuse(Refusal refusal, std::string reason) {
  refusal_ = std::move(reason);
  refusal_is_final_ = refusal == Refusal::of_transfer;
}

/// Parts of two different bodies must not be joined: either the server can tell them apart, or the
/// content is one that never changes (its size is known beforehand, its digest is checked after).
bool Exchange::can_resume() const {
  return transfer_.size || !request_validator().empty();
}

std::optional<std::uint64_t> Exchange::expected_size() const {
  return transfer_.size ? transfer_.size : total_;
}

std::string Exchange::request_validator() const {
  return is_strong_etag(etag_) ? etag_ : last_modified_;
}

void Exchange::conclude(CURLcode code, Clock::time_point now) {
  detach();
  state_ = State::ended;
  result_.http_status = head_.status();
  if (failure_) return;
  try {
    if (code == CURLE_OK && body_ == Body::undecided) begin_body();
    if (!refusal_.empty()) {
      if (refusal_is_final_) return end(TransferResult::Status::failed, refusal_);
      return try_again(refusal_, now);
    }
    if (code == CURLE_OK || head_.status() >= 400) return conclude_by_status(now);
    const std::string reason = describe_failure(code, error_text_);
    if (body_ == Body::taken && expected_size() == done_)
      return end(TransferResult::Status::complete, {});
    if (is_passing(code)) return try_again(reason, now);
    end(TransferResult::Status::failed, reason);
  } catch (...) {
    failure_ = std::current_exception();
  }
}

void Exchange::conclude_by_status(Clock::time_point now) {
  using Status = TransferResult::Status;
  const long status = head_.status();
  if (status == 200 || status == 206) {
    const auto expected = expected_size();
    if (!expected || done_ == *expected) return end(Status::complete, {});
    return try_again(fmt::format("the answer ended after {} of {} octets", done_, *expected), now);
  }
  const bool conditional = !asked_for_rest_ && (!transfer_.if_none_match.empty() ||
                                                !transfer_.if_modified_since.empty());
  if (status == 304 && conditional) {
    etag_ = head_.etag();
    last_modified_ = head_.last_modified();
    return end(Status::not_modified, {});
  }
  if (status == 404 || status == 410) return end(Status::not_found, describe_status(status));
  if (status == 416 && asked_for_rest_) {
    restart_body();
    return try_again(describe_status(status), now);
  }
  if (is_passing_status(status)) return try_again(describe_status(status), now);
  end(Status::failed, describe_status(status));
}

void Exchange::try_again(const std::string& reason, Clock::time_point now) {
  if (attempts_ >= options_.attempts)
    return end(TransferResult::Status::failed,
               attempts_ == 1 ? reason : fmt::format("{} after {} attempts", reason, attempts_));
  if (done_ > 0 && !can_resume()) restart_body();
  const unsigned doublings = std::min(attempts_ - 1, 20U);
  auto wait = std::min(options_.backoff * (1U << doublings), options_.longest_wait);
  curl_off_t asked_for = 0;
  if (curl_easy_getinfo(easy_, CURLINFO_RETRY_AFTER, &asked_for) == CURLE_OK && asked_for > 0) {
    const auto longest = std::chrono::ceil<std::chrono::seconds>(options_.longest_wait).count();
    const std::chrono::milliseconds polite =
        std::chrono::seconds(std::min<curl_off_t>(asked_for, longest));
    wait = std::max(wait, std::min(polite, options_.longest_wait));
  }
  ready_at_ = now + wait;
  state_ = State::waiting;
}

void Exchange::end(TransferResult::Status status, std::string error) {
  result_.status = status;
  result_.error = std::move(error);
  result_.etag = etag_;
  result_.last_modified = last_modified_;
  state_ = State::ended;
}

void Exchange::fail(std::string reason) {
  end(TransferResult::Status::failed, std::move(reason));
}

}  // namespace tarn::apk
