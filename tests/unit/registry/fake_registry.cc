#include "unit/registry/fake_registry.h"

#include <algorithm>
#include <charconv>

#include "apk/support/hash.h"

namespace tarn::test {

using namespace builder;

namespace {

std::string header_of(const HttpRequest& request, const std::string& name) {
  for (const auto& [key, value] : request.headers)
    if (key == name) return value;
  return {};
}

std::string query_value(const std::string& query, const std::string& name) {
  std::size_t at = 0;
  while (at < query.size()) {
    const auto end = std::min(query.find('&', at), query.size());
    const std::string part = query.substr(at, end - at);
    if (part.starts_with(name + "=")) return part.substr(name.size() + 1);
    at = end + 1;
  }
  return {};
}

}  // namespace

HttpResponse reply(long status, HttpHeaders headers, std::string body) {
  HttpResponse response;
  response.status = status;
  response.headers = std::move(headers);
  response.body = std::move(body);
  return response;
}

HttpResponse broken() {
  HttpResponse response;
  response.failure = HttpFailure::passing;
  response.reason = "connection reset";
  return response;
}

std::string sha256_of(std::string_view text) {
  return "sha256:" + to_hex(sha256(text));
}

RegistryWorld FakeWorld::world() {
  return {.http = registry,
          .hosts = hosts,
          .credentials = [this](const std::string&, const std::string&) { return credentials; },
          .progress = progress,
          .stop = {},
          .retry = {.attempts = 4,
                    .backoff = std::chrono::milliseconds(1),
                    .longest_wait = std::chrono::milliseconds(5)}};
}

std::vector<FakeRegistry::Seen> FakeRegistry::seen() const {
  const std::lock_guard lock(mutex_);
  return seen_;
}

std::size_t FakeRegistry::count(const std::string& method, const std::string& part) const {
  const auto all = seen();
  return static_cast<std::size_t>(std::ranges::count_if(all, [&](const Seen& one) {
    return one.method == method && one.url.find(part) != std::string::npos;
  }));
}

HttpResponse FakeRegistry::send(const Request& request, const std::stop_token&) {
  const std::lock_guard lock(mutex_);
  const std::size_t nth = seen_.size();
  seen_.push_back({request.method, request.url.with_secrets(), header_of(request, "Authorization"),
                   header_of(request, "Content-Range"), request.body.size()});
  Response response;
  const auto interference = interfere ? interfere(request, nth) : std::nullopt;
  response = interference ? *interference : answer(request, nth);
  if (response.is_success() && request.take) {
    request.take(response.status, as_bytes(response.body));
    response.body.clear();
  }
  return response;
}

HttpResponse FakeRegistry::answer(const Request& request, std::size_t nth) {
  const std::string whole = request.url.path();
  const auto mark = std::min(whole.find('?'), whole.size());
  const std::string path = whole.substr(0, mark);
  const std::string query = whole.substr(std::min(mark + 1, whole.size()));
  if (path == "/v2/") return reply(200);
  const auto blobs_at = path.find("/blobs/");
  if (blobs_at != std::string::npos) {
    const std::string repository = path.substr(4, blobs_at - 4);
    const std::string rest = path.substr(blobs_at + 7);
    if (rest == "uploads/" && request.method == "POST") return begin_upload(repository, query);
    if (rest.starts_with("uploads/")) return upload(request, path, query, nth);
    for (const std::string& blob : blobs[repository])
      if (sha256_of(blob) == rest) return reply(200, {}, request.method == "HEAD" ? "" : blob);
    return reply(404);
  }
  if (request.method == "PUT") {
    const std::string text(as_text(request.body));
    const auto at = path.find("/manifests/");
    const auto entry = std::make_pair(header_of(request, "Content-Type"), text);
    manifests[path] = entry;
    manifests[path.substr(0, at) + "/manifests/" + sha256_of(text)] = entry;
    HttpHeaders headers{{"docker-content-digest", sha256_of(text)}};
    if (has_referrers) headers.emplace_back("oci-subject", "sha256:");
    return reply(201, std::move(headers));
  }
  const auto found = manifests.find(path);
  if (found == manifests.end()) return reply(404);
  return reply(200, {{"content-type", found->second.first}}, found->second.second);
}

HttpResponse FakeRegistry::begin_upload(const std::string& repository, const std::string& query) {
  const std::string mounted = query_value(query, "mount");
  const std::string from = query_value(query, "from");
  if (mounts && !mounted.empty())
    for (const std::string& blob : blobs[from])
      if (sha256_of(blob) == mounted) {
        blobs[repository].insert(blob);
        return reply(201);
      }
  const std::string path =
      "/v2/" + repository + "/blobs/uploads/u" + std::to_string(++next_upload_);
  uploads[path] = "";
  HttpHeaders headers{{"location", path + "?_state=s"}};
  if (!chunk_minimum.empty()) headers.emplace_back("oci-chunk-min-length", chunk_minimum);
  return reply(202, std::move(headers));
}

HttpResponse FakeRegistry::upload(const Request& request, const std::string& path,
                                  const std::string& query, std::size_t nth) {
  const auto found = uploads.find(path);
  if (found == uploads.end())
    return reply(404, {}, R"({"errors":[{"code":"BLOB_UPLOAD_UNKNOWN","message":"unknown"}]})");
  std::string& octets = found->second;
  const auto range = [&] {
    HttpHeaders headers{{"location", path + "?_state=s" + std::to_string(nth)}};
    if (tells_ranges)
      headers.emplace_back("range", "0-" + std::to_string(octets.empty() ? 0 : octets.size() - 1));
    return headers;
  };
  if (request.method == "DELETE") {
    uploads.erase(found);
    return reply(204);
  }
  if (request.method == "GET") return reply(204, range());
  if (const std::string named = header_of(request, "Content-Range"); !named.empty()) {
    std::size_t first = 0;
    std::from_chars(named.data(), named.data() + named.size(), first);
    if (first != octets.size()) return reply(416, range());
  }
  const std::string_view body = as_text(request.body);
  if (const auto keep = cut ? cut(request, nth) : std::nullopt) {
    octets += body.substr(0, *keep);
    return broken();
  }
  if (request.sent) request.sent(body.size());
  octets += body;
  if (request.method == "PATCH") return reply(202, range());
  const std::string digest = query_value(query, "digest");
  const std::string content = octets;
  uploads.erase(found);
  if (sha256_of(content) != digest)
    return reply(400, {}, R"({"errors":[{"code":"DIGEST_INVALID","message":"wrong digest"}]})");
  blobs[path.substr(4, path.find("/blobs/") - 4)].insert(content);
  return reply(201, {{"docker-content-digest", digest}});
}

}  // namespace tarn::test
