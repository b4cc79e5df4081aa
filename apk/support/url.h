#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace tarn {

/// A URL or a local path. Its credentials cannot be printed by accident: str() shows them as
/// "***", and only with_secrets(), for the transport, gives them.
class Url {
 public:
  Url() = default;
  /// `http://…`, `https://…`, `file:/…`, `file:///…`, or a path ("/srv/x", "./x", "x").
  /// Nothing for an unknown scheme, a missing host, control characters or white space.
  static std::optional<Url> parse(std::string_view text);

  bool is_local() const { return scheme_.empty(); }
  /// "http", "https"; empty for a local path.
  const std::string& scheme() const { return scheme_; }
  /// Host with port as written, without credentials; empty for a local path.
  const std::string& host() const { return host_; }
  /// For a local path the path itself (a `file:` prefix is gone); else from the first '/' on.
  const std::string& path() const { return path_; }
  bool has_credentials() const { return !user_info_.empty(); }

  /// This URL with "/" and `segment` added to its path.
  Url operator/(std::string_view segment) const;
  /// This URL without the last segment of its path (and the '/' before it); "." where a relative
  /// path has only one.
  Url folder() const;
  /// The same place without credentials: what may be written into an image.
  Url without_credentials() const;

  /// To show: credentials as "***".
  std::string str() const;
  /// With credentials: for the transport, and for nothing else.
  std::string with_secrets() const;
  /// Decoded "user:password"; empty without.
  std::string user_and_password() const;

  bool operator==(const Url&) const = default;

 private:
  std::string scheme_;
  std::string user_info_;  ///< as written, still percent-encoded
  std::string host_;
  std::string path_;
};

/// `text` with the credentials of every URL in it replaced by "***": for messages that quote input.
std::string redact_urls(std::string_view text);

}  // namespace tarn

/// Formats as str(): a URL in a message never shows its credentials.
template <>
struct fmt::formatter<tarn::Url> : fmt::formatter<std::string> {
  template <typename Context>
  auto format(const tarn::Url& url, Context& context) const {
    return fmt::formatter<std::string>::format(url.str(), context);
  }
};
