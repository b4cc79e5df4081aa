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
  /// The header as it is kept; null when the record only hides.
  const TarHeader* take(TarHeader header, Place place) {
    const std::string given = header.path;
    header.path = plain_path(given);
    if (take_whiteout(given, header.path, place.layer)) return nullptr;
    if (header.path.empty() && header.type != TarType::directory)
      throw wrong(given, "is the root, but no directory");
    const std::size_t number = records_.size();
    std::size_t file = number;
    if (header.type == TarType::hard_link) {
      header.link = plain_path(header.link);
      file = file_at(header);
    }
    // A folder of the layers beneath gives way to what is none.
    if (header.type != TarType::directory) hide_below(header.path, place.layer);
    last_[header.path] = number;
    records_.push_back({std::move(header), place, file});
    return &records_.back().header;
  }

  /// What the record that was taken last (`taken`: it was kept) takes of its layer's blob.
  void add_compressed(bool taken, std::uint64_t octets) {
    (taken ? records_.back().compressed : whiteouts_) += octets;
  }

  void finish(std::int64_t created, LayerTree& tree) {
    add_missing_directories(created);
    for (const auto& [path, number] : last_)
      if (records_[number].header.type == TarType::directory)
        tree.entries_.push_back(
            {records_[number].header, 1, tree.entries_.size(), records_[number].compressed});
    tree.directories_ = tree.entries_.size();
    const std::vector<Name> names = surviving_names();
    std::map<std::size_t, std::size_t> entries_of_files;
    for (const Name& name : names) {
      const Record& record = records_[name.record];
      Entry entry{record.header, 1, tree.entries_.size(), record.compressed};
      if (name.record != name.named) entry.compressed += records_[name.named].compressed;
      entry.header.path = records_[name.named].header.path;
      const auto [found, is_file] = entries_of_files.try_emplace(record.file, entry.file);
      if (!is_file) {
        entry.file = found->second;
        entry.header.link = tree.entries_[entry.file].header.path;
        ++tree.entries_[entry.file].names;
      }
      tree.entries_.push_back(std::move(entry));
      tree.places_.push_back(record.place);
    }
    for (Entry& entry : tree.entries_) entry.names = tree.entries_[entry.file].names;
    tree.hidden_ = hidden(tree.entries_);
  }

 private:
  struct Record {
    TarHeader header;
    Place place;
    std::size_t file = 0;  ///< the record of the file that a hard link names; else its own number
    std::uint64_t compressed = 0;
  };
  /// A name that is left, and the record that shows what it names: its own, but where the name
  /// under which the file came is gone the first of its links shows it.
  struct Name {
    std::size_t record = 0;
    std::size_t named = 0;
  };

  /// Whether the record only hides something of the layers beneath (OCI image layer specification,
  /// "Whiteouts"); hides it.
  bool take_whiteout(const std::string& given, const std::string& path, std::size_t layer) {
    constexpr std::string_view prefix = ".wh.";
    const std::string_view parent = parent_of(path);
    std::string_view name = path;
    if (!parent.empty()) name.remove_prefix(parent.size() + 1);
    if (!name.starts_with(prefix)) return false;
    if (name == ".wh..wh..opq") {
      hide_below(std::string(parent), layer);
      return true;
    }
    name.remove_prefix(prefix.size());
    if (name.empty() || name == "." || name == "..") throw wrong(given, "hides nothing");
    std::string hidden(parent);
    if (!hidden.empty()) hidden += '/';
    hidden += name;
    const auto found = last_.find(hidden);
    if (found != last_.end() && records_[found->second].place.layer < layer) last_.erase(found);
    hide_below(hidden, layer);
    return true;
  }

  /// Forgets what the layers beneath have below a path.
  void hide_below(const std::string& path, std::size_t layer) {
    const std::string folder = path.empty() ? path : path + '/';
    for (auto found = last_.lower_bound(folder);
         found != last_.end() && found->first.starts_with(folder);) {
      const bool is_beneath = !found->first.empty() && records_[found->second].place.layer < layer;
      found = is_beneath ? last_.erase(found) : std::next(found);
    }
  }

  /// The file that a hard link names at this point.
  std::size_t file_at(const TarHeader& header) const {
    const auto found = last_.find(header.link);
    if (found == last_.end() || records_[found->second].header.type == TarType::directory)
      throw wrong(header.path,
                  fmt::format("is a hard link to '{}', which is not there", header.link));
    return records_[found->second].file;
  }

  bool is_left(std::size_t number) const {
    const auto found = last_.find(records_[number].header.path);
    return found != last_.end() && found->second == number;
  }

  /// All names that are no directories', in the order of the records that show them.
  std::vector<Name> surviving_names() const {
    std::vector<Name> names;
    std::map<std::size_t, bool> shown;
    for (std::size_t i = 0; i < records_.size(); ++i) {
      if (records_[i].header.type == TarType::directory || !is_left(i)) continue;
      const std::size_t file = records_[i].file;
      const bool shows = !is_left(file) && shown.try_emplace(file, true).second;
      names.push_back({shows ? file : i, i});
    }
    std::ranges::sort(names, {}, &Name::record);
    return names;
  }

  /// What of the records is not among the entries.
  Hidden hidden(const std::vector<Entry>& entries) const {
    Hidden all{0, 0, whiteouts_};
    for (const Record& record : records_) {
      all.records += record.header.type == TarType::directory ? 0 : 1;
      all.content += record.header.size;
      all.compressed += record.compressed;
    }
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const Entry& entry = entries[i];
      all.records -= entry.header.type == TarType::directory ? 0 : 1;
      if (entry.file == i) all.content -= entry.header.size;
      all.compressed -= entry.compressed;
    }
    return all;
  }

  void add_missing_directories(std::int64_t created) {
    const auto make = [&](std::string_view path) {
      TarHeader header;
      header.path = path;
      header.type = TarType::directory;
      header.mode = 0755;
      header.mtime = created;
      last_[header.path] = records_.size();
      records_.push_back({std::move(header), {}, records_.size()});
    };
    if (last_.find(std::string_view()) == last_.end()) make({});
    const std::size_t listed = records_.size();
    for (std::size_t i = 0; i < listed; ++i) {
      const std::string path = records_[i].header.path;
      if (!is_left(i)) continue;
      for (std::string_view parent = parent_of(path); !parent.empty(); parent = parent_of(parent)) {
        const auto found = last_.find(parent);
        if (found == last_.end())
          make(parent);
        else if (records_[found->second].header.type != TarType::directory)
          throw wrong(path, fmt::format("lies below '{}', which is no directory", parent));
      }
    }
  }

  std::vector<Record> records_;
  std::map<std::string, std::size_t, std::less<>> last_;  ///< path → the record that counts
  std::uint64_t whiteouts_ = 0;                           ///< octets of the blobs
};

LayerTree::LayerTree(std::span<const Layer> layers, std::int64_t created,
                     const std::stop_token& stop, const Watch& watch)
    : layers_(layers), stop_(stop) {
  Listing listing;
  for (std::size_t layer = 0; layer < layers_.size(); ++layer) {
    LayerReader reader(layers_[layer]);
    const Read read = [&](std::span<std::byte> buffer) { return reader.read(buffer); };
    auto header = reader.next();
    for (std::size_t number = 0; header; ++number) {
      throw_if_stopped(stop_);
      const std::uint64_t begin = reader.begin();
      const TarHeader* kept = listing.take(std::move(*header), {layer, number});
      if (kept != nullptr && watch) watch(*kept, read);
      header = reader.next();
      listing.add_compressed(kept != nullptr, reader.begin() - begin);
    }
    ends_ += layers_[layer].blob.bytes().size() - reader.begin();
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
