# Joins the runtime's parts into the one header that is shipped, and writes its bytes as a C array:
#     cmake -DINPUT=runtime/nnc_runtime.h -DOUTPUT=runtime_text.c -P embed.cmake
# A line #include "NAME.h" is replaced by the text of that file, which stands beside INPUT.
get_filename_component(folder ${INPUT} DIRECTORY)
file(READ ${INPUT} text)
while(text MATCHES "#include \"([a-z0-9_]+[.]h)\"\n")
  set(line "${CMAKE_MATCH_0}")
  file(READ ${folder}/${CMAKE_MATCH_1} part)
  string(REPLACE "${line}" "${part}" text "${text}")
endwhile()
get_filename_component(folder ${OUTPUT} DIRECTORY)
file(WRITE ${folder}/nnc_runtime.h "${text}")

file(READ ${folder}/nnc_runtime.h bytes HEX)
string(LENGTH "${bytes}" digits)
math(EXPR size "${digits} / 2")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
string(REGEX REPLACE "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)" "\\1\n" bytes
       "${bytes}")
file(WRITE ${OUTPUT}
     "/* made from the runtime's text when nnc is built */\n#include \"emit/emit.h\"\n"
     "const char nnc_runtime_text[] = {\n${bytes} 0};\nconst size_t nnc_runtime_size = ${size};\n")
