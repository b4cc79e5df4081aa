#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "apk/support/bytes.h"

namespace tarn::builder {

/// A raw deflate stream (RFC 1951).
struct DeflateStream {
  std::shared_ptr<const void> owner;  ///< of the octets
  ByteView octets;
  std::uint64_t size = 0;  ///< octets that it holds
};

/// Something file contents lie in: the inflated data of a package, a text made by tarn, a file of
/// the host. Loading may be costly (inflating a package), so whoever reads many contents of one
/// source loads it once and keeps the result as long as it needs it.
class ContentSource {
 public:
  virtual ~ContentSource() = default;
  ContentSource() = default;
  ContentSource(const ContentSource&) = delete;
  ContentSource& operator=(const ContentSource&) = delete;
  /// All octets of the source. Thread-safe.
  virtual std::shared_ptr<const Bytes> load() const = 0;
  /// A text that stands for these octets wherever and whenever it is given ("package Q1…"): equal
  /// texts mean equal octets. Empty for a source that has none; then the contents speak for
  /// themselves.
  virtual std::string identity() const { return {}; }
  /// The stream that load() inflates, if it is one that was compressed densely. A function of
  /// identity() alone, nothing for a source without. Thread-safe; throws what load() throws.
  virtual std::optional<DeflateStream> stream() const { return std::nullopt; }
};

/// The content of one file: a range of a source. An empty content has no source.
struct Content {
  std::shared_ptr<const ContentSource> source;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;

  /// A content that owns its octets.
  static Content of(std::string_view text);
  /// Loads the source and copies the range.
  std::string read() const;
};

}  // namespace tarn::builder
