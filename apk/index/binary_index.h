#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "apk/model/identity.h"
#include "apk/model/package.h"
#include "apk/support/bytes.h"
#include "apk/support/file.h"

namespace tarn::apk {

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
  TextRange text;
  std::uint32_t hash = 0;             ///< name_hash() of it
  std::uint32_t first_provider = 0;   ///< up to that of the next name
  std::uint32_t first_triggered = 0;  ///< up to that of the next name
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

struct IndexPackage {
  Identity identity;
  TextRange block;              ///< its lines in the text …
  std::uint32_t block_crc = 0;  ///< … and their CRC-32
  TextRange version;
  TextRange arch;
  std::uint32_t provider_priority = 0;
  std::uint32_t first_equal = 0;  ///< the first package of this index with its identity
  std::uint16_t uninstallable = 0;
  std::uint16_t empty = 0;            ///< its installed size is 0
  std::uint32_t first_offer = 0;      ///< up to that of the next package
  std::uint32_t first_need = 0;       ///< its dependencies …
  std::uint32_t first_condition = 0;  ///< … its install_if, up to the next package's first need
};

/// A place in a hash table: free where `number` is 0.
struct IndexSlot {
  std::uint32_t number = 0;  ///< of a name or a package, + 1
  std::uint32_t hash = 0;    ///< so that most others are told apart here
};

/// The packages of one repository and architecture in a form that needs no reading: tables of what
/// the solver looks at, its names and versions, and the text of APKINDEX for everything else. As a
/// file it is mapped and used in place, so a solver touches only what it asks for.
///
/// The file: a header (magic, version, byte order, CRC-32 of what lies between header and text,
/// counts),
/// packages, names, offers, needs, providers by name, triggered packages by name, hash tables of
/// names and of identities, names and versions, warnings, text. It is a cache's: another version or
/// byte order is refused, and made anew.
class BinaryIndex {
 public:
  BinaryIndex() = default;
  /// From the text of APKINDEX, as parse_index_text() reads it; throws what that throws.
  static BinaryIndex from_text(std::string text);
  static BinaryIndex from_packages(const std::vector<Package>& packages);
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
  const IndexPackage& record(std::size_t i) const { return packages_[i]; }
  std::span<const IndexOffer> offers(std::size_t i) const;
  std::span<const IndexNeed> depends(std::size_t i) const;
  std::span<const IndexNeed> install_if(std::size_t i) const;
  std::span<const IndexName> names() const { return names_; }
  /// The number of a name with this name_hash().
  std::optional<std::uint32_t> find(std::string_view name, std::uint32_t hash) const;
  /// The first package with this identity, which is not all zeros.
  std::optional<std::uint32_t> find(const Identity& identity) const;
  /// In the order of packages, one for each offer.
  std::span<const IndexProvider> providers(std::size_t name) const;
  /// Packages with the name in their install_if, in their order.
  std::span<const std::uint32_t> triggered(std::size_t name) const;

  /// A name, version or architecture.
  std::string_view text(TextRange range) const { return words_.substr(range.offset, range.size); }
  /// The number of the package's own name.
  std::uint32_t own_name(std::size_t i) const { return offers_[packages_[i].first_offer].name; }
  std::string_view name(std::size_t i) const { return text(names_[own_name(i)].text); }
  std::string_view version(std::size_t i) const { return text(packages_[i].version); }
  /// All that the index says of a package: its lines are read anew. Throws Error (failed) when the
  /// file was damaged there.
  Package package(std::size_t i) const;
  /// What is wrong with a package, as its lines tell: "its dependency 'x=' is broken".
  std::vector<std::string> faults(std::size_t i) const;
  /// A line each: fields skipped, packages made uninstallable.
  std::vector<std::string> warnings() const;

 private:
  friend class BinaryIndexBuilder;

  /// Of a digest the first octets are as good a hash as any.
  static std::uint32_t hash_of(const Identity& identity);
  std::string_view block(std::size_t i) const;

  void check_numbers() const;
  void check_names() const;
  bool is_word(const TextRange& range) const {
    return range.offset <= words_.size() && range.size <= words_.size() - range.offset;
  }

  std::shared_ptr<const void> owner_;  ///< of what the others show
  std::span<const IndexPackage> packages_;
  std::span<const IndexName> names_;
  std::span<const IndexOffer> offers_;
  std::span<const IndexNeed> needs_;
  std::span<const IndexProvider> providers_;
  std::span<const std::uint32_t> triggered_;
  std::span<const IndexSlot> name_slots_;  ///< a power of two in length
  std::span<const IndexSlot> identity_slots_;
  std::string_view words_;
  std::string_view warnings_;
  std::string_view text_;
};

}  // namespace tarn::apk
