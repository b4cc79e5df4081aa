// A binary index from the text of APKINDEX.

#include <limits>
#include <utility>

#include <fmt/core.h>

#include "apk/index/binary_index_tables.h"
#include "apk/index/name_table.h"
#include "apk/index/package_text.h"
#include "apk/support/error.h"
#include "apk/support/hash.h"

namespace tarn::apk {
namespace {

class BinaryIndexBuilder {
 public:
  explicit BinaryIndexBuilder(SharedText text)
      : tables_(std::make_shared<BinaryIndexTables>()), text_(text.lines) {
    if (text_.size() > std::numeric_limits<std::uint32_t>::max())
      throw Error(ErrorKind::failed,
                  fmt::format("an index of {} octets is too large", text_.size()));
    tables_->texts.push_back(std::move(text));
    // Real indexes have about 550 octets, 4 offers and 4 needs a package.
    const std::size_t expected = text_.size() / 512;
    tables_->packages.reserve(expected);
    tables_->lines.reserve(expected);
    tables_->offers.reserve(expected * 4);
    tables_->needs.reserve(expected * 5);
    tables_->words.reserve(text_.size() / 4);
    names_.reserve(expected * 4);
  }

  /// `name` stands before each warning.
  std::shared_ptr<BinaryIndexTables> build(std::string_view name, std::string_view before = {}) {
    PackageTextReader reader(text_, before);
    while (const PackageText* package = reader.next()) add(*package);
    number_needs();
    for (const std::string& warning : reader.warnings()) {
      if (!name.empty()) tables_->warnings.append(name).append(": ");
      tables_->warnings.append(warning).push_back('\n');
    }
    tables_->spellings.reserve(names_.size());
    for (NameId id = 0; id < names_.size(); ++id)
      tables_->spellings.push_back({keep(names_.text(id)), names_.hash(id)});
    return std::move(tables_);
  }

 private:
  /// Adds a word to those of the index.
  TextRange keep(std::string_view word) {
    const auto offset = static_cast<std::uint32_t>(tables_->words.size());
    tables_->words += word;
    return {offset, static_cast<std::uint32_t>(word.size())};
  }

  /// Packages of one index have one architecture, or two.
  TextRange keep_arch(std::string_view arch) {
    if (arch != last_arch_) {
      last_arch_ = arch;
      last_arch_range_ = keep(arch);
    }
    return last_arch_range_;
  }

  void add(const PackageText& package) {
    tables_->lines.push_back({package.identity,
                              {static_cast<std::uint32_t>(package.block.data() - text_.data()),
                               static_cast<std::uint32_t>(package.block.size())},
                              crc32(as_bytes(package.block))});
    IndexPackage record;
    record.sources = {1, 0};
    record.version = keep(package.version);
    record.arch = keep_arch(package.arch);
    record.provider_priority = package.provider_priority;
    record.uninstallable = package.uninstallable ? 1 : 0;
    record.empty = package.installed_size == 0 ? 1 : 0;
    record.first_offer = count(tables_->offers);
    tables_->offers.push_back({names_.add(package.name), record.version});
    for (const ProvideView& provide : package.provides)
      tables_->offers.push_back({names_.add(provide.name), keep(provide.version)});
    record.first_need = count(tables_->needs);
    for (const DependencyView& need : package.depends) add_need(need);
    record.first_condition = count(tables_->needs);
    for (const DependencyView& need : package.install_if) add_need(need);
    tables_->packages.push_back(record);
  }

  void add_need(const DependencyView& need) {
    tables_->needs.push_back({0, keep(need.version), static_cast<std::uint8_t>(need.match),
                              static_cast<std::uint8_t>(need.conflict ? 1 : 0), 0});
    needed_.push_back(need.name);
  }

  /// Last, so that names which packages have or provide come first.
  void number_needs() {
    for (std::size_t i = 0; i < needed_.size(); ++i)
      tables_->needs[i].name = names_.add(needed_[i]);
  }

  template <typename Record>
  static std::uint32_t count(const std::vector<Record>& records) {
    // Each record stands for at least one octet of the text, which has its bound.
    return static_cast<std::uint32_t>(records.size());
  }

  std::shared_ptr<BinaryIndexTables> tables_;
  std::string_view text_;
  NameTable names_;
  std::vector<std::string_view> needed_;  ///< names of the needs, in their order
  std::string_view last_arch_;
  TextRange last_arch_range_;
};

}  // namespace

BinaryIndex::Part BinaryIndex::Part::from_text(SharedText text, std::string_view name,
                                               std::string_view before) {
  Part part;
  part.tables_ = BinaryIndexBuilder(std::move(text)).build(name, before);
  part.continues_ = !before.empty();
  return part;
}

BinaryIndex BinaryIndex::from_text(std::string text, std::string_view name) {
  const auto tables = BinaryIndexBuilder(SharedText::own(std::move(text))).build(name);
  tables->link();
  return BinaryIndexTables::view(tables);
}

BinaryIndex BinaryIndex::from_packages(const std::vector<Package>& packages) {
  std::string text;
  for (const Package& package : packages) append_package_text(text, package);
  const auto tables = BinaryIndexBuilder(SharedText::own(std::move(text))).build({});
  // A broken dependency made a package uninstallable, and may not be among its dependencies.
  for (std::size_t i = 0; i < packages.size(); ++i) {
    if (packages[i].uninstallable) tables->packages[i].uninstallable = 1;
  }
  tables->link();
  return BinaryIndexTables::view(tables);
}

}  // namespace tarn::apk
