#include "builder/layer/segments.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include <fmt/core.h>

#include "apk/support/error.h"
#include "builder/layer/tar.h"

namespace tarn::builder {
namespace {

/// An entry on its way into a segment.
struct Item {
  std::string path;
  const Entry* entry;
};

bool path_less(const Item& left, const Item& right) {
  return left.path < right.path;
}

TarType tar_type(NodeType type) {
  switch (type) {
    case NodeType::directory:
      return TarType::directory;
    case NodeType::file:
      return TarType::file;
    case NodeType::symlink:
      return TarType::symlink;
    case NodeType::character_device:
      return TarType::character_device;
    case NodeType::block_device:
      return TarType::block_device;
    case NodeType::fifo:
      return TarType::fifo;
  }
  throw Error(ErrorKind::failed, "an entry of unknown type");
}

/// Makes records of entries; knows the first name of every node it has seen.
class RecordMaker {
 public:
  RecordMaker(const AccountNames& names, const SegmentTimes& times)
      : names_(names), times_(times) {}

  Segment make(SegmentKind kind, Owner owner, const std::vector<Item>& items) {
    Segment segment{kind, owner, {}, 0};
    segment.records.reserve(items.size());
    for (const Item& item : items) add(segment, item);
    return segment;
  }

 private:
  struct First {
    std::string path;
    std::int64_t mtime;
  };

  void add(Segment& segment, const Item& item) {
    const Node& node = *item.entry->node;
    TarHeader header;
    header.path = item.path;
    header.type = tar_type(node.type);
    header.mode = node.mode;
    header.uid = node.uid;
    header.gid = node.gid;
    header.user = names_.user(node.uid);
    header.group = names_.group(node.gid);
    header.mtime = mtime_of(*item.entry);
    SegmentRecord record;
    const First* first = first_name(item, header.mtime);
    if (first != nullptr) {
      header.type = TarType::hard_link;
      header.link = first->path;
      header.mtime = first->mtime;
    } else {
      header.xattrs = node.xattrs;
      if (node.type == NodeType::symlink) {
        header.link = node.target;
        header.mode = 0777;  // what every symbolic link has once it is unpacked
      }
      if (node.type == NodeType::file) {
        header.size = node.content.size;
        record.content = node.content;
      }
      if (node.type == NodeType::character_device || node.type == NodeType::block_device) {
        header.device_major = node.device_major;
        header.device_minor = node.device_minor;
      }
    }
    record.offset = segment.size;
    record.header = tar_header(header);
    segment.size += record.header.size() + header.size + tar_padding(header.size);
    segment.records.push_back(std::move(record));
  }

  /// Remembers the name; gives the earlier one when the node has been written already.
  const First* first_name(const Item& item, std::int64_t mtime) {
    const Node& node = *item.entry->node;
    // Not every tool can link to a symbolic link, and nobody can tell two of them from one.
    if (node.type == NodeType::directory || node.type == NodeType::symlink) return nullptr;
    const auto [found, is_new] = first_names_.try_emplace(&node, First{item.path, mtime});
    return is_new ? nullptr : &found->second;
  }

  std::int64_t mtime_of(const Entry& entry) const {
    const NodeType type = entry.node->type;
    // A package's own times, so that its segment does not change with the other packages.
    if (type == NodeType::directory || !entry.owner.is_package()) return times_.epoch;
    return std::min(entry.node->mtime, times_.newest.value_or(entry.node->mtime));
  }

