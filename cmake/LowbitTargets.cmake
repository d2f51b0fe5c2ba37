# Compiler settings shared by every target, and the one way to declare a layer of the library.
include(GNUInstallDirs)

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()

# ccache caches units that use a precompiled header only with this sloppiness.
find_program(LOWBIT_CCACHE ccache)
if(LOWBIT_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${LOWBIT_CCACHE})
endif()

# Parsing the standard library is half the cost of a typical source. No header of the project is ever in here, and the
# sanitizer presets build without, so that a source that forgets an include does not go unnoticed.
option(LOWBIT_PCH "Precompile the standard headers" ON)
set(lowbit_pch_headers <fmt/format.h> <algorithm> <array> <cmath> <cstdint> <filesystem> <fstream> <functional> <map> <memory>
  <optional> <set> <span> <sstream> <string> <string_view> <unordered_map> <utility> <vector>)

# lowbit_precompile(TARGET OWNER [HEADERS...]): TARGET uses OWNER's precompiled headers, which must be built with the same
# options; TARGET itself as OWNER builds them, from the standard headers and HEADERS.
function(lowbit_precompile target owner)
  if(NOT LOWBIT_PCH)
    return()
  endif()
  if(target STREQUAL owner)
    target_precompile_headers(${target} PRIVATE ${lowbit_pch_headers} ${ARGN})
  else()
    target_precompile_headers(${target} REUSE_FROM ${owner})
  endif()
endfunction()

add_library(lowbit_flags INTERFACE)
target_compile_options(lowbit_flags INTERFACE
  $<BUILD_INTERFACE:-Wall> $<BUILD_INTERFACE:-Wextra> $<BUILD_INTERFACE:-Wpedantic> $<BUILD_INTERFACE:-Wshadow>
  $<BUILD_INTERFACE:-Wno-missing-field-initializers>  # designated initialisers leave the rest at its default on purpose
  $<$<BOOL:${LOWBIT_WERROR}>:-Werror>)
if(LOWBIT_SANITIZE)
  add_compile_options(-fsanitize=${LOWBIT_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${LOWBIT_SANITIZE})
endif()

# lowbit_layer(NAME [OPTIMIZE -On] SOURCES... DEPENDS...): static library lowbit_NAME, alias lowbit::NAME.
# Headers live beside sources and are included from the repository root: #include "core/tensor.h". Kernels have flags of their
# own; for the code around them -O3 costs build time and gains nothing, so a release build takes OPTIMIZE, -O2 if not given.
function(lowbit_layer name)
  cmake_parse_arguments(arg "" "OPTIMIZE" "SOURCES;DEPENDS" ${ARGN})
  add_library(lowbit_${name} STATIC ${arg_SOURCES})
  add_library(lowbit::${name} ALIAS lowbit_${name})
  set_target_properties(lowbit_${name} PROPERTIES EXPORT_NAME ${name})
  target_include_directories(lowbit_${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/lowbit>)
  target_compile_features(lowbit_${name} PUBLIC cxx_std_20)
  target_link_libraries(lowbit_${name} PUBLIC ${arg_DEPENDS} PRIVATE $<BUILD_INTERFACE:lowbit_flags>)
  if(arg_OPTIMIZE)
    target_compile_options(lowbit_${name} PRIVATE $<$<CONFIG:Release>:${arg_OPTIMIZE}>)
    lowbit_precompile(lowbit_${name} lowbit_${name})
  else()
    target_compile_options(lowbit_${name} PRIVATE $<$<CONFIG:Release>:-O2>)
    lowbit_precompile(lowbit_${name} lowbit_core)
  endif()
endfunction()
