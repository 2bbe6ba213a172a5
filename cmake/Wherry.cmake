# Warnings, sanitizers, and the two ways to declare a folder of src/ as a library.

add_library(wherry_warnings INTERFACE)
target_compile_options(wherry_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Werror -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
  -Wold-style-cast -Woverloaded-virtual -Wimplicit-fallthrough
  # g++ 12 reports these on correct std::expected, std::optional and std::variant code.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized;-Wno-restrict;-Wno-dangling-pointer;-Wno-array-bounds;-Wno-stringop-overflow;-Wno-stringop-overread;-Wno-free-nonheap-object>)

if(WHERRY_SANITIZE)
  # vptr needs RTTI, which the core has not; object-size finds less than ASan and takes a third of the build.
  add_compile_options(-fsanitize=${WHERRY_SANITIZE} -fno-sanitize=vptr,object-size -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${WHERRY_SANITIZE})
endif()

# The allocator of the programs, in place of the C library's; sanitizers bring their own. docs/decisions/0017.
add_library(wherry_allocator INTERFACE)
if(NOT WHERRY_SANITIZE AND NOT WHERRY_WASM)
  find_package(mimalloc 2.0 REQUIRED)
  target_link_libraries(wherry_allocator INTERFACE mimalloc)
endif()

# wherry_library(NAME [CORE] [DEPENDS lib...])
# Every *.cc of the folder except *_test.cc becomes the library wherry_NAME; the *_test.cc become the
# test program wherry_NAME_test, one ctest case per TEST, labelled "unit".
# CORE: built without exceptions and RTTI; see tests/layering.
function(wherry_library name)
  cmake_parse_arguments(ARG "CORE" "" "DEPENDS;TEST_DEPENDS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  if(NOT sources)
    return()
  endif()
  add_library(wherry_${name} STATIC ${sources})
  target_include_directories(wherry_${name} PUBLIC
    $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/src> $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include>)
  target_link_libraries(wherry_${name} PUBLIC ${ARG_DEPENDS} PRIVATE $<BUILD_INTERFACE:wherry_warnings>)
  if(ARG_CORE)
    target_compile_options(wherry_${name} PRIVATE -fno-exceptions -fno-rtti)
    set_property(GLOBAL APPEND PROPERTY WHERRY_CORE_LIBRARIES wherry_${name})
  elseif(WHERRY_SANITIZE)
    # Networking and command line: their tests wait rather than compute, and compiling them takes longest.
    target_compile_options(wherry_${name} PRIVATE -O0)
  endif()
  if(WHERRY_TESTS AND tests)
    wherry_test(${name}_test SOURCES ${tests} DEPENDS wherry_${name} ${ARG_TEST_DEPENDS})
  endif()
endfunction()

# To start a program of WebAssembly takes longer than most of its tests: the whole is one case of ctest. Properties
# take longest, and are dealt out to several.
function(wherry_wasm_cases name label timeout)
  set(shards 1)
  if(label STREQUAL "property")
    set(shards 4)
  endif()
  foreach(shard RANGE 1 ${shards})
    math(EXPR index "${shard} - 1")
    set(case ${name}.${shard})
    add_test(NAME ${case} COMMAND wherry_${name})
    set_tests_properties(${case} PROPERTIES LABELS ${label} TIMEOUT ${timeout}
      ENVIRONMENT "GTEST_TOTAL_SHARDS=${shards};GTEST_SHARD_INDEX=${index}")
  endforeach()
endfunction()

# wherry_test(NAME SOURCES file... [DEPENDS lib...] [LABEL unit|property|e2e] [TIMEOUT seconds])
function(wherry_test name)
  cmake_parse_arguments(ARG "" "LABEL;TIMEOUT" "SOURCES;DEPENDS" ${ARGN})
  if(NOT ARG_LABEL)
    set(ARG_LABEL unit)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  add_executable(wherry_${name} ${ARG_SOURCES})
  target_link_libraries(wherry_${name} PRIVATE ${ARG_DEPENDS} wherry_warnings GTest::gtest GTest::gtest_main)
  target_include_directories(wherry_${name} PRIVATE ${CMAKE_SOURCE_DIR})
  # The tests' own code is compiled once and run once: optimizing it would take longer than it saves.
  # In WebAssembly its copies of small functions would be those that the core calls, too.
  target_compile_options(wherry_${name} PRIVATE $<IF:$<BOOL:${WHERRY_WASM}>,-O1,-O0>)
  if(WHERRY_WASM)
    wherry_wasm_cases(${name} ${ARG_LABEL} ${ARG_TIMEOUT})
    return()
  endif()
  include(GoogleTest)
  gtest_discover_tests(wherry_${name} DISCOVERY_TIMEOUT 60
    PROPERTIES LABELS ${ARG_LABEL} TIMEOUT ${ARG_TIMEOUT})
endfunction()
