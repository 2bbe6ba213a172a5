# Writes a source file with files in it as bytes:
#
#   cmake -D OUT=x.cc -D HEADER=folder/x.h -D STRUCT=Page -D FUNCTION=pages -D FOLDER=… -D FILES="a b" -P embed.cmake
#
# HEADER declares STRUCT {name, bytes} and FUNCTION in the namespace wherry::server.
string(REPLACE " " ";" FILES "${FILES}")
set(arrays "")
set(entries "")
set(number 0)
foreach(file ${FILES})
  file(READ ${FOLDER}/${file} hex HEX)
  string(LENGTH "${hex}" digits)
  math(EXPR size "${digits} / 2")
  string(REGEX REPLACE "(................................................................)" "\\1\n" hex "${hex}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "\\\\x\\1" hex "${hex}")
  string(REGEX REPLACE "([^\n]+)" "  \"\\1\"" hex "${hex}")
  string(APPEND arrays "constexpr char kFile${number}[] =\n${hex};\n")
  string(APPEND entries "    {\"${file}\", {kFile${number}, ${size}}},\n")
  math(EXPR number "${number} + 1")
endforeach()
file(WRITE ${OUT} "// Made by cmake/embed.cmake.
#include \"${HEADER}\"

namespace wherry::server {
namespace {

${arrays}
constexpr ${STRUCT} kAll[] = {
${entries}};

}  // namespace

std::span<const ${STRUCT}> ${FUNCTION}() {
  return kAll;
}

}  // namespace wherry::server
")
