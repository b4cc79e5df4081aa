#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
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
/// with the same identity are one. Dependencies get numbers only for the packages that are asked
/// for: most of an index is never looked at.
class Universe {
 public:
  /// `installed` are the packages of a root's database; they come before those of repositories.
  /// Throws Error (usage) for more repositories than kMostRepositories. The indexes must outlive
  /// it.
  Universe(const std::vector<std::string>& architectures,
           const std::vector<SolverRepository>& repositories,
           const BinaryIndex* installed = nullptr);

  std::size_t package_count() const { return packages_.size(); }
  std::size_t name_count() const { return names_.size(); }

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
  NameId name_of(PackageId id) const { return offers_[packages_[id].first_offer].name; }
  /// The package's own name, then what it provides, in its order.
  std::span<const Offer> offers(PackageId id) const;
  bool is_installed(PackageId id) const { return packages_[id].installed; }
  /// None for a package that is only installed.
  Mask repositories(PackageId id) const { return packages_[id].repositories; }
  /// Tags of the repositories that have the package.
  Mask tags(PackageId id) const;
  /// Whether its architecture is wanted and nothing in it is broken.
  bool is_installable(PackageId id) const;

  std::string_view text(NameId name) const { return names_.text(name); }
  std::optional<NameId> find(std::string_view name) const { return names_.find(name); }
  /// In the order of packages. Empty for a name that nothing has.
  std::span<const Provider> providers(NameId name) const;
  /// Names that packages with `name` in their install_if have or provide, in apk's order of names.
  std::span<const NameId> triggered_by(NameId name) const;

  NameId add_name(std::string_view name) { return names_.add(name); }
  /// The dependency as it is written.
  Dependency dependency(const Need& need) const;
  /// Numbers the package's dependencies and conditions, if that was not done yet.
  void resolve(PackageId id);
  /// Both need resolve() first.
  std::span<const Need> depends(PackageId id) const;
  std::span<const Need> install_if(PackageId id) const;

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
  /// An index, and what is known of it as a whole.
  struct Source {
    const BinaryIndex* index = nullptr;
    std::vector<NameId> names;  ///< by the index's own number; kNoName: not asked for yet
  };

  struct Entry {
    std::uint32_t source = 0;
    std::uint32_t record = 0;  ///< its number in the source
    std::uint32_t first_offer = 0;
    std::uint32_t first_need = 0;
    Mask repositories = 0;
    bool installed = false;
    bool resolved = false;
  };

  static constexpr NameId kNoName = UINT32_MAX;

  using Repositories = std::vector<SolverRepository>;

  const IndexPackage& record(PackageId id) const {
    return sources_[packages_[id].source].index->record(packages_[id].record);
  }
  std::string_view text(PackageId id, TextRange range) const {
    return sources_[packages_[id].source].index->text(range);
  }
  NameId number(Source& source, std::uint32_t name);
  Need number(Source& source, const IndexNeed& need);

  void add_tags(const Repositories& repositories);
  void add_packages(const Repositories& repositories, const BinaryIndex* installed);
  void add_source(const BinaryIndex& index, const Entry& like, class KnownPackages& known);
  void link_providers();
  void link_triggers();

  std::vector<std::string> architectures_;
  std::vector<Source> sources_;
  NameTable names_;
  std::vector<Entry> packages_;
  std::vector<Offer> offers_;
  std::vector<Need> needs_;                    ///< of resolved packages: depends, then install_if
  std::vector<std::uint32_t> first_provider_;  ///< by name; one more at the end
  std::vector<Provider> providers_;
  std::vector<std::uint32_t> first_triggered_;  ///< by name; one more at the end
  std::vector<NameId> triggered_;
  std::vector<std::string> tags_;  ///< by tag number
  std::vector<unsigned> tag_of_repository_;
};

/// As solve(), for one of several worlds over the same repositories.
std::variant<Plan, std::vector<Problem>> solve_in(Universe& universe,
                                                  const std::vector<Dependency>& world);

/// The same for a request with the universe's repositories and installed packages. One without any
/// repositories may use all of the universe's.
std::variant<Plan, std::vector<Problem>> solve_in(Universe& universe, const Request& request);

}  // namespace tarn::apk
