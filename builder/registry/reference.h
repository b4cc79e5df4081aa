#pragma once

#include <string>
#include <string_view>

namespace tarn::builder {

/// The name of an image with its tag, completed as container tools complete it: without a registry
/// it is Docker Hub's, without a tag it is "latest".
struct Reference {
  std::string domain;  ///< "docker.io", "registry.example.org:5000"
  std::string path;    ///< "library/base"
  std::string tag;     ///< "latest"

  /// Throws Error (usage), which says what is wrong with it, for what is no reference: upper case
  /// letters in the name, an empty part, a character that no part may have, a digest.
  static Reference parse(std::string_view text);

  /// "docker.io/library/base:latest".
  std::string full() const;
  /// As people write and docker shows it: "base:latest".
  std::string familiar() const;

  bool operator==(const Reference&) const = default;
};

/// The name of an image to be read: [REGISTRY/]NAME[:TAG][@sha256:…]. A digest counts before a tag.
struct SourceReference {
  Reference name;
  std::string digest;  ///< "sha256:…"; may be empty

  /// Throws Error (usage) as Reference::parse, and for a digest that is none.
  static SourceReference parse(std::string_view text);
  /// What the registry is asked for: the digest, else the tag.
  const std::string& manifest() const { return digest.empty() ? name.tag : digest; }

  bool operator==(const SourceReference&) const = default;
};

}  // namespace tarn::builder
