#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apk/support/bytes.h"
#include "apk/support/hash.h"
#include "builder/layer/account_names.h"
#include "builder/rootfs/rootfs.h"

namespace tarn::builder {

/// What the records of a segment have in common.
enum class SegmentKind {
  directories,  ///< every directory once, parents before children, in order of octets
  package,      ///< what one package brought, but no directories, in order of octets
  generated,    ///< the skeleton's and the build's own entries, in order of octets
  end,          ///< the blocks that end the archive
};

/// One entry of a tar: its header and its content.
struct SegmentRecord {
  std::uint64_t offset = 0;  ///< of the header, from the start of the segment
  std::string header;        ///< whole blocks
  Content content;           ///< padded to whole blocks when written
};

/// A run of tar records that stays together in a layer.
struct Segment {
  SegmentKind kind = SegmentKind::directories;
  Owner owner;  ///< of a package segment
  std::vector<SegmentRecord> records;
  std::uint64_t size = 0;  ///< octets of tar
};

/// How entries get their times.
struct SegmentTimes {
  std::int64_t epoch = 0;              ///< of directories and all that no package brought; seconds
  std::optional<std::int64_t> newest;  ///< nothing is younger than this; seconds
};

/// The rootfs as tar, in segments: directories; each package in install order; generated entries;
/// the end. The root itself has no record. Names that share a file are hard links: the first in
/// tar order carries it, the others refer to that, whichever segments they lie in; names that
/// share a symbolic link are several links. Empty segments are left out. The contents stay where
/// they are until read_segment. Owners are named as `names` has it; without as the rootfs itself
/// has.
std::vector<Segment> make_segments(const Rootfs& rootfs, const AccountNames& names,
                                   const SegmentTimes& times);
std::vector<Segment> make_segments(const Rootfs& rootfs, const SegmentTimes& times);

/// What one package brought as a segment, as the rootfs has it now: the one of make_segments, if
/// nothing of it changes until then. `paths`: of its files, as the package names them.
Segment make_package_segment(const Rootfs& rootfs, Owner owner,
                             const std::vector<std::string>& paths, const SegmentTimes& times);

/// Gives all octets of a content source; may keep them between calls.
using LoadContent = std::function<std::shared_ptr<const Bytes>(const ContentSource& source)>;

/// The octets of the segment's tar from `begin` up to `end`.
/// Throws Error (failed) when a content is not where it should be.
Bytes read_segment(const Segment& segment, std::uint64_t begin, std::uint64_t end,
                   const LoadContent& load);

/// The sources that the octets from `begin` up to `end` need, each once, in order of need.
std::vector<const ContentSource*> segment_sources(const Segment& segment, std::uint64_t begin,
                                                  std::uint64_t end);

/// What a compressed segment is known by: a hash of the tar format's version, the final metadata of
/// its entries as their headers have it, the identity of their contents, and what compresses it
/// (PieceCompressor::identity). Equal keys mean equal octets. A function of the segment's inputs
/// alone: a content whose source has an identity is not loaded, of others each is hashed.
Sha256Digest segment_key(const Segment& segment, std::string_view compressor);

}  // namespace tarn::builder
