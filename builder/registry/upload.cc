#include "builder/registry/upload.h"

#include <algorithm>
#include <charconv>

#include <fmt/core.h>

#include "builder/image/json.h"
#include "builder/registry/client.h"

namespace tarn::builder {
namespace {

constexpr unsigned most_digest_refusals = 2;

/// How many octets a Range header ("0-N", with or without "bytes=") says are there. "0-0" means
/// none: registries say so of an upload that has not begun.
std::optional<std::uint64_t> octets_of_range(std::string_view range) {
  if (const auto equals = range.find('='); equals != std::string_view::npos)
    range.remove_prefix(equals + 1);
  if (!range.starts_with("0-")) return std::nullopt;
  range.remove_prefix(2);
  std::uint64_t last = 0;
  const auto parsed = std::from_chars(range.data(), range.data() + range.size(), last);
  if (parsed.ec != std::errc() || parsed.ptr != range.data() + range.size() || range.empty() ||
      last == ~std::uint64_t{0})
    return std::nullopt;
  return last == 0 ? 0 : last + 1;
}

class BlobUpload {
 public:
  BlobUpload(RegistrySession& session, const UploadSource& source, const UploadOptions& options,
             std::optional<Url> location)
      : session_(session),
        source_(source),
        options_(options),
        chunk_size_(options.chunk_size),
        location_(std::move(location)) {}

  void run() {
    while (!done_) {
      if (!location_)
        begin();
      else if (unsure_)
        ask_how_far();
      else if (is_sent_by_chunk())
        send_chunk();
      else
        send_last();
    }
  }

 private:
  std::string what() const {
    return fmt::format("pushing {} to {}", digest_text(source_.digest), session_.name());
  }

  std::uint64_t size() const { return source_.bytes.size(); }

  /// Whether the next request is a PATCH. The rest after an interruption is sent as one, too, since
  /// the request that ends an upload takes the whole or nothing at many registries.
  bool is_sent_by_chunk() const {
    if (no_chunks_ || offset_ >= size()) return false;
    return offset_ > 0 || (chunk_size_ > 0 && chunk_size_ < size());
  }

  HttpResponse send(HttpRequest request, Retries retries) {
    Url answered;
    HttpResponse response =
        session_.send(std::move(request), session_.scopes("pull,push"), retries, &answered);
    answered_ = answered;
    return response;
  }

  void begin() {
    HttpRequest request;
    request.method = "POST";
    request.url = session_.url("blobs/uploads/");
    const HttpResponse response = send(std::move(request), Retries::as_usual);
    if (!response.is_success()) throw session_.failure(what(), response);
    offset_ = 0;
    unsure_ = false;
    if (!take_location(response)) throw no_location(response);
    if (const auto least = response.header("oci-chunk-min-length"); !least.empty() && chunk_size_) {
      std::uint64_t octets = 0;
      std::from_chars(least.data(), least.data() + least.size(), octets);
      chunk_size_ = std::max(chunk_size_, octets);
    }
  }

  bool take_location(const HttpResponse& response) {
    const std::string_view text = response.header("location");
    if (text.empty()) return false;
    const auto next = resolve_location(answered_, text);
    if (!next || (answered_.scheme() == "https" && next->scheme() != "https"))
      throw Error(ErrorKind::network,
                  fmt::format("{}: the registry names an address that cannot be used", what()))
          .detail("found", next ? shown(*next) : std::string("no address"));
    location_ = *next;
    return true;
  }

  Error no_location(const HttpResponse& response) {
    return session_.failure(what() + ": the registry does not say where to", response);
  }

  void ask_how_far() {
    unsure_ = false;
    if (is_there()) return;
    HttpRequest request;
    request.url = *location_;
    const HttpResponse response = send(std::move(request), Retries::as_usual);
    if (is_denied(response)) throw session_.failure(what(), response);
    const auto octets = octets_of_range(response.header("range"));
    if (!response.is_success() || !octets || *octets > size()) return begin_again();
    take_location(response);
    advance(*octets);
  }

  /// The request that ends an upload may have done its work though no answer came.
  bool is_there() {
    if (!ended_unheard_) return false;
    ended_unheard_ = false;
    done_ = has_blob(session_, source_.digest);
    return done_;
  }

  void send_chunk() {
    const std::uint64_t rest = size() - offset_;
    const std::uint64_t length = chunk_size_ > 0 ? std::min(chunk_size_, rest) : rest;
    HttpRequest request = body_request("PATCH", *location_, length);
    request.headers.emplace_back("Content-Range",
                                 fmt::format("{}-{}", offset_, offset_ + length - 1));
    const HttpResponse response = send(std::move(request), Retries::none);
    if (response.failure == HttpFailure::none &&
        (response.status == 405 || response.status == 501)) {
      no_chunks_ = true;
      return begin_again();
    }
    if (!response.is_success()) return take_failure(response);
    take_location(response);
    const auto octets = octets_of_range(response.header("range"));
    const std::uint64_t sent = offset_ + length;
    if (octets && *octets > sent) return begin_again();
    // A registry that took less says so; "0-0" after a chunk of one octet means that octet.
    advance(octets && *octets != 0 ? *octets : sent);
  }

