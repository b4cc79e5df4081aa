#include "builder/registry/image_source.h"

#include <utility>

#include <fmt/core.h>

#include "builder/image/json.h"
#include "builder/registry/client.h"

namespace tarn::builder {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t largest_top = 4U << 20U;

class LayoutSource final : public ImageSource {
 public:
  explicit LayoutSource(fs::path folder) : folder_(std::move(folder)), name_(folder_.string()) {
    std::error_code absent;
    if (!fs::is_regular_file(folder_ / "oci-layout", absent) ||
        !fs::is_regular_file(folder_ / "index.json", absent))
      throw Error(ErrorKind::failed, fmt::format("{} is no OCI image layout", name_))
          .hint("it is a folder with the files oci-layout and index.json, and the folder blobs");
  }

  const std::string& name() const override { return name_; }
  std::string top() override { return read_file(folder_ / "index.json", largest_top); }

  std::string manifest(const Sha256Digest& digest, std::uint64_t limit) override {
    std::string text = read_file(path_of(digest), limit);
    check(digest, sha256(text));
    return text;
  }
  std::string config(const Sha256Digest& digest, std::uint64_t limit) override {
    return manifest(digest, limit);
  }

  MappedFile blob(const Sha256Digest& digest, std::uint64_t size, const fs::path&) override {
    MappedFile file = MappedFile::open(path_of(digest));
    if (file.bytes().size() != size)
      throw Error(ErrorKind::trust,
                  fmt::format("{} is not of the size its manifest names", path_of(digest).string()))
          .detail("expected", fmt::format("{} octets", size))
          .detail("found", fmt::format("{} octets", file.bytes().size()));
    check(digest, sha256(file.bytes()));
    return file;
  }

 private:
  fs::path path_of(const Sha256Digest& digest) const {
    return folder_ / "blobs" / "sha256" / to_hex(digest);
  }

  void check(const Sha256Digest& expected, const Sha256Digest& found) const {
    if (expected == found) return;
    throw Error(ErrorKind::trust,
                fmt::format("{} has not the digest of its name", path_of(expected).string()))
        .detail("expected", digest_text(expected))
        .detail("found", digest_text(found));
  }

  fs::path folder_;
  std::string name_;
};

class RepositorySource final : public ImageSource {
 public:
  RepositorySource(const RegistryWorld& world, const SourceReference& reference)
      : session_(world, reference.name.domain, reference.name.path),
        manifest_(reference.manifest()),
        name_(fmt::format("{}{}{}", session_.name(), reference.digest.empty() ? ":" : "@",
                          manifest_)) {}

  const std::string& name() const override { return name_; }

  std::string top() override {
    auto manifest = get_manifest(session_, manifest_);
    if (!manifest) throw Error(ErrorKind::network, name_ + ": the registry has no such image");
    return std::move(manifest->text);
  }

  std::string manifest(const Sha256Digest& digest, std::uint64_t limit) override {
    auto manifest = get_manifest(session_, digest_text(digest));
    if (!manifest || manifest->text.size() > limit)
      throw Error(ErrorKind::network,
                  fmt::format("{}: the registry has no manifest {}", name_, digest_text(digest)));
    return std::move(manifest->text);
  }

  std::string config(const Sha256Digest& digest, std::uint64_t limit) override {
    std::string text;
    get_blob(session_, digest, limit, [&](ByteView part) { text += as_text(part); });
    return text;
  }

  MappedFile blob(const Sha256Digest& digest, std::uint64_t size, const fs::path& folder) override {
    AtomicFile file(folder / "blob");
    get_blob(session_, digest, size, [&](ByteView part) { file.write(part); });
    return MappedFile::open(fmt::format("/proc/self/fd/{}", file.fd()));
  }

 private:
  RegistrySession session_;
  std::string manifest_;
  std::string name_;
};

}  // namespace

std::unique_ptr<ImageSource> open_layout(const fs::path& folder) {
  return std::make_unique<LayoutSource>(folder);
}

std::unique_ptr<ImageSource> open_repository(const RegistryWorld& world,
                                             const SourceReference& reference) {
  return std::make_unique<RepositorySource>(world, reference);
}

}  // namespace tarn::builder
