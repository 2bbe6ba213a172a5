# Toolchain for WebAssembly: Debian's clang, lld, wasi-libc and libc++, without Emscripten.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR wasm32)
set(WHERRY_WASM ON)
foreach(language C CXX)
  set(CMAKE_${language}_COMPILER_TARGET wasm32-wasi)
endforeach()
set(CMAKE_C_COMPILER clang-19)
set(CMAKE_CXX_COMPILER clang++-19)
set(CMAKE_AR llvm-ar-19)
set(CMAKE_RANLIB llvm-ranlib-19)
set(CMAKE_EXECUTABLE_SUFFIX .wasm)
# What every browser since 2022 knows.
set(features "-mbulk-memory -msign-ext -mnontrapping-fptoint -mmutable-globals -mmultivalue")
# What is small alone is also small compressed when it is called, not repeated.
set(small "-mllvm -inline-threshold=-50")
set(CMAKE_C_FLAGS_INIT "${features} ${small}")
set(CMAKE_CXX_FLAGS_INIT "${features} ${small} -fno-exceptions -include ${CMAKE_CURRENT_LIST_DIR}/wasm_libcxx.h")
# Programs of the build machine, but no headers and libraries of it.
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
