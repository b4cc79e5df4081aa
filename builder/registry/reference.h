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

}  // namespace tarn::builder
