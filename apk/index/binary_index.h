#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "apk/index/shared_text.h"
#include "apk/model/identity.h"
#include "apk/model/package.h"
#include "apk/support/bytes.h"
#include "apk/support/file.h"

namespace tarn::apk {

struct BinaryIndexTables;

/// Records of a binary index. All are plain values in the machine's byte order, laid out as they
/// are in the file; numbers refer to other records of the same index.

/// A run of octets of the index's names and versions, or of its text.
struct TextRange {
  std::uint32_t offset = 0;
  std::uint32_t size = 0;
};

/// A name that packages have, provide or need. Names stand in the order in which packages have or
/// provide them first; those that are only needed come after all of them.
struct IndexName {
  std::uint32_t first_provider = 0;   ///< up to that of the next name
  std::uint32_t first_triggered = 0;  ///< up to that of the next name
  std::uint32_t is_own = 0;           ///< some package is called so
};

/// How a name is written.
struct IndexSpelling {
  TextRange text;
  std::uint32_t hash = 0;  ///< name_hash() of it
};

/// A package that has or provides a name, and its version of it.
struct IndexProvider {
  std::uint32_t package = 0;
  TextRange version;  ///< empty: without version
};

/// A name that a package has (its first offer) or provides.
struct IndexOffer {
  std::uint32_t name = 0;
  TextRange version;  ///< empty: without version
};

/// A dependency, or a condition of an install_if.
struct IndexNeed {
  std::uint32_t name = 0;
  TextRange version;
  std::uint8_t match = 0;  ///< a VersionMatch
  std::uint8_t conflict = 0;
  std::uint16_t unused = 0;
};

/// What a solver asks of a package.
struct IndexPackage {
  std::uint32_t first_offer = 0;      ///< up to that of the next package
  std::uint32_t first_need = 0;       ///< its dependencies …
  std::uint32_t first_condition = 0;  ///< … its install_if, up to the next package's first need
  std::uint32_t first_equal = 0;      ///< the first package of this index with its identity
  /// Bit n of these 64: source n has it, or an equal of it.
  std::array<std::uint32_t, 2> sources{};
  std::uint32_t provider_priority = 0;
  std::uint16_t uninstallable = 0;
  std::uint16_t empty = 0;  ///< its installed size is 0
  TextRange version;
  TextRange arch;
};

/// What a package is, and where all that is known of it is written.
struct IndexLines {
  Identity identity;
  TextRange block;        ///< its lines in the text …
  std::uint32_t crc = 0;  ///< … and their CRC-32
};

/// A place in the hash table of names: free where `number` is 0.
struct IndexSlot {
  std::uint32_t number = 0;  ///< of a name, + 1
  std::uint32_t hash = 0;    ///< so that most others are told apart here
};

/// The packages of one architecture, of one repository or of several, in a form that needs no
/// reading: tables of what the solver looks at, names and versions, and the text of APKINDEX for
/// everything else. As a file it is mapped and used in place, so a solver touches only what it asks
/// for.
///
/// The file: a header (magic, version, byte order, CRC-32 of what lies between header and text,
/// counts), packages, their lines' places, names, spellings, offers, needs, providers by name,
/// triggered names by name, the hash table of names, names and versions, warnings, text. It is a
/// cache's: another version or byte order is refused, and made anew.
class BinaryIndex {
 public:
  BinaryIndex() = default;
  /// From the text of APKINDEX, as parse_index_text() reads it; throws what that throws. `name`, if
  /// any, stands before each warning.
  static BinaryIndex from_text(std::string text, std::string_view name = {});
  static BinaryIndex from_packages(const std::vector<Package>& packages);
  /// All packages of several, which stay in their order; names and equal packages are one. Their
  /// sources follow each other, too. Throws Error: usage for more than kMostSources in all, failed
  /// for more than can be numbered.
  static BinaryIndex join(const std::vector<const BinaryIndex*>& parts);
  /// As above, of texts that were only read: what follows from all of them is found once.
  class Part;
  static BinaryIndex join_parts(const std::vector<Part>& parts);
  static constexpr std::size_t kMostSources = 64;
  /// Throws Error (failed) unless the file is whole, of this version, and sound: no number in it
  /// leads out of its table.
  static BinaryIndex open(const MappedFile& file);
  /// As open(); the octets, which must outlive the index, begin on a multiple of 4. `check` says
  /// whether their CRC-32 counts.
  enum class Checksum { verified, ignored };
  static BinaryIndex view(ByteView file, Checksum check);

