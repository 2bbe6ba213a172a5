// What the C++ library wants and Debian's for WebAssembly lacks.

// There is one thread, and it does not end: what is of it need not be taken apart.
// NOLINTNEXTLINE(bugprone-reserved-identifier,readability-identifier-naming): the library's name for it
extern "C" int __cxa_thread_atexit(void (*)(void*), void*, void*) {
  return 0;
}
