# Writes the templates as C arrays, a row a file:
#     cmake -DFOLDER=compiler/templates -DEXTRA="PATH=FILE;…" -DOUTPUT=template_files.c -P embed.cmake
# A template's name ends in .in, which is dropped; EXTRA are files from elsewhere and the names that they have here.
file(GLOB_RECURSE found RELATIVE ${FOLDER} ${FOLDER}/*.in)
list(SORT found)
set(rows)
set(arrays)
set(count 0)
foreach(name IN LISTS found EXTRA)
  set(file ${FOLDER}/${name})
  if(name MATCHES "^(.*)=(.*)$")
    set(name ${CMAKE_MATCH_1})
    set(file ${CMAKE_MATCH_2})
  endif()
  string(REGEX REPLACE "[.]in$" "" name ${name})
  file(READ ${file} bytes HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  string(APPEND arrays "static const unsigned char bytes_${count}[] = {${bytes}0};\n")
  string(APPEND rows "    {\"${name}\", (const char *)bytes_${count}, sizeof bytes_${count} - 1},\n")
  math(EXPR count "${count} + 1")
endforeach()
file(WRITE ${OUTPUT} "/* made of compiler/templates when nnc is built */\n#include \"template.h\"\n\n${arrays}\n"
     "const template_file template_files[] = {\n${rows}    {NULL, NULL, 0},\n};\n")
