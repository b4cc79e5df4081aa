# Writes a C++ source that defines std::string_view tarn::builder::FUNCTION() of HEADER, with the
# content of a file:
#   cmake -D INPUT=… -D OUTPUT=… -D HEADER=… -D FUNCTION=… -P embed_text.cmake
file(READ ${INPUT} hex HEX)
string(LENGTH "${hex}" digits)
math(EXPR size "${digits} / 2")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," octets "${hex}")
file(WRITE ${OUTPUT} "#include \"${HEADER}\"

namespace tarn::builder {
namespace {

constexpr char content[] = {${octets}'\\0'};

}  // namespace

std::string_view ${FUNCTION}() {
  return {content, ${size}};
}

}  // namespace tarn::builder
")
