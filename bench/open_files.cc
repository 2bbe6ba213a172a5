#include "bench/open_files.h"

#include <sys/resource.h>

#include <algorithm>
#include <stdexcept>

#include "base/text.h"

namespace wherry::bench {

namespace {

constexpr size_t kFilesOfWorkspace = 3;  // the database, its WAL, and the index of that
constexpr size_t kOtherFiles = 600;      // a server wants 512 besides its connections

}  // namespace

void allow_open_files(size_t connections, size_t workspaces) {
  const size_t count = connections + kFilesOfWorkspace * workspaces + kOtherFiles;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) throw std::runtime_error("cannot read the limit of open files");
  if (limit.rlim_max < count)
    throw std::runtime_error(cat("this needs ", count, " open files, and the system allows ", limit.rlim_max,
                                 ": raise the hard limit (ulimit -Hn), or have fewer connections"));
  limit.rlim_cur = std::max<rlim_t>(limit.rlim_cur, count);
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) throw std::runtime_error("cannot raise the limit of open files");
}

}  // namespace wherry::bench
