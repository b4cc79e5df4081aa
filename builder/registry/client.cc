#include "builder/registry/client.h"

#include <algorithm>

#include <fmt/core.h>

#include "apk/support/error.h"
#include "builder/image/json.h"

namespace tarn::builder {
namespace {

constexpr std::uint64_t largest_manifest = 16U << 20U;

std::string without_parameters(std::string_view media_type) {
  media_type = media_type.substr(0, media_type.find(';'));
  while (media_type.ends_with(' ')) media_type.remove_suffix(1);
  return std::string(media_type);
}

/// A blob while it comes, over as many answers as it takes.
class BlobDownload {
 public:
  BlobDownload(RegistrySession& session, const Sha256Digest& digest, std::uint64_t limit,
               const std::function<void(ByteView)>& take)
      : session_(session), digest_(digest), limit_(limit), take_(take) {}

  void run() {
    for (unsigned failures = 0;;) {
      const std::uint64_t before = done_;
      const HttpResponse response = ask();
      if (response.is_success()) break;
      if (response.status == 416 && done_ > 0) break;  // there is no more; the digest decides
      if (done_ > before) failures = 0;
      if (!is_passing(response) || ++failures >= session_.world().retry.attempts)
        throw session_.failure(what(), response);
      session_.world().progress.count("retries", 1);
      wait(wait_after(response, failures, session_.world().retry), session_.world().stop);
    }
    const Sha256Digest found = hash_.finish();
    if (found == digest_) return;
    throw Error(ErrorKind::trust, what() + ": the registry sends other content")
        .detail("expected", digest_text(digest_))
        .detail("found", digest_text(found));
  }

 private:
  std::string what() const {
    return fmt::format("fetching {} from {}", digest_text(digest_), session_.name());
  }

  HttpResponse ask() {
    HttpRequest request;
    request.url = session_.url("blobs/" + digest_text(digest_));
    request.limit = limit_;
    std::uint64_t position = 0;
    bool begun = false;
    if (done_ > 0) request.headers.emplace_back("Range", fmt::format("bytes={}-", done_));
    request.take = [&](long status, ByteView bytes) {
      // A server that has no ranges begins again: what is known already is passed over.
      if (!begun) position = status == 206 ? done_ : 0;
      begun = true;
      const std::uint64_t known = std::min<std::uint64_t>(done_ - position, bytes.size());
      position += known;
      add(bytes.subspan(known));
      position += bytes.size() - known;
    };
    return session_.send(std::move(request), session_.scopes("pull"), Retries::none);
  }

  void add(ByteView bytes) {
    if (bytes.empty()) return;
    if (bytes.size() > limit_ - done_)
      throw Error(ErrorKind::network,
                  fmt::format("{}: the registry sends more than {} octets", what(), limit_));
    hash_.update(bytes);
    take_(bytes);
    done_ += bytes.size();
  }

  RegistrySession& session_;
  const Sha256Digest& digest_;
  std::uint64_t limit_;
  const std::function<void(ByteView)>& take_;
  Sha256 hash_;
  std::uint64_t done_ = 0;
};

}  // namespace

bool has_blob(RegistrySession& session, const Sha256Digest& digest) {
  HttpRequest request;
  request.method = "HEAD";
  request.url = session.url("blobs/" + digest_text(digest));
  const HttpResponse response = session.send(std::move(request), session.scopes("pull,push"));
  if (response.is_success()) return true;
  if (response.failure == HttpFailure::none && response.status == 404) return false;
  throw session.failure(fmt::format("asking {} for {}", session.name(), digest_text(digest)),
                        response);
}

MountAnswer mount_blob(RegistrySession& session, const Sha256Digest& digest,
                       const std::string& from) {
  HttpRequest request;
  request.method = "POST";
  request.url = with_query(session.url("blobs/uploads/"), "mount", digest_text(digest));
  request.url = with_query(request.url, "from", from);
  Scopes scopes = session.scopes("pull,push");
  scopes.insert(fmt::format("repository:{}:pull", from));
  Url answered;
  HttpResponse response;
  try {
    response = session.send(std::move(request), std::move(scopes), Retries::as_usual, &answered);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::network) throw;
    return {};  // no token for that repository: the blob is sent then
  }
  if (response.failure != HttpFailure::none) return {};
  if (response.status == 201) return {.mounted = true, .upload = {}};
  if (response.status != 202) return {};
  return {.mounted = false, .upload = resolve_location(answered, response.header("location"))};
}

void cancel_upload(RegistrySession& session, const Url& upload) {
  HttpRequest request;
  request.method = "DELETE";
  request.url = upload;
  session.send(std::move(request), session.scopes("pull,push"), Retries::none);
}

HttpResponse put_manifest(RegistrySession& session, const JsonBlob& manifest,
                          const std::string& reference) {
  HttpRequest request;
  request.method = "PUT";
  request.url = session.url("manifests/" + reference);
  request.headers.emplace_back("Content-Type", manifest.media_type);
  request.body = as_bytes(manifest.text);
  HttpResponse response = session.send(std::move(request), session.scopes("pull,push"));
  const std::string what = fmt::format("storing the manifest {} in {}", reference, session.name());
  if (!response.is_success()) throw session.failure(what, response);
  const std::string_view named = response.header("docker-content-digest");
  if (!named.empty() && named != digest_text(manifest.digest))
    throw Error(ErrorKind::network, what + ": the registry has stored something else")
        .detail("expected", digest_text(manifest.digest))
        .detail("found", std::string(named.substr(0, 200)));
  return response;
}

const std::vector<std::string>& manifest_types() {
  static const std::vector<std::string> types = {
      "application/vnd.oci.image.index.v1+json",
      "application/vnd.oci.image.manifest.v1+json",
      "application/vnd.docker.distribution.manifest.list.v2+json",
      "application/vnd.docker.distribution.manifest.v2+json",
  };
  return types;
}

std::optional<JsonBlob> get_manifest(RegistrySession& session, const std::string& reference,
                                     const std::vector<std::string>& accept) {
  HttpRequest request;
  request.url = session.url("manifests/" + reference);
  request.limit = largest_manifest;
  for (const std::string& type : accept) request.headers.emplace_back("Accept", type);
  const HttpResponse response = session.send(std::move(request), session.scopes("pull"));
  const std::string what = fmt::format("fetching the manifest {} of {}", reference, session.name());
  if (response.failure == HttpFailure::none && response.status == 404) return std::nullopt;
  if (!response.is_success()) throw session.failure(what, response);
  JsonBlob manifest{response.body, sha256(response.body),
                    without_parameters(response.header("content-type"))};
  const std::string found = digest_text(manifest.digest);
  if (reference.starts_with("sha256:") && reference != found)
    throw Error(ErrorKind::trust, what + ": the registry sends other content")
        .detail("expected", reference)
        .detail("found", found);
  if (std::ranges::find(accept, manifest.media_type) == accept.end())
    throw Error(ErrorKind::network, what + ": the registry sends another kind of content")
        .detail("found", manifest.media_type.empty() ? "no media type" : manifest.media_type);
  return manifest;
}

void get_blob(RegistrySession& session, const Sha256Digest& digest, std::uint64_t limit,
              const std::function<void(ByteView)>& take) {
  BlobDownload(session, digest, limit, take).run();
}

}  // namespace tarn::builder
