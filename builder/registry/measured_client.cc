#include "builder/registry/measured_client.h"

#include <algorithm>

namespace tarn::builder {

HttpResponse MeasuredClient::send(const HttpRequest& request, const std::stop_token& stop) {
  Span span(progress_, "registry", request.method + " " + shown(request.url));
  std::uint64_t received = 0;
  std::uint64_t sent = 0;
  HttpRequest measured = request;
  if (request.take)
    measured.take = [&](long status, ByteView bytes) {
      received += bytes.size();
      request.take(status, bytes);
    };
  if (!request.body.empty())
    measured.sent = [&](std::uint64_t octets) {
      sent = std::max(sent, octets);
      if (request.sent) request.sent(octets);
    };
  HttpResponse response = below_.send(measured, stop);
  received += response.body.size();
  // Small bodies may have gone before anything was said of them.
  if (response.is_success()) sent = request.body.size();
  span.set_bytes(received + sent);
  progress_.count("requests", 1);
  if (received != 0) progress_.count("bytes received", received);
  if (sent != 0) progress_.count("bytes sent", sent);
  return response;
}

}  // namespace tarn::builder
