#include "builder/registry/curl_client.h"

#include <algorithm>
#include <exception>
#include <map>
#include <mutex>

#include <curl/curl.h>
#include <fmt/core.h>

#include "apk/fetch/curl_library.h"
#include "apk/support/error.h"
#include "apk/support/parallel.h"

namespace tarn::builder {
namespace {

using apk::set_option;

constexpr std::size_t most_headers = 256;
constexpr std::size_t longest_header = 64U << 10U;
constexpr long send_buffer_size = 512L << 10U;

std::string_view trimmed(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

HttpFailure failure_of(CURLcode code) {
  switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
      return HttpFailure::wrong_certificate;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_COULDNT_CONNECT:
      return HttpFailure::no_tls;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
    case CURLE_PARTIAL_FILE:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_AGAIN:
      return HttpFailure::passing;
    default:
      return HttpFailure::final;
  }
}

struct FreeEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
using Easy = std::unique_ptr<CURL, FreeEasy>;

/// One request while it runs.
class Call {
 public:
  Call(CURL* easy, const HttpRequest& request, const std::stop_token& stop)
      : easy_(easy), request_(request), stop_(stop) {}
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  ~Call() {
    curl_easy_reset(easy_);  // it points into this
    curl_slist_free_all(headers_);
  }

  HttpResponse run() {
    set_request(easy_);
    const CURLcode code = curl_easy_perform(easy_);
    if (thrown_) std::rethrow_exception(thrown_);
    throw_if_stopped(stop_);
    conclude(code);
    return std::move(response_);
  }

 private:
  void set_request(CURL* easy) {
    set_option(easy, CURLOPT_ERRORBUFFER, error_text_.data());
    set_option(easy, CURLOPT_URL, request_.url.without_credentials().with_secrets().c_str());
    for (const auto& [name, value] : request_.headers) add_header(name + ": " + value);
    if (request_.method == "HEAD") {
      set_option(easy, CURLOPT_NOBODY, 1L);
    } else if (request_.method != "GET") {
      set_option(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
      set_option(easy, CURLOPT_POSTFIELDS,
                 request_.body.empty() ? "" : as_text(request_.body).data());
      set_option(easy, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
      // libcurl would declare a form.
      const bool typed = std::ranges::any_of(
          request_.headers, [](const auto& header) { return header.first == "Content-Type"; });
      if (!typed) add_header("Content-Type:");
    }
    set_option(easy, CURLOPT_HTTPHEADER, headers_);
    set_option(easy, CURLOPT_HEADERFUNCTION, &Call::take_header);
    set_option(easy, CURLOPT_HEADERDATA, this);
    set_option(easy, CURLOPT_WRITEFUNCTION, &Call::take_body);
    set_option(easy, CURLOPT_WRITEDATA, this);
    set_option(easy, CURLOPT_NOPROGRESS, 0L);
    set_option(easy, CURLOPT_XFERINFOFUNCTION, &Call::take_progress);
    set_option(easy, CURLOPT_XFERINFODATA, this);
  }

  void add_header(const std::string& line) {
    curl_slist* longer = curl_slist_append(headers_, line.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    headers_ = longer;
  }

  /// Runs `function` for libcurl, through which no exception may pass; gives false after one.
  template <typename Function>
  bool guarded(Function&& function) {
    try {
      return function();
    } catch (...) {
      thrown_ = std::current_exception();
      return false;
    }
  }

  static std::size_t take_header(char* data, std::size_t size, std::size_t count, void* self) {
    auto* call = static_cast<Call*>(self);
    return call->guarded([&] { return call->add_line({data, size * count}); }) ? size * count : 0;
  }

  static std::size_t take_body(char* data, std::size_t size, std::size_t count, void* self) {
    auto* call = static_cast<Call*>(self);
    return call->guarded([&] { return call->add_body({data, size * count}); }) ? size * count : 0;
  }

  static int take_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t sent) {
    auto* call = static_cast<Call*>(self);
    const bool go_on = call->guarded([&] {
      if (call->request_.sent && sent > 0) call->request_.sent(static_cast<std::uint64_t>(sent));
      return !call->stop_.stop_requested();
    });
    return go_on ? 0 : 1;
  }

  bool add_line(std::string_view line) {
    line = trimmed(line);
    if (line.starts_with("HTTP/")) {  // of several answers ("100 Continue") the last one counts
      response_.headers.clear();
      const auto space = std::min(line.find(' '), line.size());
      response_.status = std::atol(std::string(trimmed(line.substr(space)).substr(0, 3)).c_str());
      return true;
    }
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return true;
    if (response_.headers.size() == most_headers || line.size() > longest_header)
      return refuse("the server sends too many headers");
    std::string name(line.substr(0, colon));
    for (char& c : name)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    response_.headers.emplace_back(std::move(name), trimmed(line.substr(colon + 1)));
    return true;
  }

  bool add_body(std::string_view data) {
    received_ += data.size();
    if (received_ > request_.limit)
      return refuse(fmt::format("the server sends more than {} octets", request_.limit));
    if (request_.take && response_.status / 100 == 2)
      request_.take(response_.status, as_bytes(data));
    else
      response_.body.append(data);
    return true;
  }

  bool refuse(std::string reason) {
    refusal_ = std::move(reason);
    return false;
  }

  void conclude(CURLcode code) {
    if (code == CURLE_OK) return;
    if (!refusal_.empty()) {
      response_.failure = HttpFailure::final;
      response_.reason = refusal_;
      return;
    }
    // A server that refuses a body may answer and close before all of it was sent.
    const bool is_answer = response_.status >= 400;
    if (is_answer && (code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR ||
                      code == CURLE_PARTIAL_FILE || code == CURLE_HTTP2_STREAM))
      return;
    response_.failure = failure_of(code);
    const std::string text = error_text_.c_str();  // up to the first NUL
    response_.reason = redact_urls(text.empty() ? curl_easy_strerror(code) : text);
  }

  CURL* easy_;
  const HttpRequest& request_;
  const std::stop_token& stop_;
  HttpResponse response_;
  std::string error_text_ = std::string(CURL_ERROR_SIZE, '\0');
  std::string refusal_;
  std::uint64_t received_ = 0;
  curl_slist* headers_ = nullptr;
  std::exception_ptr thrown_;
};

}  // namespace

struct CurlClient::State {
  CurlClientOptions options;
  Hosts hosts;
  std::mutex mutex;
  std::vector<Easy> idle;  ///< each keeps its connections
  std::map<std::string, HostTrust> trusts;

