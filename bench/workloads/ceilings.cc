#include <chrono>
#include <stdexcept>

#include <fcntl.h>
#include <unistd.h>

#include "base/text.h"
#include "bench/basics.h"
#include "bench/report.h"
#include "bench/stage.h"
#include "bench/workloads/bare_sqlite.h"
#include "bench/workloads/echo.h"
#include "bench/workloads/workloads.h"

namespace wherry::bench {

namespace {

// One block behind the other, each synced.
void bare_sync(double seconds) {
  const ScratchFolder folder;
  const int file = open((folder.path() / "file").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  const std::string block(4096, 'x');
  std::vector<double> micros;
  const auto begin = Clock::now();
  for (off_t at = 0; seconds_since(begin) < seconds; at += 4096) {
    if (pwrite(file, block.data(), block.size(), at) != 4096) throw std::runtime_error("cannot write");
    const auto start = Clock::now();
    if (fdatasync(file) != 0) throw std::runtime_error("cannot sync");
    micros.push_back(1e6 * seconds_since(start));
  }
  close(file);
  Report()
      .text("workload", "bare sync")
      .number("p50_us", quantile(micros, 0.5))
      .number("p99_us", quantile(micros, 0.99))
      .print();
}

}  // namespace

void ceilings(const CeilingsOptions& options) {
  const double seconds = options.seconds;
  bare_sync(seconds);
  for (const size_t group : {1UL, 10UL, 100UL, 1000UL}) bare_posts(group, seconds);
  if (options.rows > 0) bare_edits(options.rows, seconds);
  for (const size_t in_flight : {1UL, 64UL}) bare_echo(in_flight, seconds);
}

}  // namespace wherry::bench
