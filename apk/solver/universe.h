#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "apk/index/binary_index.h"
#include "apk/index/name_table.h"
#include "apk/model/dependency.h"
#include "apk/model/package.h"
#include "apk/solver/solver.h"

namespace tarn::apk {

/// A package version the solver may choose, as a number: in the order of repositories and, within
/// one, of the index.
using PackageId = std::uint32_t;
constexpr PackageId kNoPackage = UINT32_MAX;

/// A set of repositories or of tags: bit N is number N. Tag 0 is "untagged".
using Mask = std::uint64_t;
constexpr Mask kUntagged = 1;
constexpr std::size_t kMostRepositories = 63;

/// One package that has or provides a name, with its version of that name.
struct Provider {
  PackageId package = kNoPackage;
  std::string_view version;  ///< empty: provided without version ("virtual")

  bool is_virtual() const { return version.empty(); }
};

/// A dependency whose name has its number.
struct Need {
  NameId name = 0;
  VersionMatch match = VersionMatch::any;
  bool conflict = false;
  std::string_view version;

  /// As Dependency::is_satisfied_by().
  bool is_satisfied_by(std::string_view provided, const Identity& identity) const {
    return accepts(match, version, provided, identity) != conflict;
  }
};

/// A name that a package has or provides.
struct Offer {
  NameId name = 0;
  std::string_view version;
};

/// All packages and names of the repositories, by number, with the links between them. Packages
/// with the same identity are one.
///
/// Most of an index is never looked at. So a name gets its number when it is asked for or a package
/// that was asked for has, provides or needs it, and a package's lists are made when they are asked
/// for. Therefore a const one, too, may be used by one thread at a time, and name_count() grows.
class Universe {
 public:
  /// `installed` are the packages of a root's database; they come before those of repositories.
  /// Throws Error (usage) for more repositories than kMostRepositories. The indexes must outlive
  /// it.
  Universe(const std::vector<std::string>& architectures,
           const std::vector<SolverRepository>& repositories,
           const BinaryIndex* installed = nullptr);
  Universe(const Universe&) = delete;
  Universe& operator=(const Universe&) = delete;

  /// Numbers below it may be of packages that are another one's equals: providers() has none of
  /// these.
  std::size_t package_count() const { return packages_.size(); }
  std::size_t name_count() const { return names_.size(); }
  /// name_count() stays below it but for names that no package knows.
  std::size_t name_limit() const;

  /// All that the index says of a package: read anew from its text.
  Package package(PackageId id) const;
  const Identity& identity(PackageId id) const { return record(id).identity; }
  std::string_view version(PackageId id) const { return text(id, record(id).version); }
  std::string_view architecture(PackageId id) const { return text(id, record(id).arch); }
  std::uint32_t provider_priority(PackageId id) const { return record(id).provider_priority; }
  /// Whether its index has it with a broken dependency or a field that only later programs know.
  bool is_broken(PackageId id) const { return record(id).uninstallable != 0; }
  /// Why it is broken: "its dependency 'x=' is broken".
  std::vector<std::string> faults(PackageId id) const;
  /// "name-version".
  std::string label(PackageId id) const;
  /// The package's own name.
  NameId name_of(PackageId id) const { return resolved(id).name; }
  /// The package's own name, then what it provides, in its order.
  std::span<const Offer> offers(PackageId id) const;
  std::span<const Need> depends(PackageId id) const;
  std::span<const Need> install_if(PackageId id) const;
  bool is_installed(PackageId id) const { return linked(id).installed; }
  /// None for a package that is only installed.
  Mask repositories(PackageId id) const { return linked(id).repositories; }
  /// Tags of the repositories that have the package.
  Mask tags(PackageId id) const;
  /// Whether its architecture is wanted and nothing in it is broken.
  bool is_installable(PackageId id) const { return resolved(id).installable; }
  /// Whether its installed size is 0: it is nothing but a list of others.
  bool is_empty(PackageId id) const { return record(id).empty != 0; }

  std::string_view text(NameId name) const { return names_.text(name); }
  /// The number of a name that packages have, provide or need.
  std::optional<NameId> find(std::string_view name) const;
  /// In the order of packages. Empty for a name that nothing has.
  std::span<const Provider> providers(NameId name) const {
    return {entries_[name].providers, entries_[name].provider_count};
  }
  /// Names that packages with `name` in their install_if have or provide, in apk's order of names.
  std::span<const NameId> triggered_by(NameId name) const;

