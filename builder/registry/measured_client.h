#pragma once

#include "apk/support/progress.h"
#include "builder/registry/http.h"

namespace tarn::builder {

/// Reports each request that goes over another client: a span ("registry"), and the counts
/// "requests", "bytes received" (of answers' bodies) and "bytes sent" (of requests' bodies).
class MeasuredClient : public HttpClient {
 public:
  /// Both must outlive it.
  MeasuredClient(HttpClient& below, Progress& progress) : below_(below), progress_(progress) {}
  HttpResponse send(const HttpRequest& request, const std::stop_token& stop) override;

 private:
  HttpClient& below_;
  Progress& progress_;
};

}  // namespace tarn::builder
