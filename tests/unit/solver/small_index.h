#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apk/index/binary_index.h"
#include "apk/index/index.h"
#include "apk/support/hash.h"

namespace tarn::test {

/// An index with a line for each package: "NAME VERSION [LETTER:VALUE…] DEPENDENCY…", where LETTER
/// is a field of APKINDEX and '_' in T: stands for a blank. The same line gives the same identity
/// in the same `repository` only.
inline apk::BinaryIndex small_index(const std::vector<std::string_view>& lines,
                                    std::string_view repository = {}) {
  std::string text;
  for (const std::string_view line : lines) {
    const auto words = apk::split_words(line);
    std::string depends;
    std::string fields =
        "C:" + apk::Identity{sha1(std::string(repository) + std::string(line))}.str() +
        "\nP:" + std::string(words.at(0)) + "\nV:" + std::string(words.at(1)) + "\n";
    bool has_architecture = false;
    bool has_size = false;
    for (std::size_t i = 2; i < words.size(); ++i) {
      std::string word(words[i]);
      const bool is_field = word.size() > 2 && word[1] == ':';
      if (is_field && word[0] == 'T')
        for (char& c : word) c = c == '_' ? ' ' : c;
      has_architecture = has_architecture || (is_field && word[0] == 'A');
      has_size = has_size || (is_field && word[0] == 'I');
      if (is_field)
        fields += word + "\n";
      else
        depends += depends.empty() ? word : " " + word;
    }
    if (!has_architecture) fields += "A:x86_64\n";
    if (!has_size) fields += "I:1\n";
    if (!depends.empty()) fields += "D:" + depends + "\n";
    text += fields + "\n";
  }
  return apk::BinaryIndex::from_packages(apk::parse_index_text(text).packages);
}

inline std::vector<apk::Dependency> dependencies(std::string_view words) {
  std::vector<apk::Dependency> parsed;
  for (const auto word : apk::split_words(words))
    parsed.push_back(apk::Dependency::parse(word).value());
  return parsed;
}

}  // namespace tarn::test
