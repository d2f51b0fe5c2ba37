# Compiler settings shared by every target, and the one way to declare a layer of the library.
include(GNUInstallDirs)

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()

find_program(LOWBIT_CCACHE ccache)
if(LOWBIT_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${LOWBIT_CCACHE})
endif()

add_library(lowbit_flags INTERFACE)
target_compile_options(lowbit_flags INTERFACE
  $<BUILD_INTERFACE:-Wall> $<BUILD_INTERFACE:-Wextra> $<BUILD_INTERFACE:-Wpedantic> $<BUILD_INTERFACE:-Wshadow>
  $<BUILD_INTERFACE:-Wno-missing-field-initializers>  # designated initialisers leave the rest at its default on purpose
  $<$<BOOL:${LOWBIT_WERROR}>:-Werror>)
if(LOWBIT_SANITIZE)
  add_compile_options(-fsanitize=${LOWBIT_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${LOWBIT_SANITIZE})
endif()

# lowbit_layer(NAME SOURCES... DEPENDS...): static library lowbit_NAME, alias lowbit::NAME.
# Headers live beside sources and are included from the repository root: #include "core/tensor.h".
function(lowbit_layer name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS" ${ARGN})
  add_library(lowbit_${name} STATIC ${arg_SOURCES})
  add_library(lowbit::${name} ALIAS lowbit_${name})
  set_target_properties(lowbit_${name} PROPERTIES EXPORT_NAME ${name})
  target_include_directories(lowbit_${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/lowbit>)
  target_compile_features(lowbit_${name} PUBLIC cxx_std_20)
  target_link_libraries(lowbit_${name} PUBLIC ${arg_DEPENDS} PRIVATE $<BUILD_INTERFACE:lowbit_flags>)
endfunction()
