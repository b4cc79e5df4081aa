#include "builder/registry/push.h"

#include <algorithm>
#include <mutex>

#include <fmt/core.h>

#include "apk/support/parallel.h"
#include "apk/support/shown_task.h"
#include "builder/image/json.h"
#include "builder/registry/client.h"
#include "builder/registry/upload.h"

namespace tarn::builder {
namespace {

constexpr std::size_t most_mounts_tried = 3;
constexpr std::size_t shown_digits = 12;

enum class Outcome { present, mounted, sent };

class Push {
 public:
  Push(RegistrySession& session, const PushContent& content, BlobHistory& history,
       const PushOptions& options)
      : session_(session), content_(content), history_(history), options_(options) {}

  PushReport run(const std::vector<std::string>& tags) {
    const std::stop_token& stop = session_.world().stop;
    session_.url("");  // one thread finds the registry, or says that it is not there
    parallel_for(
        content_.blobs.size(), options_.jobs,
        [this](std::size_t i) { push_blob(content_.blobs[i]); }, stop);
    parallel_for(
        content_.manifests.size(), options_.jobs,
        [this](std::size_t i) {
          const JsonBlob& manifest = content_.manifests[i];
          put_manifest(session_, manifest, digest_text(manifest.digest));
        },
        stop);
    put_manifest(session_, content_.top, digest_text(content_.top.digest));
    for (const std::string& tag : tags) {
      throw_if_stopped(stop);
      put_manifest(session_, content_.top, tag);
    }
    return report_;
  }

 private:
  void push_blob(const ContentBlob& blob) {
    const Outcome outcome = bring(blob);
    const std::lock_guard lock(mutex_);
    history_.add(blob.digest, session_.path());
    if (outcome == Outcome::present) ++report_.present;
    if (outcome == Outcome::mounted) ++report_.mounted;
    if (outcome != Outcome::sent) return;
    ++report_.sent;
    report_.octets_sent += blob.bytes.size();
  }

  Outcome bring(const ContentBlob& blob) {
    if (has_blob(session_, blob.digest)) return Outcome::present;
    std::optional<Url> upload;
    for (const std::string& from : sources(blob.digest)) {
      if (upload) cancel_upload(session_, *upload);
      const MountAnswer answer = mount_blob(session_, blob.digest, from);
      if (answer.mounted) return Outcome::mounted;
      upload = answer.upload;
    }
    ShownTask shown(session_.world().progress,
                    fmt::format("pushing {} to {}", to_hex(blob.digest).substr(0, shown_digits),
                                session_.name()),
                    blob.bytes.size());
    UploadOptions options;
    options.chunk_size = options_.chunk_size;
    options.progress = [&](std::uint64_t octets) { shown.advance(octets); };
    upload_blob(session_, {blob.digest, blob.bytes}, options, upload);
    shown.done();
    return Outcome::sent;
  }

  /// Other repositories that may have the blob.
  std::vector<std::string> sources(const Sha256Digest& digest) {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> found = history_.repositories(digest);
    std::erase(found, session_.path());
    found.resize(std::min(found.size(), most_mounts_tried));
    return found;
  }

  RegistrySession& session_;
  const PushContent& content_;
  BlobHistory& history_;
  const PushOptions& options_;
  std::mutex mutex_;
  PushReport report_;
};

}  // namespace

PushReport push(RegistrySession& session, const PushContent& content,
                const std::vector<std::string>& tags, BlobHistory& history,
                const PushOptions& options) {
  return Push(session, content, history, options).run(tags);
}

}  // namespace tarn::builder
