#include "builder/rootfs/content.h"

#include <utility>

#include "apk/support/error.h"

namespace tarn::builder {
namespace {

/// Octets kept in memory.
class OwnedSource final : public ContentSource {
 public:
  explicit OwnedSource(std::string_view text)
      : bytes_(std::make_shared<const Bytes>(as_bytes(text).begin(), as_bytes(text).end())) {}
  std::shared_ptr<const Bytes> load() const override { return bytes_; }

 private:
  std::shared_ptr<const Bytes> bytes_;
};

}  // namespace

Content Content::of(std::string_view text) {
  if (text.empty()) return {};
  return Content{std::make_shared<const OwnedSource>(text), 0, text.size()};
}

std::string Content::read() const {
  if (size == 0) return {};
  if (source == nullptr) throw Error(ErrorKind::failed, "a file's content has no source");
  const std::shared_ptr<const Bytes> bytes = source->load();
  if (offset > bytes->size() || size > bytes->size() - offset) {
    throw Error(ErrorKind::failed, "a file's content lies outside its source");
  }
  return std::string(as_text(ByteView(*bytes).subspan(offset, size)));
}

}  // namespace tarn::builder
