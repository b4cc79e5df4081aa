#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "builder/layer/layer.h"
#include "builder/layer/tar.h"

namespace tarn::builder {

/// The file tree that an image's layers unpack to, read from their tars: what every sink that
/// writes a tree gets its files from, so that all of them show what the layers show.
///
/// The entries: the root (its path is empty), every directory once, parents before children; then
/// all others in the order of the layers. Where several layers have a path the last one counts;
/// what a layer hides of those beneath it (whiteouts) is not there. Every path is relative, has no
/// "." or "..", and all its parents are directories: none of them is a link. A hard link's `link`
/// is the path of a file that comes before it.
class LayerTree {
 public:
  struct Entry {
    TarHeader header;
    std::uint32_t names = 1;       ///< how many names the file has; of all but directories
    std::size_t file = 0;          ///< of a hard link: the entry of the file; else its own number
    std::uint64_t compressed = 0;  ///< octets that it takes of the layers' blobs, as they come
  };
  /// What the layers hold and do not show: a later one hides it.
  struct Hidden {
    std::size_t records = 0;       ///< but those of directories
    std::uint64_t content = 0;     ///< octets of files
    std::uint64_t compressed = 0;  ///< octets of the blobs; those that hide are counted in
  };
  /// Gives the content of a file: fills the buffer but at the end.
  using Read = std::function<std::size_t(std::span<std::byte> buffer)>;
  using Visit = std::function<void(const Entry& entry, const Read& read)>;
  /// Sees a record of a layer while the layers are listed, whether it is hidden later or not.
  using Watch = std::function<void(const TarHeader& header, const Read& read)>;

  /// Reads what the layers list; they must outlive the tree. `created`: the time of directories
  /// that no layer lists. Throws Error (failed) for a layer that is damaged or leaves its root.
  LayerTree(std::span<const Layer> layers, std::int64_t created, const std::stop_token& stop,
            const Watch& watch = {});

  const std::vector<Entry>& entries() const { return entries_; }
  const Hidden& hidden() const { return hidden_; }
  /// Octets of the blobs that belong to no record: the ends of the tars.
  std::uint64_t ends() const { return ends_; }
  /// Calls `visit` for every entry in order; the content that it leaves unread is passed over.
  void visit(const Visit& visit) const;

 private:
  struct Place {
    std::size_t layer = 0;
    std::size_t number = 0;  ///< of the entry among the layer's
  };
  class Listing;

  std::span<const Layer> layers_;
  std::stop_token stop_;
  std::vector<Entry> entries_;
  std::vector<Place> places_;    ///< of all entries that are no directories, in order
  std::size_t directories_ = 0;  ///< how many of the entries, the first ones, are directories
  Hidden hidden_;
  std::uint64_t ends_ = 0;
};

}  // namespace tarn::builder
