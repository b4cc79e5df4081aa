#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include <nlohmann/json.hpp>

#include "apk/support/error.h"
#include "apk/support/hash.h"

namespace tarn::builder {

/// A value in the JSON of a lock file that nobody trusts yet, with its place for messages. All
/// functions throw Error (failed) that names the place for a value of another kind.
class LockMember {
 public:
  using Json = nlohmann::ordered_json;

  /// Both must outlive it.
  LockMember(const Json& json, const std::string& file, std::string path = {})
      : json_(&json), file_(&file), path_(std::move(path)) {}

  const std::string& path() const { return path_; }
  /// "FILE: PATH: WHAT".
  Error wrong(const std::string& what) const;

  bool has(const std::string& key) const;
  /// The member of an object, which must have it.
  LockMember at(const std::string& key) const;
  /// Throws for a member whose name `known` does not have.
  void check_keys(const std::function<bool(const std::string&)>& known) const;
  /// Calls `use` for each member of an object or element of an array, of at most `most`.
  void for_each(const std::function<void(const std::string&, const LockMember&)>& use,
                std::size_t most) const;
  void for_each_element(const std::function<void(const LockMember&)>& use, std::size_t most) const;

  /// A text without line ends and zero octets.
  std::string line() const;
  /// A text of any octets.
  std::string text() const;
  std::uint64_t number() const;
  /// A number below `end`.
  std::size_t number_below(std::size_t end, const std::string& of_what) const;
  /// "sha256:" and 64 hexadecimal digits.
  Sha256Digest digest() const;

 private:
  const Json* json_;
  const std::string* file_;
  std::string path_;
};

}  // namespace tarn::builder
