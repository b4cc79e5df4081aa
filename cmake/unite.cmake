# Most of the time of a build from nothing goes into headers and templates; sources that are compiled
# as one read them once. Without TARN_UNITE each source is compiled by itself, so that each stays
# self-contained.

option(TARN_UNITE "Compile the sources of a folder as one: much faster from nothing" OFF)

# unite(TARGET PATTERN [ALONE NAME...] [ONLY NAME...]): the sources of the pattern, but for those in
# whose anonymous namespace is a name that another has, too; or of all below its folder only those
# named, without such names in common. Of two calls that mean a source the last counts.
function(unite target pattern)
  if(NOT TARN_UNITE)
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 2 united "" "" "ALONE;ONLY")
  cmake_path(GET pattern PARENT_PATH folder)
  if(united_ONLY)
    list(TRANSFORM united_ONLY REPLACE "(.+)" "${CMAKE_SOURCE_DIR}/${folder}/\\1.cc"
      OUTPUT_VARIABLE sources)
    list(GET united_ONLY 0 first)
    string(APPEND pattern _${first})
  else()
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${pattern})
  endif()
  foreach(name IN LISTS united_ALONE)
    list(REMOVE_ITEM sources ${CMAKE_SOURCE_DIR}/${folder}/${name}.cc)
  endforeach()
  string(MAKE_C_IDENTIFIER ${pattern} group)
  set_source_files_properties(${sources} PROPERTIES UNITY_GROUP ${group})
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
endfunction()
