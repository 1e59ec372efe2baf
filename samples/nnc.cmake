# nnc.cmake: .nn models in a CMake project.
#
#     find_package(nnc REQUIRED)
#     add_executable(tagger main.c)
#     nnc_add_model(tagger tagger.nn)
#
# This file is what find_package(nnc) finds where nnc is installed, and what add_subdirectory(nnc) includes. It can also be
# copied, or included from where it is. A project of C++ alone gets C, too.
#
# nnc_add_model(TARGET FILE.nn [NAME name] [WEIGHTS file] [WEIGHTS_AS c|file] [OPTIONS option...])
#     compiles FILE.nn, a path relative to the current source folder, with nnc and the given options to NAME.c and NAME.h
#     (without NAME: as FILE is called) in the build folder, and adds both to the target, which finds NAME.h and
#     nnc_runtime.h by #include "...". WEIGHTS is a weights file to be taken instead of that which the model names. With
#     WEIGHTS_AS file the weights stand beside the code, in NAME.weights in the build folder. The code is made anew when FILE.nn, its weights, or nnc changes.
#
# NNC_EXECUTABLE names the nnc to be used, as in a build for another processor; otherwise it is the target nnc where there
# is one, the one that was installed with this file, or the one in PATH. NNC_OPTIONS has options for all models of a build,
# such as --target=baseline.
cmake_policy(PUSH)
cmake_policy(VERSION 3.20)

if(NNC_EXECUTABLE OR NOT TARGET nnc)
    find_program(NNC_EXECUTABLE nnc HINTS "${CMAKE_CURRENT_LIST_DIR}/../../../bin" NO_CMAKE_FIND_ROOT_PATH
                 DOC "the compiler of .nn files")
    set(nnc_command "${NNC_EXECUTABLE}")
else()
    set(nnc_command nnc)
endif()
if(NOT nnc_command)
    set(nnc_missing "nnc is not in PATH; install it, or give its place: -DNNC_EXECUTABLE=.../nnc")
    if(NOT CMAKE_FIND_PACKAGE_NAME STREQUAL "nnc")
        message(FATAL_ERROR "${nnc_missing}")
    endif()
    set(nnc_FOUND FALSE)
    set(nnc_NOT_FOUND_MESSAGE "${nnc_missing}")
    cmake_policy(POP)
    return()
endif()
get_property(nnc_languages GLOBAL PROPERTY ENABLED_LANGUAGES)
if(NOT C IN_LIST nnc_languages)
    enable_language(C)
endif()

# The runtime comes out of nnc itself, so that it always fits the generated code.
set(NNC_COMMAND "${nnc_command}" CACHE INTERNAL "nnc, a target or a path")
set(NNC_RUNTIME_DIR "${CMAKE_BINARY_DIR}/nnc-runtime" CACHE INTERNAL "where nnc_runtime.h is")
if(NOT TARGET nnc_runtime_header)
    add_custom_command(
        OUTPUT "${NNC_RUNTIME_DIR}/nnc_runtime.h"
        COMMAND "${CMAKE_COMMAND}" -E make_directory "${NNC_RUNTIME_DIR}"
        COMMAND "${NNC_COMMAND}" --runtime "${NNC_RUNTIME_DIR}"
        # nnc leaves a runtime alone that is as it should be
        COMMAND "${CMAKE_COMMAND}" -E touch "${NNC_RUNTIME_DIR}/nnc_runtime.h"
        DEPENDS "${NNC_COMMAND}"
        COMMENT "Writing nnc_runtime.h"
        VERBATIM)
    add_custom_target(nnc_runtime_header DEPENDS "${NNC_RUNTIME_DIR}/nnc_runtime.h")
endif()

function(nnc_add_model target file)
    cmake_parse_arguments(PARSE_ARGV 2 model "" "NAME;WEIGHTS;WEIGHTS_AS" "OPTIONS")
    if(model_UNPARSED_ARGUMENTS OR model_KEYWORDS_MISSING_VALUES)
        message(FATAL_ERROR "nnc_add_model: unknown arguments, or keywords without a value: "
                            "${model_UNPARSED_ARGUMENTS} ${model_KEYWORDS_MISSING_VALUES}")
    endif()
    if(NOT TARGET "${target}")
        message(FATAL_ERROR "nnc_add_model: there is no target ${target}")
    endif()
    get_filename_component(model "${file}" ABSOLUTE)
    if(NOT model_NAME)
        get_filename_component(model_NAME "${model}" NAME_WLE)
    endif()
    if(DEFINED model_WEIGHTS)
        get_filename_component(weights "${model_WEIGHTS}" ABSOLUTE)
        list(APPEND model_OPTIONS --weights "${weights}")
    endif()
    unset(beside)
    if(DEFINED model_WEIGHTS_AS)
        list(APPEND model_OPTIONS --weights-as "${model_WEIGHTS_AS}")
        if(model_WEIGHTS_AS STREQUAL "file")
            set(beside "${CMAKE_CURRENT_BINARY_DIR}/${model_NAME}.weights")
        endif()
    endif()
    set(source "${CMAKE_CURRENT_BINARY_DIR}/${model_NAME}.c")
    set(header "${CMAKE_CURRENT_BINARY_DIR}/${model_NAME}.h")
    add_custom_command(
        OUTPUT "${source}" "${header}" ${beside}
        COMMAND "${NNC_COMMAND}" "${model}" ${NNC_OPTIONS} ${model_OPTIONS} --no-runtime -o "${source}" --depfile "${source}.d"
        DEPENDS "${NNC_COMMAND}" "${model}" ${weights}
        DEPFILE "${source}.d" # names the weights
        COMMENT "Compiling ${file}"
        VERBATIM)
    target_sources("${target}" PRIVATE "${source}" "${header}")
    target_include_directories("${target}" PRIVATE "${CMAKE_CURRENT_BINARY_DIR}" "${NNC_RUNTIME_DIR}")
    if(NOT WIN32)
        target_link_libraries("${target}" PRIVATE m)
    endif()
    add_dependencies("${target}" nnc_runtime_header)
endfunction()
cmake_policy(POP)
