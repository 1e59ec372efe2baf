# What is installed: nnc, what other projects build with (find_package, pkg-config), and what people and editors read; and
# the .deb, by CPack: cpack -G DEB.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
install(TARGETS nnc RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/nnc_runtime.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
# One file serves find_package, add_subdirectory and the samples; what is made on this machine serves any processor.
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/nncConfigVersion.cmake COMPATIBILITY SameMinorVersion
                                 ARCH_INDEPENDENT)
install(FILES samples/nnc.cmake DESTINATION lib/cmake/nnc RENAME nncConfig.cmake)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/nncConfigVersion.cmake DESTINATION lib/cmake/nnc)
file(GENERATE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/nnc.pc CONTENT "prefix=\${pcfiledir}/../..
bindir=\${prefix}/${CMAKE_INSTALL_BINDIR}
includedir=\${prefix}/${CMAKE_INSTALL_INCLUDEDIR}
nnc=\${bindir}/nnc

Name: nnc
Description: compiler of sequence models to C, and the runtime of what it makes
Version: ${PROJECT_VERSION}
Cflags: -I\${includedir}
Libs: -lm
")
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/nnc.pc DESTINATION lib/pkgconfig)

# The manual page, completion and colours come from nnc's own tables. One that is for another processor cannot be asked.
if(NOT CMAKE_CROSSCOMPILING OR CMAKE_CROSSCOMPILING_EMULATOR)
  set(editors ${CMAKE_INSTALL_DATADIR}/nnc/editors)
  set(files)
  function(nnc_tells option file destination)
    add_custom_command(OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/${file} COMMAND nnc help ${option} > ${file} DEPENDS nnc
                       WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR} VERBATIM)
    get_filename_component(name ${destination} NAME)
    get_filename_component(folder ${destination} DIRECTORY)
    install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${file} DESTINATION ${folder} RENAME ${name})
    set(files ${files} ${CMAKE_CURRENT_BINARY_DIR}/${file} PARENT_SCOPE)
  endfunction()
  nnc_tells(--manual nnc.1 ${CMAKE_INSTALL_MANDIR}/man1/nnc.1)
  nnc_tells(--completion nnc.bash ${CMAKE_INSTALL_DATADIR}/bash-completion/completions/nnc)
  nnc_tells(--vim nnc.vim ${editors}/vim/syntax/nnc.vim)
  nnc_tells(--textmate nnc.tmLanguage.json ${editors}/vscode/nnc.tmLanguage.json)
  add_custom_target(nnc_help_files ALL DEPENDS ${files})
  install(DIRECTORY compiler/editors/ DESTINATION ${editors})
endif()

file(GLOB pages docs/*.md docs/*.svg)
install(FILES LICENSE README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs)

if(NNC_ALONE)
  # where Debian looks for it
  install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME copyright)
  set(CPACK_GENERATOR DEB)
  set(CPACK_PACKAGE_CONTACT "the nnc authors <nnc@localhost>")
  set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "compiler of sequence models to C")
  set(CPACK_PACKAGE_DESCRIPTION "nnc compiles sequence models (LSTM, GRU, convolutions, attention), trained with\n\
PyTorch, to one self-contained C file without malloc and without libraries.")
  set(CPACK_RESOURCE_FILE_LICENSE ${CMAKE_CURRENT_SOURCE_DIR}/LICENSE)
  set(CPACK_STRIP_FILES ON)
  set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
  set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
  set(CPACK_DEBIAN_PACKAGE_SECTION devel)
  set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
  set(CPACK_DEBIAN_PACKAGE_SUGGESTS "gcc | clang, cmake")
  set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS OFF)
  include(CPack)
endif()
