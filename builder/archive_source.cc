#include "builder/archive_source.h"

#include <map>
#include <string>
#include <utility>

#include <fmt/core.h>

#include "apk/support/error.h"
#include "builder/image/json.h"
#include "builder/sink/layer_reader.h"

namespace tarn::builder {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t largest_index_text = 4U << 20U;
constexpr std::size_t piece_size = 1U << 20U;

class ArchiveSource final : public ImageSource {
 public:
  explicit ArchiveSource(const fs::path& file) : name_(file.string()) {
    archive_.blob = MappedFile::open(file);
    archive_.size = archive_.tar_size = archive_.blob.bytes().size();
    bool is_layout = false;
    with_context("reading " + name_, [&] {
      LayerReader reader(archive_);
      while (const auto record = reader.next()) {
        is_layout = is_layout || record->path == "oci-layout";
        sizes_.emplace(record->path, record->size);
      }
    });
    if (!is_layout || !sizes_.contains("index.json"))
      throw Error(ErrorKind::failed, name_ + " holds no OCI image layout")
          .hint("it is an uncompressed tar with the files oci-layout and index.json");
  }

  const std::string& name() const override { return name_; }
  std::string top() override { return read_text("index.json", largest_index_text); }

  std::string manifest(const Sha256Digest& digest, std::uint64_t limit) override {
    std::string text = read_text(path_of(digest), limit);
    check(digest, sha256(text));
    return text;
  }
  std::string config(const Sha256Digest& digest, std::uint64_t limit) override {
    return manifest(digest, limit);
  }

  MappedFile blob(const Sha256Digest& digest, std::uint64_t size, const fs::path& folder) override {
    const std::string path = path_of(digest);
    if (size_of(path) != size)
      throw Error(ErrorKind::trust,
                  fmt::format("{} in {} is not of the size its manifest names", path, name_))
          .detail("expected", fmt::format("{} octets", size))
          .detail("found", fmt::format("{} octets", size_of(path)));
    AtomicFile file(folder / "blob");
    Sha256 hasher;
    read(path, [&](ByteView part) {
      hasher.update(part);
      file.write(part);
    });
    check(digest, hasher.finish());
    return size == 0 ? MappedFile() : MappedFile::open(fmt::format("/proc/self/fd/{}", file.fd()));
  }

 private:
  static std::string path_of(const Sha256Digest& digest) {
    return "blobs/sha256/" + to_hex(digest);
  }

  std::uint64_t size_of(const std::string& path) const {
    const auto found = sizes_.find(path);
    if (found == sizes_.end())
      throw Error(ErrorKind::failed, fmt::format("{} has no file {}", name_, path));
    return found->second;
  }

  std::string read_text(const std::string& path, std::uint64_t limit) const {
    if (size_of(path) > limit)
      throw Error(ErrorKind::failed, fmt::format("{} in {} is too big", path, name_));
    std::string text;
    read(path, [&](ByteView part) { text += as_text(part); });
    return text;
  }

  template <typename Take>
  void read(const std::string& path, const Take& take) const {
    with_context("reading " + name_, [&] {
      LayerReader reader(archive_);
      while (const auto record = reader.next()) {
        if (record->path != path) continue;
        Bytes piece(piece_size);
        while (const std::size_t got = reader.read(piece)) take(ByteView(piece).first(got));
        return;
      }
    });
  }

  void check(const Sha256Digest& expected, const Sha256Digest& found) const {
    if (expected == found) return;
    throw Error(ErrorKind::trust,
                fmt::format("{} in {} has not the digest of its name", path_of(expected), name_))
        .detail("expected", digest_text(expected))
        .detail("found", digest_text(found));
  }

  std::string name_;
  Layer archive_;
  std::map<std::string, std::uint64_t> sizes_;
};

}  // namespace

std::unique_ptr<ImageSource> open_archive(const fs::path& file) {
  return std::make_unique<ArchiveSource>(file);
}

}  // namespace tarn::builder
