#include "builder/sink/layer_tree.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/core.h>

#include "apk/support/error.h"
#include "apk/support/parallel.h"
#include "builder/sink/layer_reader.h"

namespace tarn::builder {
namespace {

Error wrong(std::string_view path, const std::string& why) {
  return {ErrorKind::failed, fmt::format("reading a layer: '{}' {}", path, why)};
}

/// The path without leading "/" and "./", doubled and trailing '/'; empty for the root.
std::string plain_path(std::string_view path) {
  if (path.find('\0') != std::string_view::npos) throw wrong(path, "has a NUL");
  std::string plain;
  std::string_view rest = path;
  while (!rest.empty()) {
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    const std::string_view part = rest.substr(0, slash);
    rest.remove_prefix(std::min(slash + 1, rest.size()));
    if (part.empty() || part == ".") continue;
    if (part == "..") throw wrong(path, "leaves the root");
    if (!plain.empty()) plain += '/';
    plain += part;
  }
  return plain;
}

std::string_view parent_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

}  // namespace

/// All records of all layers, and what is left of them.
class LayerTree::Listing {
 public:
  void take(TarHeader header, Place place) {
    const std::string given = header.path;
    header.path = plain_path(given);
    const std::string_view name = std::string_view(header.path).substr(header.path.rfind('/') + 1);
    if (name.starts_with(".wh."))
      throw wrong(given, "hides something of the layers below, which is not supported");
    if (header.type == TarType::hard_link) header.link = plain_path(header.link);
    if (header.path.empty() && header.type != TarType::directory)
      throw wrong(given, "is the root, but no directory");
    const std::size_t number = records_.size();
    last_[header.path] = number;
    records_.push_back({std::move(header), place});
  }

  void finish(std::int64_t created, LayerTree& tree) {
    add_missing_directories(created);
    for (const auto& [path, number] : last_)
      if (records_[number].header.type == TarType::directory)
        tree.entries_.push_back({records_[number].header, 1, tree.entries_.size()});
    tree.directories_ = tree.entries_.size();
    std::map<std::string_view, std::size_t> files;
    tree.entries_.reserve(last_.size());
    for (std::size_t i = 0; i < records_.size(); ++i) {
      const auto& [header, place] = records_[i];
      if (header.type == TarType::directory || last_.find(header.path)->second != i) continue;
      tree.entries_.push_back({header, 1, tree.entries_.size()});
      tree.places_.push_back(place);
      link(tree.entries_, files);
    }
    for (Entry& entry : tree.entries_) entry.names = tree.entries_[entry.file].names;
  }

 private:
  struct Record {
    TarHeader header;
    Place place;
  };

  void add_missing_directories(std::int64_t created) {
    const auto make = [&](std::string_view path) {
      TarHeader header;
      header.path = path;
      header.type = TarType::directory;
      header.mode = 0755;
      header.mtime = created;
      last_[header.path] = records_.size();
      records_.push_back({std::move(header), {}});
    };
    if (last_.find(std::string_view()) == last_.end()) make({});
    const std::size_t listed = records_.size();
    for (std::size_t i = 0; i < listed; ++i) {
      const std::string path = records_[i].header.path;
      if (last_.find(path)->second != i) continue;
      for (std::string_view parent = parent_of(path); !parent.empty(); parent = parent_of(parent)) {
        const auto found = last_.find(parent);
        if (found == last_.end())
          make(parent);
        else if (records_[found->second].header.type != TarType::directory)
          throw wrong(path, fmt::format("lies below '{}', which is no directory", parent));
      }
    }
  }

  /// Finds the file of the newest entry, and keeps in mind which it is.
  static void link(std::vector<Entry>& entries, std::map<std::string_view, std::size_t>& files) {
    Entry& entry = entries.back();
    if (entry.header.type == TarType::hard_link) {
      const auto found = files.find(entry.header.link);
      if (found == files.end())
        throw wrong(entry.header.path,
                    fmt::format("is a hard link to '{}', which is not there", entry.header.link));
      entry.file = found->second;
      entry.header.link = entries[entry.file].header.path;
      ++entries[entry.file].names;
    }
    // Entries do not move: their room was reserved.
    files[entry.header.path] = entry.file;
  }

  std::vector<Record> records_;
  std::map<std::string, std::size_t, std::less<>> last_;  ///< path → the record that counts
};

LayerTree::LayerTree(std::span<const Layer> layers, std::int64_t created,
                     const std::stop_token& stop)
    : layers_(layers), stop_(stop) {
  Listing listing;
  for (std::size_t layer = 0; layer < layers_.size(); ++layer) {
    LayerReader reader(layers_[layer]);
    for (std::size_t number = 0;; ++number) {
      throw_if_stopped(stop_);
      auto header = reader.next();
      if (!header) break;
      listing.take(std::move(*header), {layer, number});
    }
  }
  listing.finish(created, *this);
}

void LayerTree::visit(const Visit& visit) const {
  const Read nothing = [](std::span<std::byte>) -> std::size_t { return 0; };
  for (std::size_t i = 0; i < directories_; ++i) visit(entries_[i], nothing);
  std::size_t next = 0;
  for (std::size_t layer = 0; layer < layers_.size() && next < places_.size(); ++layer) {
    LayerReader reader(layers_[layer]);
    const Read read = [&](std::span<std::byte> buffer) {
      throw_if_stopped(stop_);
      return reader.read(buffer);
    };
    for (std::size_t number = 0; next < places_.size() && places_[next].layer == layer; ++number) {
      throw_if_stopped(stop_);
      const auto header = reader.next();
      if (!header) throw Error(ErrorKind::failed, "reading a layer: it has changed");
      if (places_[next].number == number) visit(entries_[directories_ + next++], read);
    }
  }
}

}  // namespace tarn::builder
