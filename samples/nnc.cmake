# nnc.cmake: .nn models in a CMake project. Copy this file, or include it from where it is.
#
#     add_executable(tagger main.c)
#     nnc_add_model(tagger tagger.nn)
#
# nnc_add_model(TARGET FILE.nn [OPTIONS option...])
#     compiles FILE.nn, a path relative to the current source folder, with nnc and the given options to FILE.c and
#     FILE.h in the build folder, and adds both to the target, which finds FILE.h and nnc_runtime.h by #include "...".
#     The code is made anew when FILE.nn, the weights that it names, or nnc changes.
#
# nnc is the target of that name where there is one; otherwise it is looked for in PATH, or set NNC_EXECUTABLE.
include_guard(GLOBAL)

if(NOT TARGET nnc)
    find_program(NNC_EXECUTABLE nnc DOC "the compiler of .nn files")
    if(NOT NNC_EXECUTABLE)
        message(FATAL_ERROR "nnc is not in PATH; install it, or give its place: -DNNC_EXECUTABLE=.../nnc")
    endif()
    add_executable(nnc IMPORTED GLOBAL)
    set_property(TARGET nnc PROPERTY IMPORTED_LOCATION "${NNC_EXECUTABLE}")
endif()

# The runtime comes out of nnc itself, so that it always fits the generated code.
set(NNC_RUNTIME_DIR "${CMAKE_BINARY_DIR}/nnc-runtime" CACHE INTERNAL "where nnc_runtime.h is")
add_custom_command(
    OUTPUT "${NNC_RUNTIME_DIR}/nnc_runtime.h"
    COMMAND "${CMAKE_COMMAND}" -E make_directory "${NNC_RUNTIME_DIR}"
    COMMAND nnc --runtime "${NNC_RUNTIME_DIR}"
    DEPENDS nnc
    COMMENT "Writing nnc_runtime.h"
    VERBATIM)
add_custom_target(nnc_runtime_header DEPENDS "${NNC_RUNTIME_DIR}/nnc_runtime.h")

function(nnc_add_model target file)
    cmake_parse_arguments(PARSE_ARGV 2 model "" "" "OPTIONS")
    if(model_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "nnc_add_model: unknown arguments: ${model_UNPARSED_ARGUMENTS}")
    endif()
    get_filename_component(model "${file}" ABSOLUTE)
    get_filename_component(folder "${model}" DIRECTORY)
    get_filename_component(name "${model}" NAME_WLE)
    set(source "${CMAKE_CURRENT_BINARY_DIR}/${name}.c")
    set(header "${CMAKE_CURRENT_BINARY_DIR}/${name}.h")

    # The weights files are those that the models name.
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${model}")
    file(STRINGS "${model}" lines REGEX "^[ \t]*weights[ \t]*[\"'][^\"']+[\"']")
    set(weights)
    foreach(line IN LISTS lines)
        string(REGEX REPLACE "^[ \t]*weights[ \t]*[\"']([^\"']+)[\"'].*" "\\1" path "${line}")
        get_filename_component(path "${path}" ABSOLUTE BASE_DIR "${folder}")
        list(APPEND weights "${path}")
    endforeach()
    list(REMOVE_DUPLICATES weights)

    add_custom_command(
        OUTPUT "${source}" "${header}"
        COMMAND nnc "${model}" ${model_OPTIONS} -o "${source}"
        DEPENDS nnc "${model}" ${weights}
        COMMENT "Compiling ${name}.nn"
        VERBATIM)
    target_sources("${target}" PRIVATE "${source}" "${header}")
    target_include_directories("${target}" PRIVATE "${CMAKE_CURRENT_BINARY_DIR}" "${NNC_RUNTIME_DIR}")
    target_link_libraries("${target}" PRIVATE m)
    add_dependencies("${target}" nnc_runtime_header)
endfunction()
