// What the C and C++ libraries want and Debian's for WebAssembly lack, or have in a form that is much to
// download.
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <new>

#include "wasm/host.h"

// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming,cert-dcl51-cpp): the libraries'
// names
extern "C" {

// There is one thread, and it does not end: what is of it need not be taken apart.
int __cxa_thread_atexit(void (*)(void*), void*, void*) {
  return 0;
}

// Single instructions, where the C library has loops.
void* memcpy(void* to, const void* from, size_t size) {
  return __builtin_memcpy(to, from, size);
}
void* memmove(void* to, const void* from, size_t size) {
  return __builtin_memmove(to, from, size);
}
void* memset(void* to, int byte, size_t size) {
  return __builtin_memset(to, byte, size);
}

// For the ranks of full-text search. The host has it without tables.
double log(double x) {
  return wherry_log(x);
}

// For SQLite's modifier 'localtime'. The C library knows no time zones.
struct tm* localtime(const time_t* time) {
  static struct tm local;
  const time_t shifted = *time + static_cast<time_t>(wherry_utc_offset(static_cast<double>(*time)));
  return gmtime_r(&shifted, &local);
}

// The C++ library's last words. What it would fill into them is not worth a printf.
[[noreturn]] void abort_message(const char* format, ...) {
  wherry_give_up(format, static_cast<int32_t>(std::strlen(format)));
}

}  // extern "C"

namespace std {
inline namespace __2 {

[[noreturn]] void __libcpp_verbose_abort(const char* format, ...) {
  abort_message(format);
}

}  // namespace __2
}  // namespace std
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming,cert-dcl51-cpp)

void* operator new(size_t size) {
  if (void* made = std::malloc(size > 0 ? size : 1)) return made;
  abort_message("no memory is left");
}
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  return std::malloc(size > 0 ? size : 1);
}
void operator delete(void* made) noexcept {
  std::free(made);
}
void operator delete(void* made, size_t) noexcept {
  std::free(made);
}
