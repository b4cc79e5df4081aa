#include "builder/report/layer_difference.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/core.h>

#include "apk/support/hash.h"
#include "apk/support/parallel.h"
#include "builder/image/json.h"
#include "builder/sink/layer_reader.h"
#include "builder/sink/layer_stream.h"

namespace tarn::builder {
namespace {

constexpr std::size_t piece_size = 1U << 18U;

/// One record of a tar.
struct LayerRecord {
  TarHeader header;
  Sha256Digest content;
  std::size_t layer = 0;  ///< number of the layer, from 1
};

/// All records of an image's layers: by name, and the names in their order.
struct LayerRecords {
  std::map<std::string, LayerRecord> by_name;
  std::vector<std::string> order;
};

std::string_view type_name(TarType type) {
  switch (type) {
    case TarType::file:
      return "file";
    case TarType::hard_link:
      return "hard link";
    case TarType::symlink:
      return "link";
    case TarType::character_device:
      return "character device";
    case TarType::block_device:
      return "block device";
    case TarType::directory:
      return "directory";
    case TarType::fifo:
      return "named pipe";
  }
  return "";
}

std::string plain_path(std::string_view path) {
  while (path.starts_with("./")) path.remove_prefix(2);
  while (path.starts_with('/')) path.remove_prefix(1);
  while (path.ends_with('/')) path.remove_suffix(1);
  return path.empty() || path == "." ? "/" : std::string(path);
}

LayerRecords read_records(std::span<const Layer> layers, const std::stop_token& stop) {
  LayerRecords records;
  std::map<std::string, unsigned> last_numbers;
  Bytes piece(piece_size);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    LayerReader reader(layers[i]);
    while (auto header = reader.next()) {
      throw_if_stopped(stop);
      Sha256 hasher;
      while (const std::size_t got = reader.read(piece)) hasher.update(ByteView(piece).first(got));
      const std::string path = plain_path(header->path);
      std::string name = path;
      // Where each counting goes on, lest many records of one name take long.
      for (unsigned& n = last_numbers.try_emplace(path, 1).first->second;
           records.by_name.contains(name);)
        name = fmt::format("{} (record {})", path, ++n);
      records.order.push_back(name);
      records.by_name.emplace(std::move(name),
                              LayerRecord{*std::move(header), hasher.finish(), i + 1});
    }
  }
  return records;
}

std::string xattrs_text(const TarHeader& header) {
  std::string text;
  for (const auto& [name, value] : header.xattrs)
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", name, to_hex(as_bytes(value)));
  return text;
}

std::vector<ValueDifference> compare_records(const LayerRecord& old, const LayerRecord& now) {
  std::vector<ValueDifference> values;
  const auto compare = [&values](const char* name, std::string left, std::string right) {
    if (left != right) values.push_back({name, std::move(left), std::move(right)});
  };
  const TarHeader& before = old.header;
  const TarHeader& after = now.header;
  compare("type", std::string(type_name(before.type)), std::string(type_name(after.type)));
  compare("mode", fmt::format("{:04o}", before.mode), fmt::format("{:04o}", after.mode));
  compare("owner", fmt::format("{}:{}", before.uid, before.gid),
          fmt::format("{}:{}", after.uid, after.gid));
  compare("owner's name", before.user + ":" + before.group, after.user + ":" + after.group);
  compare("size", fmt::format("{}", before.size), fmt::format("{}", after.size));
  if (old.content != now.content)
    values.push_back({"content", digest_text(old.content), digest_text(now.content)});
  compare("time", fmt::format("{}", before.mtime), fmt::format("{}", after.mtime));
  compare("target", before.link, after.link);
  compare("device", fmt::format("{}:{}", before.device_major, before.device_minor),
          fmt::format("{}:{}", after.device_major, after.device_minor));
  compare("xattrs", xattrs_text(before), xattrs_text(after));
  compare("layer", fmt::format("{}", old.layer), fmt::format("{}", now.layer));
  return values;
}

std::vector<FileDifference> compare_by_name(const LayerRecords& before, const LayerRecords& after) {
  std::vector<FileDifference> differences;
  for (const auto& [name, old] : before.by_name) {
    FileDifference difference{FileChange::changed, name, {}};
    difference.size_before = old.header.size;
    const auto now = after.by_name.find(name);
    if (now == after.by_name.end()) {
      difference.change = FileChange::removed;
    } else {
      difference.size_after = now->second.header.size;
      difference.values = compare_records(old, now->second);
      if (difference.values.empty()) continue;
    }
    differences.push_back(std::move(difference));
  }
  for (const auto& [name, now] : after.by_name)
    if (!before.by_name.contains(name)) {
      FileDifference difference{FileChange::added, name, {}};
      difference.size_after = now.header.size;
      differences.push_back(std::move(difference));
    }
  std::ranges::stable_sort(differences, {}, &FileDifference::path);
  return differences;
}

/// Where the octets of two tars part; nothing when they are the same.
std::string first_difference(const Layer& before, const Layer& after, const std::stop_token& stop) {
  LayerStream left(before);
  LayerStream right(after);
  Bytes left_piece(piece_size);
  Bytes right_piece(piece_size);
  for (std::uint64_t offset = 0;;) {
    throw_if_stopped(stop);
    const std::size_t left_got = left.read(left_piece);
    const std::size_t right_got = right.read(right_piece);
    const std::size_t both = std::min(left_got, right_got);
    const auto [here, there] =
        std::mismatch(left_piece.begin(), left_piece.begin() + static_cast<std::ptrdiff_t>(both),
                      right_piece.begin());
    const auto same = static_cast<std::size_t>(here - left_piece.begin());
    offset += same;
    if (same < both) return fmt::format("first at octet {}", offset);
    if (left_got != right_got)
      return fmt::format("one is {} octets long, the other longer", offset);
    if (both == 0) return {};
  }
}

/// The layers one by one, whose records are known to be the same.
std::vector<std::string> compare_forms(std::span<const Layer> before, std::span<const Layer> after,
                                       bool same_records, const std::stop_token& stop) {
  std::vector<std::string> forms;
  for (std::size_t i = 0; i < before.size(); ++i) {
    const Layer& old = before[i];
    const Layer& now = after[i];
    if (old.media_type != now.media_type)
      forms.push_back(
          fmt::format("layer {}: media type {} → {}", i + 1, old.media_type, now.media_type));
    if (old.diff_id != now.diff_id) {
      if (same_records)
        forms.push_back(fmt::format("layer {}: the same records, written as another tar ({})",
                                    i + 1, first_difference(old, now, stop)));
    } else if (old.digest != now.digest) {
      forms.push_back(fmt::format("layer {}: the same tar, compressed in another way ({} → {})",
                                  i + 1, digest_text(old.digest), digest_text(now.digest)));
    }
  }
  return forms;
}

}  // namespace

LayerDifference compare_layers(std::span<const Layer> before, std::span<const Layer> after,
                               const std::stop_token& stop) {
  LayerDifference difference;
  const bool same_number = before.size() == after.size();
  if (!same_number)
    difference.forms.push_back(fmt::format("layers: {} → {}", before.size(), after.size()));
  const bool same_tars =
      same_number && std::ranges::equal(before, after, {}, &Layer::diff_id, &Layer::diff_id);
  bool same_order = true;
  if (!same_tars) {
    const LayerRecords old = read_records(before, stop);
    const LayerRecords now = read_records(after, stop);
    difference.records = compare_by_name(old, now);
    if (difference.records.empty()) {
      const auto [here, there] = std::ranges::mismatch(old.order, now.order);
      same_order = here == old.order.end();
      if (!same_order)
        difference.forms.push_back(
            fmt::format("the records stand in another order, first {} → {}", *here, *there));
    }
  }
  if (same_number)
    std::ranges::move(compare_forms(before, after, difference.records.empty() && same_order, stop),
                      std::back_inserter(difference.forms));
  return difference;
}

}  // namespace tarn::builder
