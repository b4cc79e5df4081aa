#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tarn::apk {

/// The octets that a 206 answer says it brings (`Content-Range`, RFC 9110 §14.4).
struct ContentRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;              ///< inclusive
  std::optional<std::uint64_t> total;  ///< nothing for "*"

  /// From "bytes FIRST-LAST/TOTAL"; nothing for any other text.
  static std::optional<ContentRange> parse(std::string_view text);
};

/// What matters of the head of an HTTP answer, read line by line. A new status line begins anew (so
/// that of several answers, as with redirects, the last one counts), and what follows the empty
/// line that ends the head (trailers) is ignored.
class ResponseHead {
 public:
  /// One line as it came, with or without its end.
  void add_line(std::string_view line);

  long status() const { return status_; }  ///< 0 before any status line
  const std::string& etag() const { return etag_; }
  const std::string& last_modified() const { return last_modified_; }
  std::optional<std::uint64_t> content_length() const { return content_length_; }
  std::optional<ContentRange> content_range() const { return content_range_; }

 private:
  long status_ = 0;
  bool ended_ = false;
  std::string etag_;
  std::string last_modified_;
  std::optional<std::uint64_t> content_length_;
  std::optional<ContentRange> content_range_;
};

/// Whether an ETag is a strong one, so that it may be asked for in If-Range (RFC 9110 §13.1.5).
bool is_strong_etag(std::string_view etag);

}  // namespace tarn::apk
