#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tarn::builder {

/// A here-document of a RUN or COPY.
struct DockerDocument {
  std::string name;
  std::string text;
};

/// One instruction of a Dockerfile, its continued lines joined and its comments gone.
struct DockerInstruction {
  std::size_t line = 0;            ///< where it begins, counted from 1
  std::string keyword;             ///< in capitals
  std::vector<std::string> flags;  ///< "--platform=linux/amd64", in front of the arguments
  std::string arguments;           ///< as written
  /// Of RUN: the arguments with the breaks of continued lines, each after a '\\', so that the n-th
  /// line is the n-th from `line`.
  std::string script;
  /// Of the exec form, ["a", "b"]: its texts.
  std::vector<std::string> words;
  bool is_exec_form = false;
  std::vector<DockerDocument> documents;

  /// How it is shown to a person: keyword, flags and arguments on one line.
  std::string str() const;
};

/// Takes a Dockerfile apart (Dockerfile reference: parser directives, comments, continued lines,
/// flags, exec form, here-documents). Throws Error (usage) "line N: …" for what is no instruction,
/// and for a file that is larger than largest_dockerfile.
std::vector<DockerInstruction> parse_dockerfile(std::string_view text);

inline constexpr std::size_t largest_dockerfile = 4U << 20U;

}  // namespace tarn::builder
