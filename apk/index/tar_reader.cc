#include "apk/index/tar_reader.h"

#include <algorithm>

#include <archive.h>
#include <archive_entry.h>
#include <fmt/core.h>

#include "apk/support/error.h"

namespace tarn::apk {
namespace {

Error damaged(std::uint64_t offset, const std::string& why) {
  return {ErrorKind::failed, fmt::format("tar: at byte {}: {}", offset, why)};
}

constexpr std::size_t block_size = 512;

bool is_zero(ByteView bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](auto octet) { return octet == std::byte{0}; });
}

/// The file type libarchive must see for a type flag; 0 for a hard link, which has none of its own.
unsigned expected_file_type(char type) {
  switch (type) {
    case '2':
      return AE_IFLNK;
    case '3':
      return AE_IFCHR;
    case '4':
      return AE_IFBLK;
    case '5':
      return AE_IFDIR;
    case '6':
      return AE_IFIFO;
    default:
      return AE_IFREG;
  }
}

bool same_type(archive_entry* seen, char type) {
  const bool is_hard_link = archive_entry_hardlink(seen) != nullptr;
  if (type == '1' || is_hard_link) return type == '1' && is_hard_link;
  return archive_entry_filetype(seen) == expected_file_type(type);
}

/// Whether libarchive finds the content where the headers say it is.
bool same_content(archive* reader, ByteView tar, const TarEntry& entry) {
  if (entry.size == 0) return true;
  const void* block = nullptr;
  std::size_t size = 0;
  la_int64_t offset = 0;
  const int status = archive_read_data_block(reader, &block, &size, &offset);
  return status == ARCHIVE_OK && block == tar.data() + entry.content && size == entry.size &&
         offset == 0;
}

}  // namespace

void TarReader::Free::operator()(archive* reader) const {
  archive_read_free(reader);
}

TarReader::TarReader(ByteView tar) : tar_(tar) {}

std::optional<TarEntry> TarReader::next() {
  // Our own look at the headers comes first: libarchive sees only what passed it.
  std::optional<TarEntry> entry;
  if (!at_end_mark()) entry = read_tar_entry(tar_, expected_);
  check_against_libarchive(entry);
  if (entry)
    expected_ = entry->end;
  else
    check_end();
  return entry;
}

bool TarReader::at_end_mark() const {
  const auto rest = tar_.subspan(expected_);
  return rest.empty() || is_zero(rest.first(std::min(rest.size(), block_size)));
}

void TarReader::check_against_libarchive(const std::optional<TarEntry>& entry) {
  if (tar_.empty()) return;
  if (!reader_) open();
  archive_entry* seen = nullptr;
  const int status = archive_read_next_header(reader_.get(), &seen);
  if (status == ARCHIVE_EOF && !entry) return;
  // A warning is about names in another character set or records that do not count here.
  if (status != ARCHIVE_OK && status != ARCHIVE_WARN) {
    const char* why = archive_error_string(reader_.get());
    throw damaged(expected_, why != nullptr ? why : "damaged archive");
  }
  const bool agreed =
      entry && archive_read_header_position(reader_.get()) == static_cast<la_int64_t>(expected_) &&
      same_type(seen, entry->type) &&
      archive_entry_size(seen) == static_cast<la_int64_t>(entry->size) &&
      same_content(reader_.get(), tar_, *entry);
  if (!agreed) throw damaged(expected_, "the headers of this entry contradict each other");
}

void TarReader::open() {
  reader_.reset(archive_read_new());
  if (!reader_ || archive_read_support_format_tar(reader_.get()) != ARCHIVE_OK)
    throw Error(ErrorKind::failed, "tar: cannot start: out of memory");
  if (archive_read_open_memory(reader_.get(), tar_.data(), tar_.size()) != ARCHIVE_OK)
    throw damaged(0, "this is no tar archive");
}

void TarReader::check_end() {
  const auto rest = tar_.subspan(expected_);
  if (rest.size() % block_size != 0 || !is_zero(rest))
    throw damaged(expected_, "something follows the end of the archive");
  trailing_blocks_ = rest.size() / block_size;
}

}  // namespace tarn::apk