  void send_last() {
    const Url url = with_query(*location_, "digest", digest_text(source_.digest));
    HttpRequest request = body_request("PUT", url, size() - offset_);
    const HttpResponse response = send(std::move(request), Retries::none);
    if (!response.is_success()) {
      ended_unheard_ = response.failure != HttpFailure::none || response.status >= 500;
      return take_failure(response);
    }
    check_digest(response);
    report(size());
    done_ = true;
  }

  HttpRequest body_request(const std::string& method, const Url& url, std::uint64_t length) const {
    HttpRequest request;
    request.method = method;
    request.url = url;
    request.headers.emplace_back("Content-Type", "application/octet-stream");
    request.body = source_.bytes.subspan(offset_, length);
    request.sent = [this, from = offset_](std::uint64_t octets) { report(from + octets); };
    return request;
  }

  void check_digest(const HttpResponse& response) const {
    const std::string_view named = response.header("docker-content-digest");
    if (named.empty() || named == digest_text(source_.digest)) return;
    throw Error(ErrorKind::network, what() + ": the registry has stored something else")
        .detail("expected", digest_text(source_.digest))
        .detail("found", std::string(named.substr(0, 200)));
  }

  static bool is_denied(const HttpResponse& response) {
    return response.failure == HttpFailure::none &&
           (response.status == 401 || response.status == 403);
  }

  void take_failure(const HttpResponse& response) {
    if (is_passing(response)) return pause(response);
    if (response.failure != HttpFailure::none || is_denied(response))
      throw session_.failure(what(), response);
    if (response.status == 416) return take_other_range(response);
    const bool is_altered = has_error_code(response, "DIGEST_INVALID");
    if (is_altered && ++digest_refusals_ >= most_digest_refusals)
      throw session_.failure(what() + ": the registry received other content", response);
    const bool is_forgotten = response.status == 404 || response.status == 410 ||
                              has_error_code(response, "BLOB_UPLOAD_UNKNOWN") ||
                              has_error_code(response, "BLOB_UPLOAD_INVALID") ||
                              has_error_code(response, "RANGE_INVALID");
    if (!is_altered && !is_forgotten) throw session_.failure(what(), response);
    pause(response);
    begin_again();
  }

  /// 416: the registry goes on from another place than was sent.
  void take_other_range(const HttpResponse& response) {
    count_failure(response);
    const auto octets = octets_of_range(response.header("range"));
    if (octets && *octets <= size()) {
      take_location(response);
      return advance(*octets);
    }
    unsure_ = true;
  }

  void begin_again() {
    location_.reset();
    unsure_ = false;
    if (++beginnings_ > session_.world().retry.attempts)
      throw Error(ErrorKind::network, what() + ": the registry loses the upload again and again");
  }

  void count_failure(const HttpResponse& response) {
    if (++failures_ < session_.world().retry.attempts) return;
    throw session_.failure(fmt::format("{} ({} attempts)", what(), failures_), response);
  }

  void pause(const HttpResponse& response) {
    count_failure(response);
    session_.world().progress.count("retries", 1);
    unsure_ = true;
    wait(wait_after(response, failures_, session_.world().retry), session_.world().stop);
  }

  void advance(std::uint64_t octets) {
    if (octets > furthest_) failures_ = 0;
    furthest_ = std::max(furthest_, octets);
    offset_ = octets;
    report(octets);
  }

  void report(std::uint64_t octets) const {
    if (options_.progress) options_.progress(octets);
  }

  RegistrySession& session_;
  const UploadSource& source_;
  const UploadOptions& options_;
  std::uint64_t chunk_size_;
  std::optional<Url> location_;
  Url answered_;
  std::uint64_t offset_ = 0;    ///< what the registry has
  std::uint64_t furthest_ = 0;  ///< the most it ever had
  unsigned failures_ = 0;       ///< since it had more than ever
  unsigned beginnings_ = 0;     ///< how often the upload was begun again
  unsigned digest_refusals_ = 0;
  bool unsure_ = false;  ///< how far the registry came is to be asked
  bool ended_unheard_ = false;
  bool no_chunks_ = false;
  bool done_ = false;
};

}  // namespace

void upload_blob(RegistrySession& session, const UploadSource& source, const UploadOptions& options,
                 std::optional<Url> location) {
  BlobUpload(session, source, options, std::move(location)).run();
}

}  // namespace tarn::builder
