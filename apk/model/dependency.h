#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apk/model/identity.h"

namespace tarn::apk {

/// The operator of a dependency, as the set of comparison results it accepts (the numbers are
/// ADB's `match`).
enum class VersionMatch : std::uint8_t {
  equal = 1,
  less = 2,
  less_or_equal = 3,
  greater = 4,
  greater_or_equal = 5,
  identity = 6,  ///< `><`: the package's identity equals the given one
  any = 7,
  fuzzy = 9,
  less_or_fuzzy = 11,
  greater_or_fuzzy = 13,
};

/// Whether `match` with the version `wanted` accepts a provider: `provided` is its version of the
/// name (empty: a provide without version, which any operator accepts), `identity` its package's.
bool accepts(VersionMatch match, std::string_view wanted, std::string_view provided,
             const Identity& identity);

/// A dependency as views of the text that it was read from. Members are those of Dependency.
struct DependencyView {
  std::string_view name;
  VersionMatch match = VersionMatch::any;
  std::string_view version;
  bool conflict = false;
  std::string_view tag;
  bool broken = false;

  /// As Dependency::parse().
  static std::optional<DependencyView> parse(std::string_view text);
};

/// One dependency: `[!]name[@tag][operator version]`.
struct Dependency {
  std::string name;
  VersionMatch match = VersionMatch::any;
  std::string version;    ///< empty when match is `any`; the `Q1…` text for `identity`
  bool conflict = false;  ///< `!`: the package must not be there
  std::string tag;        ///< repository tag without '@'; only in world
  bool broken = false;    ///< the version does not follow the grammar

  /// Nothing for an empty or malformed name or an unknown operator. A version outside the grammar
  /// gives a dependency marked broken.
  static std::optional<Dependency> parse(std::string_view text);
  static Dependency from(const DependencyView& view);
  /// The form parse() takes, with the operator in its shortest spelling.
  std::string str() const;

  /// Whether a provider satisfies it, as accepts() says; a conflict inverts the result. Names are
  /// not compared.
  bool is_satisfied_by(std::string_view version, const Identity& identity) const;

  bool operator==(const Dependency&) const = default;
};

/// What a package provides, as views of the text that it was read from.
struct ProvideView {
  std::string_view name;
  std::string_view version;

  /// As Provide::parse().
  static std::optional<ProvideView> parse(std::string_view text);
};

/// What a package provides besides its own name: `name` or `name=version`.
struct Provide {
  std::string name;
  std::string version;  ///< empty: a virtual provide

  /// Nothing for an empty or malformed name, another operator than '=' or an empty version. A
  /// version outside the grammar is kept: repositories have such, and they still compare.
  static std::optional<Provide> parse(std::string_view text);
  static Provide from(const ProvideView& view) {
    return {std::string(view.name), std::string(view.version)};
  }
  std::string str() const;
  bool operator==(const Provide&) const = default;
};

/// Takes the next word off a space-, tab- or newline-separated list; empty at its end.
std::string_view take_word(std::string_view& list);
/// All words of such a list.
std::vector<std::string_view> split_words(std::string_view list);

/// Whether `name` may name a package: `[A-Za-z0-9+._-]`, the first alphanumeric (or '.', for
/// virtual packages).
bool is_valid_package_name(std::string_view name);

}  // namespace tarn::apk
