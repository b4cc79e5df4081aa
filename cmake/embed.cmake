# Writes a C++ source with the content of every file below FOLDER, in order of their paths:
#   cmake -D FOLDER=… -D OUTPUT=… -P embed.cmake
# The source defines tarn::builder::embedded_skeletons() of builder/rootfs/embedded_skeletons.h.
file(GLOB_RECURSE files RELATIVE ${FOLDER} ${FOLDER}/*)
list(SORT files)

set(contents "")
set(rows "")
set(number 0)
foreach(path IN LISTS files)
  file(READ ${FOLDER}/${path} hex HEX)
  string(LENGTH "${hex}" digits)
  math(EXPR size "${digits} / 2")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," octets "${hex}")
  string(APPEND contents "constexpr char content_${number}[] = {${octets}'\\0'};\n")
  string(APPEND rows "    {\"${path}\", {content_${number}, ${size}}},\n")
  math(EXPR number "${number} + 1")
endforeach()

file(WRITE ${OUTPUT} "#include \"builder/rootfs/embedded_skeletons.h\"

namespace tarn::builder {
namespace {

${contents}
constexpr EmbeddedFile files[] = {
${rows}};

}  // namespace

std::span<const EmbeddedFile> embedded_skeletons() {
  return files;
}

}  // namespace tarn::builder
")