  explicit State(CurlClientOptions given) : options(std::move(given)), hosts(options.hosts) {}

  Easy take() {
    const std::lock_guard lock(mutex);
    if (!idle.empty()) {
      Easy easy = std::move(idle.back());
      idle.pop_back();
      return easy;
    }
    Easy easy(curl_easy_init());
    if (!easy) throw Error(ErrorKind::network, "the HTTP library does not start");
    return easy;
  }

  void give_back(Easy easy) {
    const std::lock_guard lock(mutex);
    idle.push_back(std::move(easy));
  }

  const HostTrust& trust(const std::string& host) {
    const std::lock_guard lock(mutex);
    const auto known = trusts.find(host);
    return known != trusts.end() ? known->second
                                 : trusts.emplace(host, hosts.trust(host)).first->second;
  }

  void set_fixed_options(CURL* easy, const Url& url) {
    const auto milliseconds = [](auto duration) {
      return static_cast<long>(std::chrono::milliseconds(duration).count());
    };
    set_option(easy, CURLOPT_NOSIGNAL, 1L);
    set_option(easy, CURLOPT_QUICK_EXIT, 1L);
    set_option(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    set_option(easy, CURLOPT_FOLLOWLOCATION, 0L);
    set_option(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    set_option(easy, CURLOPT_USERAGENT, options.user_agent.c_str());
    set_option(easy, CURLOPT_UPLOAD_BUFFERSIZE, send_buffer_size);
    set_option(easy, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(options.connect_timeout));
    set_option(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    set_option(easy, CURLOPT_LOW_SPEED_TIME, static_cast<long>(options.stall_timeout.count()));
    set_option(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
    if (is_loopback(url.host())) set_option(easy, CURLOPT_NOPROXY, "*");
    if (url.scheme() == "https") set_trust(easy, trust(url.host()));
  }

  static void set_trust(CURL* easy, const HostTrust& trust) {
    set_option(easy, CURLOPT_SSL_VERIFYPEER, trust.verified ? 1L : 0L);
    set_option(easy, CURLOPT_SSL_VERIFYHOST, trust.verified ? 2L : 0L);
    if (!trust.ca_bundle.empty()) {
      curl_blob blob{.data = const_cast<char*>(trust.ca_bundle.data()),
                     .len = trust.ca_bundle.size(),
                     .flags = CURL_BLOB_NOCOPY};
      set_option(easy, CURLOPT_CAINFO_BLOB, &blob);
      set_option(easy, CURLOPT_PROXY_CAINFO_BLOB, &blob);
    } else if (!trust.ca_file.empty()) {
      set_option(easy, CURLOPT_CAINFO, trust.ca_file.c_str());
      set_option(easy, CURLOPT_PROXY_CAINFO, trust.ca_file.c_str());
    }
    if (trust.certificate.empty()) return;
    set_option(easy, CURLOPT_SSLCERT, trust.certificate.c_str());
    set_option(easy, CURLOPT_SSLKEY, trust.key.c_str());
  }
};

CurlClient::CurlClient(CurlClientOptions options) {
  apk::start_curl_library();
  state_ = std::make_unique<State>(std::move(options));
}

CurlClient::~CurlClient() {
  const apk::WithoutSigpipe guard;
  state_.reset();
}

HttpResponse CurlClient::send(const HttpRequest& request, const std::stop_token& stop) {
  throw_if_stopped(stop);
  const apk::WithoutSigpipe guard;
  Easy easy = state_->take();
  state_->set_fixed_options(easy.get(), request.url);
  HttpResponse response = Call(easy.get(), request, stop).run();
  state_->give_back(std::move(easy));
  return response;
}

}  // namespace tarn::builder
