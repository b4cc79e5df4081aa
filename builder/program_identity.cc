#include "builder/program_identity.h"

#include <cstring>
#include <span>

#include <elf.h>
#include <fmt/core.h>
#include <link.h>
#include <sys/stat.h>

#include "apk/support/bytes.h"
#include "apk/support/hash.h"

namespace tarn::builder {
namespace {

std::size_t aligned(std::size_t size) {
  return (size + 3) / 4 * 4;
}

/// The build id among the notes of a segment; empty when it is not there.
std::string build_id(ByteView notes) {
  while (notes.size() >= sizeof(ElfW(Nhdr))) {
    ElfW(Nhdr) header{};
    std::memcpy(&header, notes.data(), sizeof header);
    const std::size_t name = sizeof header;
    const std::size_t content = name + aligned(header.n_namesz);
    const std::size_t size = content + aligned(header.n_descsz);
    if (size > notes.size()) return {};
    const auto owner = as_text(notes.subspan(name, header.n_namesz));
    if (header.n_type == NT_GNU_BUILD_ID && owner == std::string_view("GNU\0", 4))
      return to_hex(notes.subspan(content, header.n_descsz));
    notes = notes.subspan(size);
  }
  return {};
}

/// Looks into the first object, which is the program; ends the iteration.
int read_program(dl_phdr_info* object, std::size_t, void* result) {
  auto& id = *static_cast<std::string*>(result);
  for (const auto& segment : std::span(object->dlpi_phdr, object->dlpi_phnum))
    if (segment.p_type == PT_NOTE && id.empty())
      id = build_id({reinterpret_cast<const std::byte*>(object->dlpi_addr + segment.p_vaddr),
                     static_cast<std::size_t>(segment.p_memsz)});
  return 1;
}

}  // namespace

std::string program_identity() {
  std::string id;
  dl_iterate_phdr(read_program, &id);
  if (!id.empty()) return "build id " + id;
  struct stat status {};
  ::stat("/proc/self/exe", &status);
  return fmt::format("file of {} octets from {}.{}", status.st_size, status.st_mtim.tv_sec,
                     status.st_mtim.tv_nsec);
}

}  // namespace tarn::builder
