# One place for what every target of ours has in common.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)

find_program(PARLEY_CCACHE ccache)
if(PARLEY_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${PARLEY_CCACHE})
endif()

# Warnings are errors in our code. Includes read from the root of the project: "core/domain/apply.h".
function(parley_target name)
  target_compile_options(${name} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Werror)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  if(PARLEY_SANITIZE)
    string(REPLACE ";" "," sanitizers "${PARLEY_SANITIZE}")
    target_compile_options(${name} PRIVATE -fsanitize=${sanitizers} -fno-omit-frame-pointer -g)
    target_link_options(${name} PRIVATE -fsanitize=${sanitizers})
    if(PARLEY_FUZZ)
      target_compile_options(${name} PRIVATE -fno-sanitize-recover=all)  # a finding ends the fuzzer
    endif()
    if(sanitizers STREQUAL "thread")
      target_compile_options(${name} PRIVATE -Wno-tsan)  # fences inside the standard library and Asio
    endif()
  endif()
  if(PARLEY_COVERAGE)
    target_compile_options(${name} PRIVATE --coverage -fprofile-update=atomic)
    target_link_options(${name} PRIVATE --coverage)
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    target_compile_options(${name} PRIVATE -Wthread-safety)
  endif()
endfunction()

# parley_library(name SOURCES ... LINKS ...): a static library of ours.
function(parley_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  target_link_libraries(${name} PUBLIC ${arg_LINKS})
  parley_target(${name})
endfunction()

# parley_executable(name SOURCES ... LINKS ...)
function(parley_executable name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_LINKS})
  parley_target(${name})
endfunction()
