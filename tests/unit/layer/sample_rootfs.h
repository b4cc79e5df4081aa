#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "apk/support/gzip.h"
#include "builder/rootfs/rootfs.h"

namespace tarn::test {

/// A source that counts how often it is loaded.
class CountingSource : public builder::ContentSource {
 public:
  explicit CountingSource(std::string text, std::string identity = {})
      : text_(std::move(text)), identity_(std::move(identity)) {}
  std::shared_ptr<const Bytes> load() const override {
    ++loads_;
    const auto bytes = as_bytes(text_);
    return std::make_shared<const Bytes>(bytes.begin(), bytes.end());
  }
  std::string identity() const override { return identity_; }
  /// As packages have it: of sources with an identity.
  std::optional<builder::DeflateStream> stream() const override {
    if (identity_.empty()) return std::nullopt;
    const auto member = std::make_shared<const Bytes>(deflate_gzip(as_bytes(text_), 9));
    return builder::DeflateStream{member, densest_deflate_stream(*member).value(), text_.size()};
  }
  int loads() const { return loads_; }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::string identity_;
  mutable std::atomic<int> loads_ = 0;
};

inline std::shared_ptr<builder::Node> make_node(builder::NodeType type, std::uint32_t mode,
                                                std::int64_t mtime = 0) {
  auto node = std::make_shared<builder::Node>();
  node->type = type;
  node->mode = mode;
  node->mtime = mtime;
  return node;
}

inline std::shared_ptr<builder::Node> make_file(std::string text, std::int64_t mtime = 0) {
  auto node = make_node(builder::NodeType::file, 0644, mtime);
  node->content = builder::Content::of(std::move(text));
  return node;
}

inline std::shared_ptr<builder::Node> make_file(std::shared_ptr<const CountingSource> source,
                                                std::uint64_t offset, std::uint64_t size,
                                                std::int64_t mtime = 0) {
  auto node = make_node(builder::NodeType::file, 0644, mtime);
  node->content = {std::move(source), offset, size};
  return node;
}

inline std::shared_ptr<builder::Node> make_symlink(std::string target) {
  auto node = make_node(builder::NodeType::symlink, 0755);
  node->target = std::move(target);
  return node;
}

/// A small tree of two packages, a skeleton file and generated ones, with every type of node.
inline builder::Rootfs sample_rootfs() {
  using namespace builder;
  Rootfs rootfs;
  const Owner first{0};
  const Owner second{1};
  const Owner made{Owner::generated};
  rootfs.make_directories("etc", first);
  rootfs.make_directories("usr/bin", second);
  rootfs.make_directories("dev", made);
  rootfs.find("dev")->node->mode = 01777;
  rootfs.put("etc/passwd", {make_file("root:x:0:0:root:/root:/bin/sh\nbroken\n:x:3:\n"
                                      "www:x:82:82::/:/sbin/nologin\nsecond:x:82:82::/:/x\n",
                                      100),
                            first});
  rootfs.put("etc/group", {make_file("root:x:0:root\nweb:x:82:\n", 200), first});
  rootfs.put("usr/bin/tool", {make_file("the tool", 300), second});
  rootfs.find("usr/bin/tool")->node->mode = 04755;
  rootfs.find("usr/bin/tool")->node->uid = 82;
  rootfs.find("usr/bin/tool")->node->gid = 82;
  rootfs.find("usr/bin/tool")->node->xattrs["security.capability"] = std::string("\1\0\2", 3);
  rootfs.put("usr/bin/alias", {rootfs.find("usr/bin/tool")->node, second});
  rootfs.put("etc/tool-link", {rootfs.find("usr/bin/tool")->node, made});
  rootfs.put("usr/bin-link", {make_symlink("bin"), first});
  rootfs.put("etc/empty", {make_file("", 400), first});
  rootfs.put("etc/hosts", {make_file("127.0.0.1 localhost\n", 7), {Owner::skeleton}});
  rootfs.put("etc/os-release", {make_file("ID=alpine\n", 8), made});
  auto null = make_node(NodeType::character_device, 0666, 5);
  null->device_major = 1;
  null->device_minor = 3;
  rootfs.put("dev/null", {null, made});
  rootfs.put("dev/pipe", {make_node(NodeType::fifo, 0600, 500), second});
  return rootfs;
}

}  // namespace tarn::test
