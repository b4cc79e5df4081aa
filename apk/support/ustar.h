#pragma once

#include <cstddef>

namespace tarn::ustar {

/// Where a field of a ustar header block lies (POSIX.1-2001, pax, "ustar Interchange Format").
struct Field {
  std::size_t offset;
  std::size_t size;
};
inline constexpr Field name_field{0, 100};
inline constexpr Field mode_field{100, 8};
inline constexpr Field uid_field{108, 8};
inline constexpr Field gid_field{116, 8};
inline constexpr Field size_field{124, 12};
inline constexpr Field mtime_field{136, 12};
inline constexpr Field checksum_field{148, 8};
inline constexpr std::size_t type_offset = 156;
inline constexpr Field link_field{157, 100};
inline constexpr Field magic_field{257, 6};
inline constexpr Field magic_and_version_field{257, 8};
inline constexpr Field user_field{265, 32};
inline constexpr Field group_field{297, 32};
inline constexpr Field major_field{329, 8};
inline constexpr Field minor_field{337, 8};
inline constexpr Field prefix_field{345, 155};

}  // namespace tarn::ustar