  /// The file, in pieces that follow each other. They last as long as the index.
  struct File {
    Bytes header;
    std::vector<ByteView> sections;
  };
  File file() const;

  std::size_t package_count() const { return packages_.size(); }
  /// Of how many repositories it is.
  std::size_t source_count() const { return source_count_; }
  const IndexPackage& record(std::size_t i) const { return packages_[i]; }
  const Identity& identity(std::size_t i) const { return lines_[i].identity; }
  /// Bit n: source n has the package.
  std::uint64_t sources(std::size_t i) const {
    return packages_[i].sources[0] | std::uint64_t{packages_[i].sources[1]} << 32U;
  }
  std::span<const IndexOffer> offers(std::size_t i) const;
  std::span<const IndexNeed> depends(std::size_t i) const;
  std::span<const IndexNeed> install_if(std::size_t i) const;

  std::size_t name_count() const { return names_.size(); }
  std::string_view name_text(std::size_t name) const { return text(spellings_[name].text); }
  std::uint32_t name_hash(std::size_t name) const { return spellings_[name].hash; }
  /// Whether a package is called so.
  bool is_own_name(std::size_t name) const { return names_[name].is_own != 0; }
  /// The number of a name with this name_hash().
  std::optional<std::uint32_t> find(std::string_view name, std::uint32_t hash) const;
  /// In the order of packages, one for each offer. Of packages with one identity only the first is
  /// among them.
  std::span<const IndexProvider> providers(std::size_t name) const;
  /// Names that packages with `name` in their install_if have or provide, in the order in which apk
  /// comes to them: by bucket of its table of names, in a bucket the last first.
  std::span<const std::uint32_t> triggered(std::size_t name) const;

  /// Names, versions and architectures, one after the other.
  std::string_view words() const { return words_; }
  /// A name, version or architecture.
  std::string_view text(TextRange range) const { return words_.substr(range.offset, range.size); }
  /// The number of the package's own name.
  std::uint32_t own_name(std::size_t i) const { return offers_[packages_[i].first_offer].name; }
  std::string_view name(std::size_t i) const { return name_text(own_name(i)); }
  std::string_view version(std::size_t i) const { return text(packages_[i].version); }
  /// All that the index says of a package: its lines are read anew. Throws Error (failed) when the
  /// file was damaged there.
  Package package(std::size_t i) const;
  /// What is wrong with a package, as its lines tell: "its dependency 'x=' is broken".
  std::vector<std::string> faults(std::size_t i) const;
  /// A line each: fields skipped, packages made uninstallable.
  std::vector<std::string> warnings() const;

 private:
  friend struct BinaryIndexTables;
  friend class BinaryIndexJoin;

  std::string_view block(std::size_t i) const;
  std::size_t text_size() const;

  void check_packages() const;
  void check_names() const;
  bool is_word(const TextRange& range) const {
    return range.offset <= words_.size() && range.size <= words_.size() - range.offset;
  }

  std::shared_ptr<const void> owner_;  ///< of what the spans show
  std::size_t source_count_ = 1;
  std::span<const IndexPackage> packages_;
  std::span<const IndexLines> lines_;
  std::span<const IndexName> names_;
  std::span<const IndexSpelling> spellings_;
  std::span<const IndexOffer> offers_;
  std::span<const IndexNeed> needs_;
  std::span<const IndexProvider> providers_;
  std::span<const std::uint32_t> triggered_;
  std::span<const IndexSlot> name_slots_;  ///< a power of two in length
  std::string_view words_;
  std::string_view warnings_;
  std::vector<SharedText> texts_;  ///< lines of packages, counted through
};

/// The text of one repository's index, or a run of its packages, read: good for join_parts() alone.
class BinaryIndex::Part {
 public:
  /// As BinaryIndex::from_text(). `before`, if any, is what the same index has before these
  /// packages; the part before ends there.
  static Part from_text(SharedText text, std::string_view name, std::string_view before = {});
  static Part from_text(std::string text, std::string_view name = {}) {
    return from_text(SharedText::own(std::move(text)), name);
  }

 private:
  friend class BinaryIndex;

  std::shared_ptr<BinaryIndexTables> tables_;
  bool continues_ = false;
};

}  // namespace tarn::apk
