// Debian's libc++ for WebAssembly is made without std::filesystem and, for that alone, without file streams.
// Libraries that we use only mention the latter; tests read files with them.
#pragma once
#include <__config>
#undef _LIBCPP_HAS_NO_FILESYSTEM