  const AccountNames& names_;
  SegmentTimes times_;
  std::unordered_map<const Node*, First> first_names_;  ///< looked up, never walked
};

std::uint64_t content_offset(const SegmentRecord& record) {
  return record.offset + record.header.size();
}

/// The first record of which something lies at or after `offset`.
std::vector<SegmentRecord>::const_iterator record_at(const Segment& segment, std::uint64_t offset) {
  const auto next = std::upper_bound(
      segment.records.begin(), segment.records.end(), offset,
      [](std::uint64_t at, const SegmentRecord& record) { return at < record.offset; });
  return next == segment.records.begin() ? next : std::prev(next);
}

/// Copies the part of a run of octets, which lies at `at` in the segment, that falls into the
/// window that `out` holds from `begin` on.
void copy_part(ByteView run, std::uint64_t at, std::uint64_t begin, Bytes& out) {
  const std::uint64_t from = std::max(at, begin);
  const std::uint64_t to = std::min(at + run.size(), begin + out.size());
  if (from >= to) return;
  std::copy_n(run.begin() + static_cast<std::ptrdiff_t>(from - at), to - from,
              out.begin() + static_cast<std::ptrdiff_t>(from - begin));
}

bool needs_content(const SegmentRecord& record, std::uint64_t begin, std::uint64_t end) {
  const std::uint64_t at = content_offset(record);
  return record.content.size > 0 && at < end && at + record.content.size > begin;
}

ByteView content_range(const Content& content, const Bytes& bytes) {
  if (content.offset > bytes.size() || content.size > bytes.size() - content.offset)
    throw Error(ErrorKind::failed, fmt::format("a content of {} bytes at {} lies outside its "
                                               "source of {} bytes",
                                               content.size, content.offset, bytes.size()));
  return ByteView(bytes).subspan(content.offset, content.size);
}

const ContentSource& source_of(const Content& content) {
  if (!content.source) throw Error(ErrorKind::failed, "a file's content has no source");
  return *content.source;
}

/// A text of the description, after its length, so that no two descriptions read alike.
void describe(Sha256& hasher, std::string_view text) {
  hasher.update(fmt::format("{} ", text.size()));
  hasher.update(text);
}

}  // namespace

std::vector<Segment> make_segments(const Rootfs& rootfs, const SegmentTimes& times) {
  return make_segments(rootfs, AccountNames(rootfs), times);
}

std::vector<Segment> make_segments(const Rootfs& rootfs, const AccountNames& names,
                                   const SegmentTimes& times) {
  std::vector<Item> directories;
  std::map<std::int32_t, std::vector<Item>> packages;
  std::vector<Item> generated;
  rootfs.walk([&](const std::string& path, const Entry& entry) {
    auto& items = entry.node->type == NodeType::directory ? directories
                  : entry.owner.is_package()              ? packages[entry.owner.value]
                                                          : generated;
    items.push_back({path, &entry});
  });

  RecordMaker maker(names, times);
  std::vector<Segment> segments;
  const auto add = [&](SegmentKind kind, Owner owner, std::vector<Item>& items) {
    if (items.empty()) return;
    std::sort(items.begin(), items.end(), path_less);
    segments.push_back(maker.make(kind, owner, items));
    items = {};
  };
  add(SegmentKind::directories, Owner{}, directories);
  for (auto& [owner, items] : packages) add(SegmentKind::package, Owner{owner}, items);
  add(SegmentKind::generated, Owner{}, generated);

  Segment end{SegmentKind::end, Owner{}, {}, 0};
  end.records.push_back({0, tar_end(), {}});
  end.size = end.records.front().header.size();
  segments.push_back(std::move(end));
  return segments;
}

Segment make_package_segment(const Rootfs& rootfs, Owner owner,
                             const std::vector<std::string>& paths, const SegmentTimes& times) {
  std::vector<Item> items;
  for (const std::string& path : paths) {
    const Entry* entry = rootfs.find(path);
    if (entry != nullptr && entry->owner == owner && entry->node->type != NodeType::directory)
      items.push_back({rootfs.resolve(path), entry});
  }
  std::sort(items.begin(), items.end(), path_less);
  const AccountNames names = AccountNames::expected(rootfs);
  return RecordMaker(names, times).make(SegmentKind::package, owner, items);
}

Bytes read_segment(const Segment& segment, std::uint64_t begin, std::uint64_t end,
                   const LoadContent& load) {
  Bytes out(end - begin);
  std::shared_ptr<const Bytes> loaded;
  const ContentSource* loaded_from = nullptr;
  for (auto record = record_at(segment, begin);
       record != segment.records.end() && record->offset < end; ++record) {
    copy_part(as_bytes(record->header), record->offset, begin, out);
    if (!needs_content(*record, begin, end)) continue;
    const ContentSource& source = source_of(record->content);
    if (&source != loaded_from) {
      loaded = load(source);
      loaded_from = &source;
    }
    copy_part(content_range(record->content, *loaded), content_offset(*record), begin, out);
  }
  return out;
}

std::vector<const ContentSource*> segment_sources(const Segment& segment, std::uint64_t begin,
                                                  std::uint64_t end) {
  std::vector<const ContentSource*> sources;
  std::unordered_map<const ContentSource*, bool> seen;
  for (auto record = record_at(segment, begin);
       record != segment.records.end() && record->offset < end; ++record) {
    if (!needs_content(*record, begin, end)) continue;
    const ContentSource* source = &source_of(record->content);
    if (seen.try_emplace(source, true).second) sources.push_back(source);
  }
  return sources;
}

Sha256Digest segment_key(const Segment& segment, std::string_view compressor) {
  Sha256 hasher;
  describe(hasher, fmt::format("tarn segment, tar format {}", tar_format_version));
  describe(hasher, compressor);
  std::shared_ptr<const Bytes> loaded;
  const ContentSource* source = nullptr;
  std::string identity;
  for (const SegmentRecord& record : segment.records) {
    describe(hasher, record.header);
    const Content& content = record.content;
    if (content.size == 0) continue;
    if (&source_of(content) != source) {
      source = &source_of(content);
      identity = source->identity();
      if (identity.empty()) loaded = source->load();
    }
    if (identity.empty()) {
      describe(hasher, "content");
      describe(hasher, to_hex(sha256(content_range(content, *loaded))));
    } else {
      describe(hasher, identity);
      describe(hasher, fmt::format("{}+{}", content.offset, content.size));
    }
  }
  return hasher.finish();
}

}  // namespace tarn::builder
