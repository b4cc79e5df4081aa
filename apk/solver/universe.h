#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <iterator>
#include <optional>
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

/// Records of a binary index, seen as what they mean. It lasts as long as the universe, and is
/// copied like a span.
template <typename Record, typename Value>
class RecordView {
 public:
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Value;
    using difference_type = std::ptrdiff_t;
    using pointer = void;
    using reference = Value;

    Iterator() = default;
    Iterator(const Record* record, const char* words) : record_(record), words_(words) {}
    Value operator*() const { return read(*record_, words_); }
    Iterator& operator++() {
      ++record_;
      return *this;
    }
    Iterator operator++(int) { return {record_++, words_}; }
    bool operator==(const Iterator& other) const { return record_ == other.record_; }

   private:
    const Record* record_ = nullptr;
    const char* words_ = nullptr;
  };

  RecordView() = default;
  RecordView(std::span<const Record> records, const char* words)
      : records_(records), words_(words) {}

  Iterator begin() const { return {records_.data(), words_}; }
  Iterator end() const { return {records_.data() + records_.size(), words_}; }
  std::size_t size() const { return records_.size(); }
  bool empty() const { return records_.empty(); }
  Value operator[](std::size_t i) const { return read(records_[i], words_); }
  Value front() const { return read(records_.front(), words_); }
  RecordView first(std::size_t count) const { return {records_.first(count), words_}; }
  RecordView subspan(std::size_t from) const { return {records_.subspan(from), words_}; }

 private:
  static std::string_view word(TextRange range, const char* words) {
    return {words + range.offset, range.size};
  }
  static Provider read(const IndexProvider& record, const char* words) {
    return {record.package, word(record.version, words)};
  }
  static Offer read(const IndexOffer& record, const char* words) {
    return {record.name, word(record.version, words)};
  }
  static Need read(const IndexNeed& record, const char* words) {
    return {record.name, static_cast<VersionMatch>(record.match), record.conflict != 0,
            word(record.version, words)};
  }

  std::span<const Record> records_;
  const char* words_ = nullptr;
};

using Providers = RecordView<IndexProvider, Provider>;
using Offers = RecordView<IndexOffer, Offer>;
using Needs = RecordView<IndexNeed, Need>;

/// All packages and names of the repositories, by number, with the links between them: one binary
/// index of them all, with what only their use together says (tags, architectures). Packages with
/// the same identity are one.
class Universe {
 public:
  /// A request's repositories and installed packages; these come first. Throws Error (usage) for
  /// more repositories than kMostRepositories. The indexes must outlive it.
  explicit Universe(const Request& request);
  Universe(const std::vector<std::string>& architectures,
           const std::vector<SolverRepository>& repositories)
      : Universe(
            Request{.architectures = architectures, .repositories = repositories, .world = {}}) {}
  Universe(const Universe&) = delete;
  Universe& operator=(const Universe&) = delete;

  /// Numbers below it may be of packages that are another one's equals: providers() has none of
  /// these.
  std::size_t package_count() const { return index_.package_count(); }
  std::size_t name_count() const { return index_.name_count() + more_names_.size(); }

  /// All that the index says of a package: read anew from its text.
  Package package(PackageId id) const { return index_.package(id); }
  const Identity& identity(PackageId id) const { return index_.identity(id); }
  std::string_view version(PackageId id) const { return index_.version(id); }
  std::string_view architecture(PackageId id) const { return index_.text(record(id).arch); }
  std::uint32_t provider_priority(PackageId id) const { return record(id).provider_priority; }
  /// Whether its index has it with a broken dependency or a field that only later programs know.
  bool is_broken(PackageId id) const { return record(id).uninstallable != 0; }
  /// Why it is broken: "its dependency 'x=' is broken".
  std::vector<std::string> faults(PackageId id) const { return index_.faults(id); }
  /// "name-version".
  std::string label(PackageId id) const;
  /// The package's own name.
  NameId name_of(PackageId id) const { return index_.own_name(id); }
  /// The package's own name, then what it provides, in its order.
  Offers offers(PackageId id) const { return {index_.offers(id), words_}; }
  Needs depends(PackageId id) const { return {index_.depends(id), words_}; }
  Needs install_if(PackageId id) const { return {index_.install_if(id), words_}; }
  bool is_installed(PackageId id) const { return has_installed_ && (index_.sources(id) & 1U) != 0; }
  /// None for a package that is only installed.
  Mask repositories(PackageId id) const {
    return has_installed_ ? index_.sources(id) >> 1U : index_.sources(id);
  }
  /// Tags of the repositories that have the package.
  Mask tags(PackageId id) const;
  /// Whether its architecture is wanted and nothing in it is broken.
  bool is_installable(PackageId id) const;
  /// Whether its installed size is 0: it is nothing but a list of others.
  bool is_empty(PackageId id) const { return record(id).empty != 0; }

  std::string_view text(NameId name) const {
    return is_known(name) ? index_.name_text(name) : more_names_[name - index_.name_count()];
  }
  /// The number of a name that packages have, provide or need.
  std::optional<NameId> find(std::string_view name) const;
  /// Whether a package is called so.
  bool is_own_name(NameId name) const { return is_known(name) && index_.is_own_name(name); }
  /// In the order of packages. Empty for a name that nothing has.
  Providers providers(NameId name) const {
    return is_known(name) ? Providers(index_.providers(name), words_) : Providers();
  }
  /// Names that packages with `name` in their install_if have or provide, in apk's order of names.
  std::span<const NameId> triggered_by(NameId name) const {
    return is_known(name) ? index_.triggered(name) : std::span<const NameId>();
  }

  /// The number of a name, which no package needs to know.
  NameId add_name(std::string_view name);
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
  const IndexPackage& record(PackageId id) const { return index_.record(id); }
  bool is_known(NameId name) const { return name < index_.name_count(); }

  std::vector<std::string> architectures_;
  std::vector<std::string> tags_;  ///< by tag number
  std::vector<unsigned> tag_of_repository_;
  bool has_installed_ = false;  ///< the index' first source are the installed packages
  BinaryIndex index_;
  const char* words_ = nullptr;         ///< of the index
  std::deque<std::string> more_names_;  ///< that the index does not know
};

/// As solve(), for one of several worlds over the same repositories.
std::variant<Plan, std::vector<Problem>> solve_in(Universe& universe,
                                                  const std::vector<Dependency>& world);

/// The same for a request with the universe's repositories and installed packages. One without any
/// repositories may use all of the universe's.
std::variant<Plan, std::vector<Problem>> solve_in(Universe& universe, const Request& request);

}  // namespace tarn::apk
