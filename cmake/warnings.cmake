add_library(tarn-warnings INTERFACE)
target_compile_options(tarn-warnings INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC 12 sees overlaps in std::string's own operator+ that are not there (its PR 105651).
  target_compile_options(tarn-warnings INTERFACE -Wno-restrict)
endif()
if(TARN_UNITE AND CMAKE_CXX_COMPILER_ID MATCHES Clang)
  # To Clang a parameter named as something of another source hides that; sources compiled one by one
  # are checked for it.
  target_compile_options(tarn-warnings INTERFACE -Wno-shadow)
endif()
if(TARN_WERROR)
  target_compile_options(tarn-warnings INTERFACE -Werror)
endif()
if(TARN_SANITIZE)
  add_compile_options(-fsanitize=${TARN_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${TARN_SANITIZE})
endif()
# No path of the building machine in the program.
add_compile_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
