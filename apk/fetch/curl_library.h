#pragma once

#include <csignal>
#include <filesystem>

#include <curl/curl.h>

namespace tarn::apk {

/// Starts libcurl, once for the process. Throws Error (network) when it does not start.
void start_curl_library();

/// Throws Error (network) when libcurl does not take the option.
void check_option(CURLoption option, CURLcode code);
template <typename Value>
void set_option(CURL* easy, CURLoption option, Value value) {
  check_option(option, curl_easy_setopt(easy, option, value));
}

/// The bundle of the system, or $SSL_CERT_FILE, which libcurl itself does not look at; empty when
/// there is none.
std::filesystem::path system_certificates();

/// Keeps a write to a closed connection or pipe from ending the program: TLS writes raise SIGPIPE,
/// which goes to the thread that wrote. As long as this lives the signal is blocked in this thread,
/// and one that was raised meanwhile is taken back.
class WithoutSigpipe {
 public:
  WithoutSigpipe();
  WithoutSigpipe(const WithoutSigpipe&) = delete;
  WithoutSigpipe& operator=(const WithoutSigpipe&) = delete;
  ~WithoutSigpipe();

 private:
  sigset_t pipe_{};
  sigset_t before_{};
  bool was_pending_ = false;
};

}  // namespace tarn::apk