  /// The number of a name, which no package needs to know.
  NameId add_name(std::string_view name);
  /// Numbers all names that packages have or provide.
  void number_all() const;
  /// The dependency as it is written.
  Dependency dependency(const Need& need) const;

  /// The number of a repository's tag; nothing where no repository has it.
  std::optional<unsigned> tag_number(std::string_view tag) const;
  const std::string& tag_text(unsigned number) const { return tags_[number]; }
  const std::string& tag_of(std::size_t repository) const {
    return tags_[tag_of_repository_[repository]];
  }
  /// The lowest-numbered of the package's repositories whose tag is in `tags`; where none is, the
  /// lowest of all.
  std::size_t repository(PackageId id, Mask tags) const;

 private:
  struct Source {
    const BinaryIndex* index = nullptr;
    PackageId first_package = 0;
    Mask repository = 0;          ///< none: the installed packages
    std::vector<NameId> names{};  ///< by the index's own number; kNoName: not asked for yet
  };

  // A search comes to thousands of these in no order: they are kept small.
  struct PackageEntry {
    const Offer* offers = nullptr;
    const Need* needs = nullptr;  ///< dependencies, then conditions
    Mask repositories = 0;
    std::uint32_t source = 0;
    PackageId canonical = kNoPackage;  ///< the first of its equals; known once it is linked
    NameId name = 0;                   ///< this and the following: known once it is resolved
    std::uint32_t offer_count = 0;
    std::uint32_t depend_count = 0;
    std::uint32_t condition_count = 0;
    bool installed = false;
    bool installable = false;
    bool resolved = false;
  };

  struct NameEntry {
    const std::uint32_t* places = nullptr;  ///< by source: its number of the name, or kNoName
    const Provider* providers = nullptr;
    const NameId* triggered = nullptr;
    std::uint32_t provider_count = 0;
    std::uint32_t triggered_count = kUnknown;
  };

  static constexpr std::uint32_t kUnknown = UINT32_MAX;
  static constexpr NameId kNoName = UINT32_MAX;
  static constexpr std::uint32_t kNoSource = UINT32_MAX;

  void add_source(const BinaryIndex& index, Mask repository);

  const Source& source(PackageId id) const { return sources_[packages_[id].source]; }
  std::size_t place(PackageId id) const { return id - source(id).first_package; }
  const IndexPackage& record(PackageId id) const { return source(id).index->record(place(id)); }
  std::string_view text(PackageId id, TextRange range) const {
    return source(id).index->text(range);
  }

  const PackageEntry& linked(PackageId id) const {
    return packages_[id].canonical != kNoPackage ? packages_[id] : link(id);
  }
  const PackageEntry& resolved(PackageId id) const {
    return packages_[id].resolved ? packages_[id] : resolve(id);
  }
  const PackageEntry& link(PackageId id) const;
  const PackageEntry& resolve(PackageId id) const;
  /// `source` knows the name as its `local`, where one is given.
  NameId number(std::string_view name, std::uint32_t hash, std::uint32_t source,
                std::uint32_t local) const;
  NameId number(std::uint32_t source, std::uint32_t name) const;
  Need number(std::uint32_t source, const IndexNeed& need) const;
  std::span<const Provider> find_providers(const std::uint32_t* places) const;
  std::span<const NameId> find_triggered(NameId name) const;
  std::pair<std::size_t, std::size_t> first_seen(NameId name) const;
  template <typename Value>
  std::span<Value> make(std::size_t count) const;

  std::vector<std::string> architectures_;
  std::vector<std::string> tags_;  ///< by tag number
  std::vector<unsigned> tag_of_repository_;

  // What was asked for so far. Lists lie in the memory and do not move.
  mutable std::pmr::monotonic_buffer_resource memory_;
  mutable std::vector<Source> sources_;
  mutable std::vector<PackageEntry> packages_;
  mutable NameTable names_;
  mutable std::vector<NameEntry> entries_;  ///< by name
};

/// As solve(), for one of several worlds over the same repositories.
std::variant<Plan, std::vector<Problem>> solve_in(Universe& universe,
                                                  const std::vector<Dependency>& world);

/// The same for a request with the universe's repositories and installed packages. One without any
/// repositories may use all of the universe's.
std::variant<Plan, std::vector<Problem>> solve_in(Universe& universe, const Request& request);

}  // namespace tarn::apk
