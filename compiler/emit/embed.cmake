# Writes a file's bytes as a C array: cmake -DINPUT=… -DOUTPUT=… -P embed.cmake
file(READ ${INPUT} bytes HEX)
string(LENGTH "${bytes}" digits)
math(EXPR size "${digits} / 2")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
string(REGEX REPLACE "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)" "\\1\n" bytes
       "${bytes}")
file(WRITE ${OUTPUT}
     "/* made from the runtime's text when nnc is built */\n#include \"emit/emit.h\"\n"
     "const char nnc_runtime_text[] = {\n${bytes} 0};\nconst size_t nnc_runtime_size = ${size};\n")
