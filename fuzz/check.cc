#include "fuzz/check.h"

#include <cstdio>
#include <cstdlib>

namespace wherry::fuzz {

void stop(const char* file, int line, const std::string& why) {
  std::fprintf(stderr, "%s:%d: %s\n", file, line, why.c_str());
  std::abort();
}

}  // namespace wherry::fuzz
