#include "apk/fetch/curl_transport.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <curl/curl.h>

#include "apk/fetch/certificates.h"
#include "apk/fetch/curl_library.h"
#include "apk/fetch/exchange.h"
#include "apk/support/error.h"
#include "apk/support/parallel.h"

namespace tarn::apk {
namespace {

constexpr std::chrono::milliseconds longest_poll{100};

void check(CURLMcode code) {
  if (code != CURLM_OK)
    throw Error(ErrorKind::network,
                std::string("the HTTP library fails: ") + curl_multi_strerror(code));
}

}  // namespace

struct CurlTransport::Session {
  TransportOptions options;
  Certificates certificates;
  CURLM* multi = nullptr;

  explicit Session(TransportOptions given) : options(std::move(given)) {
    options.parallel = std::max<std::size_t>(options.parallel, 1);
    start_curl_library();
    certificates = trusted_certificates(system_certificates(), options.ca_file);
    multi = curl_multi_init();
    if (multi == nullptr) throw Error(ErrorKind::network, "the HTTP library does not start");
    curl_multi_setopt(multi, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_MULTIPLEX));
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, static_cast<long>(options.parallel));
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() {
    const WithoutSigpipe guard;
    curl_multi_cleanup(multi);
  }
};

/// The transfers of one call of run().
class CurlTransport::Run {
 public:
  Run(Session& session, std::vector<Transfer> transfers)
      : session_(session), transfers_(std::move(transfers)), results_(transfers_.size()) {}

  std::vector<TransferResult> to_the_end(const std::stop_token& stop) {
    for (;;) {
      throw_if_stopped(stop);
      const auto next_start = start_what_may_start();
      if (exchanges_.empty() && next_ == transfers_.size()) return std::move(results_);
      int running = 0;
      check(curl_multi_perform(session_.multi, &running));
      if (conclude_what_ended()) continue;
      const auto wait = std::clamp(
          std::chrono::ceil<std::chrono::milliseconds>(next_start - Exchange::Clock::now()),
          std::chrono::milliseconds(0), longest_poll);
      check(curl_multi_poll(session_.multi, nullptr, 0, static_cast<int>(wait.count()), nullptr));
    }
  }

 private:
  struct Slot {
    std::size_t index;
    std::unique_ptr<Exchange> exchange;
  };

  std::size_t running() const {
    return static_cast<std::size_t>(std::ranges::count_if(exchanges_, [](const Slot& slot) {
      return slot.exchange->state() == Exchange::State::running;
    }));
  }

  /// First what waits for another attempt, then new ones, as far as the bound lets; gives when the
  /// next attempt is due.
  Exchange::Clock::time_point start_what_may_start() {
    const auto now = Exchange::Clock::now();
    auto next_start = now + longest_poll;
    std::size_t free = session_.options.parallel - std::min(session_.options.parallel, running());
    for (auto& slot : exchanges_) {
      if (slot.exchange->state() != Exchange::State::waiting) continue;
      if (slot.exchange->ready_at() > now) {
        next_start = std::min(next_start, slot.exchange->ready_at());
      } else if (free > 0) {
        slot.exchange->start(session_.multi);
        --free;
      }
    }
    const std::size_t most_begun = 4 * session_.options.parallel;  // each holds a file open
    while (free > 0 && next_ < transfers_.size() && exchanges_.size() < most_begun) {
      const std::size_t index = next_++;
      auto exchange = std::make_unique<Exchange>(std::move(transfers_[index]), session_.options,
                                                 session_.certificates);
      const auto unreachable = unreachable_.find(exchange->transfer().url.host());
      if (unreachable != unreachable_.end()) {
        exchange->fail(unreachable->second);
        finish(index, *exchange);
        continue;
      }
      exchange->start(session_.multi);
      exchanges_.push_back({index, std::move(exchange)});
      --free;
    }
    return next_start;
  }

  /// Whether any attempt had ended.
  bool conclude_what_ended() {
    bool any = false;
    int more = 0;
    while (const CURLMsg* message = curl_multi_info_read(session_.multi, &more)) {
      if (message->msg != CURLMSG_DONE) continue;
      any = true;
      const CURLcode code = message->data.result;
      Exchange* exchange = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &exchange);
      const auto slot = std::ranges::find_if(
          exchanges_, [&](const Slot& s) { return s.exchange.get() == exchange; });
      exchange->conclude(code, Exchange::Clock::now());
      if (exchange->failure()) std::rethrow_exception(exchange->failure());
      if (exchange->result().http_status != 0) answered_.insert(exchange->transfer().url.host());
      if (exchange->state() != Exchange::State::ended) continue;
      const Slot ended = std::move(*slot);
      exchanges_.erase(slot);
      finish(ended.index, *ended.exchange);
    }
    return any;
  }

  void finish(std::size_t index, const Exchange& exchange) {
    results_[index] = exchange.result();
    const std::string& host = exchange.transfer().url.host();
    if (results_[index].status == TransferResult::Status::failed &&
        results_[index].http_status == 0 && !answered_.contains(host))
      unreachable_.emplace(host, results_[index].error);
    if (exchange.transfer().finished) exchange.transfer().finished(results_[index]);
  }

  Session& session_;
  std::vector<Transfer> transfers_;
  std::size_t next_ = 0;         ///< the first that was not begun
  std::vector<Slot> exchanges_;  ///< those begun and not ended, in the order begun
  std::vector<TransferResult> results_;
  std::set<std::string> answered_;                  ///< hosts that gave any answer
  std::map<std::string, std::string> unreachable_;  ///< hosts that gave none, and why
};

CurlTransport::CurlTransport(TransportOptions options)
    : session_(std::make_unique<Session>(std::move(options))) {}

CurlTransport::~CurlTransport() = default;

std::vector<TransferResult> CurlTransport::run(std::vector<Transfer> transfers,
                                               const std::stop_token& stop) {
  const WithoutSigpipe guard;
  return Run(*session_, std::move(transfers)).to_the_end(stop);
}

}  // namespace tarn::apk
