#include "apk/fetch/curl_library.h"

#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <mutex>

#include <curl/curl.h>

#include "apk/support/error.h"

namespace tarn::apk {

void start_curl_library() {
  static std::once_flag started;
  std::call_once(started, [] {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
      throw Error(ErrorKind::network, "the HTTP library does not start");
  });
}

void check_option(CURLoption option, CURLcode code) {
  if (code != CURLE_OK)
    throw Error(ErrorKind::network,
                std::string("the HTTP library refuses an option: ") + curl_easy_strerror(code))
        .detail("option", std::to_string(static_cast<int>(option)));
}

std::filesystem::path system_certificates() {
  const char* set = std::getenv("SSL_CERT_FILE");
  if (set != nullptr && *set != '\0') return set;
  const char* built_in = curl_version_info(CURLVERSION_NOW)->cainfo;
  if (built_in != nullptr && std::filesystem::exists(built_in)) return built_in;
  return {};
}

WithoutSigpipe::WithoutSigpipe() {
  sigemptyset(&pipe_);
  sigaddset(&pipe_, SIGPIPE);
  sigset_t pending{};
  sigpending(&pending);
  was_pending_ = sigismember(&pending, SIGPIPE) == 1;
  pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
}

WithoutSigpipe::~WithoutSigpipe() {
  const timespec at_once{};
  if (!was_pending_)
    while (sigtimedwait(&pipe_, nullptr, &at_once) == -1 && errno == EINTR) {
    }
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

}  // namespace tarn::apk
