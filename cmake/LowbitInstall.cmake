# Installs the program, the libraries and their headers, and a package for find_package(lowbit) and pkg-config.
include(CMakePackageConfigHelpers)

install(TARGETS lowbit RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS lowbit_core lowbit_autograd lowbit_nn lowbit_optim lowbit_data EXPORT lowbit-targets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
foreach(layer core autograd nn optim data)
  install(DIRECTORY ${layer} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/lowbit FILES_MATCHING PATTERN "*.h")
endforeach()
install(DIRECTORY recipes configs DESTINATION ${CMAKE_INSTALL_DATADIR}/lowbit)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/lowbit)
install(EXPORT lowbit-targets NAMESPACE lowbit:: DESTINATION ${package_dir})
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/lowbit-config.cmake.in ${PROJECT_BINARY_DIR}/lowbit-config.cmake
                              INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/lowbit-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/lowbit-config.cmake ${PROJECT_BINARY_DIR}/lowbit-config-version.cmake
        DESTINATION ${package_dir})
