#include "builder/scripts/sandbox_listing.h"

#include <cstring>
#include <type_traits>

#include "apk/support/error.h"

namespace tarn::builder {
namespace {

template <typename Number>
void put(std::string& text, Number number) {
  static_assert(std::is_integral_v<Number>);
  text.append(reinterpret_cast<const char*>(&number), sizeof number);
}

void put(std::string& text, const std::string& value) {
  put(text, std::uint64_t{value.size()});
  text += value;
}

template <typename Number>
void put(std::string& text, const std::optional<Number>& number) {
  put(text, number.has_value());
  if (number) put(text, *number);
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}
  bool at_end() const { return text_.empty(); }

  std::string_view take(std::uint64_t size) {
    if (size > text_.size()) throw Error(ErrorKind::failed, "the sandbox' listing is cut off");
    const std::string_view taken = text_.substr(0, size);
    text_.remove_prefix(size);
    return taken;
  }
  template <typename Number>
  Number number() {
    Number value{};
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }
  std::string text() { return std::string(take(number<std::uint64_t>())); }
  template <typename Number>
  std::optional<Number> optional() {
    if (!number<bool>()) return std::nullopt;
    return number<Number>();
  }

 private:
  std::string_view text_;
};

ListedEntry read_entry(Reader& reader) {
  ListedEntry entry;
  entry.path = reader.text();
  entry.item = reader.optional<std::uint64_t>();
  entry.identity = reader.number<std::uint64_t>();
  entry.type = static_cast<NodeType>(reader.number<std::int32_t>());
  entry.mode = reader.optional<std::uint32_t>();
  entry.uid = reader.optional<std::uint32_t>();
  entry.gid = reader.optional<std::uint32_t>();
  entry.mtime = reader.optional<std::int64_t>();
  if (const auto offset = reader.optional<std::uint64_t>()) {
    entry.content = ContentRange{*offset, reader.number<std::uint64_t>()};
  }
  entry.target = reader.text();
  for (auto left = reader.number<std::uint64_t>(); left > 0; --left) {
    std::string name = reader.text();
    entry.set_xattrs[std::move(name)] = reader.text();
  }
  for (auto left = reader.number<std::uint64_t>(); left > 0; --left) {
    entry.removed_xattrs.push_back(reader.text());
  }
  return entry;
}

}  // namespace

void append_entry(std::string& text, const ListedEntry& entry) {
  put(text, entry.path);
  put(text, entry.item);
  put(text, entry.identity);
  put(text, static_cast<std::int32_t>(entry.type));
  put(text, entry.mode);
  put(text, entry.uid);
  put(text, entry.gid);
  put(text, entry.mtime);
  put(text, entry.content.has_value());
  if (entry.content) {
    put(text, entry.content->offset);
    put(text, entry.content->size);
  }
  put(text, entry.target);
  put(text, std::uint64_t{entry.set_xattrs.size()});
  for (const auto& [name, value] : entry.set_xattrs) {
    put(text, name);
    put(text, value);
  }
  put(text, std::uint64_t{entry.removed_xattrs.size()});
  for (const auto& name : entry.removed_xattrs) put(text, name);
}

std::vector<ListedEntry> parse_entries(std::string_view text) {
  std::vector<ListedEntry> entries;
  Reader reader(text);
  while (!reader.at_end()) entries.push_back(read_entry(reader));
  return entries;
}

}  // namespace tarn::builder
