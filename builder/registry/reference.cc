#include "builder/registry/reference.h"

#include <algorithm>

#include <fmt/core.h>

#include "apk/support/error.h"
#include "apk/support/hash.h"

namespace tarn::builder {
namespace {

constexpr std::string_view hub = "docker.io";
constexpr std::string_view hub_library = "library/";
constexpr std::size_t longest_name = 255;
constexpr std::size_t longest_tag = 128;

bool is_lower_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}
bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Reference parse() const {
    if (text_.empty()) throw wrong("it is empty");
    if (text_.find('@') != std::string_view::npos)
      throw wrong("a digest cannot be given to an image, only a tag");
    Reference reference;
    std::string_view name = text_;
    // A ':' behind the last '/' begins the tag; one before it belongs to the registry's port.
    const std::size_t slash = name.rfind('/');
    const std::size_t colon = name.rfind(':');
    if (colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash)) {
      reference.tag = std::string(name.substr(colon + 1));
      name = name.substr(0, colon);
      check_tag(reference.tag);
    } else {
      reference.tag = "latest";
    }
    split_name(name, reference);
    check_domain(reference.domain);
    check_path(reference.path);
    if (reference.domain.size() + 1 + reference.path.size() > longest_name)
      throw wrong(fmt::format("the name is longer than {} characters", longest_name));
    return reference;
  }

 private:
  Error wrong(const std::string& why) const {
    return Error(ErrorKind::usage, fmt::format("'{}' is no image reference: {}", text_, why))
        .hint("an image is named like base, base:1.2 or registry.example.org/team/base:1.2");
  }

  static void split_name(std::string_view name, Reference& reference) {
    const std::size_t slash = name.find('/');
    const std::string_view first = name.substr(0, slash);
    // What a registry's name has and a folder's has not.
    const bool is_domain =
        slash != std::string_view::npos &&
        (first.find_first_of(".:") != std::string_view::npos || first == "localhost" ||
         std::any_of(first.begin(), first.end(), is_upper));
    reference.domain = is_domain ? first : hub;
    if (reference.domain == "index.docker.io") reference.domain = hub;
    reference.path = is_domain ? name.substr(slash + 1) : name;
    if (reference.domain == hub && reference.path.find('/') == std::string::npos)
      reference.path.insert(0, hub_library);
  }

  void check_tag(std::string_view tag) const {
    if (tag.empty()) throw wrong("nothing follows the ':'");
    if (tag.size() > longest_tag)
      throw wrong(fmt::format("the tag is longer than {} characters", longest_tag));
    for (const char c : tag)
      if (!is_lower_or_digit(c) && !is_upper(c) && c != '_' && c != '.' && c != '-')
        throw wrong("a tag is made of letters, digits, '_', '.' and '-'");
    if (tag.front() == '.' || tag.front() == '-')
      throw wrong("a tag does not begin with '.' or '-'");
  }

  void check_domain(std::string_view domain) const {
    std::string_view host = domain;
    const std::size_t colon = domain.rfind(':');
    if (colon != std::string_view::npos && domain.back() != ']') {
      const std::string_view port = domain.substr(colon + 1);
      host = domain.substr(0, colon);
      if (port.empty() || port.size() > 5 ||
          !std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; }))
        throw wrong("the registry's port is no number");
    }
    if (host.starts_with('[') && host.ends_with(']')) {
      host = host.substr(1, host.size() - 2);
      if (host.empty() ||
          host.find_first_not_of("0123456789abcdefABCDEF:.") != std::string_view::npos)
        throw wrong("the registry's address is no IPv6 address");
      return;
    }
    bool at_edge = true;
    for (const char c : host) {
      const bool plain = is_lower_or_digit(c) || is_upper(c);
      if (!plain && (at_edge || (c != '.' && c != '-')))
        throw wrong("the registry's name is no host name");
      at_edge = c == '.';
    }
    if (at_edge || host.back() == '-') throw wrong("the registry's name is no host name");
  }

  void check_path(std::string_view path) const {
    for (;;) {
      const std::size_t slash = path.find('/');
      check_component(path.substr(0, slash));
      if (slash == std::string_view::npos) return;
      path.remove_prefix(slash + 1);
    }
  }

  /// Runs of lower-case letters and digits with one of ".", "_", "__" or any number of "-" between.
  void check_component(std::string_view component) const {
    if (component.empty()) throw wrong("a part of the name is empty");
    if (std::any_of(component.begin(), component.end(), is_upper))
      throw wrong("the name has upper-case letters");
    for (const char c : component)
      if (!is_lower_or_digit(c) && c != '.' && c != '_' && c != '-')
        throw wrong("a name is made of lower-case letters, digits, '.', '_', '-' and '/'");
    if (!is_lower_or_digit(component.front()) || !is_lower_or_digit(component.back()))
      throw wrong("a part of the name begins or ends with a separator");
    for (std::size_t i = 0; i < component.size();) {
      std::size_t end = i;
      while (!is_lower_or_digit(component[end])) ++end;
      const std::string_view separator = component.substr(i, end - i);
      if (separator.size() > 1 && separator != "__" &&
          separator.find_first_not_of('-') != std::string_view::npos)
        throw wrong(fmt::format("'{}' cannot stand inside a name", separator));
      i = end + 1;
    }
  }

  std::string_view text_;
};

}  // namespace

Reference Reference::parse(std::string_view text) {
  return Parser(text).parse();
}

SourceReference SourceReference::parse(std::string_view text) {
  const auto at = text.find('@');
  SourceReference source;
  source.name = Reference::parse(text.substr(0, at));
  if (at == std::string_view::npos) return source;
  constexpr std::string_view algorithm = "sha256:";
  const std::string_view digest = text.substr(at + 1);
  const std::string_view hex = digest.substr(std::min(algorithm.size(), digest.size()));
  if (!digest.starts_with(algorithm) || !digest_from_hex<32>(hex) ||
      std::any_of(hex.begin(), hex.end(), is_upper))
    throw Error(ErrorKind::usage,
                fmt::format("'{}' is no image reference: what follows the '@' is no digest", text))
        .detail("expected", "sha256: and 64 lower-case hexadecimal digits");
  source.digest = digest;
  return source;
}

std::string Reference::full() const {
  return fmt::format("{}/{}:{}", domain, path, tag);
}

std::string Reference::familiar() const {
  if (domain != hub) return full();
  std::string_view shown = path;
  if (shown.starts_with(hub_library)) {
    const std::string_view rest = shown.substr(hub_library.size());
    if (rest.find('/') == std::string_view::npos) shown = rest;
  }
  return fmt::format("{}:{}", shown, tag);
}

}  // namespace tarn::builder
