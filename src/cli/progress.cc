#include "cli/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "base/text.h"
#include "cli/output.h"

namespace wherry::cli {

namespace {

constexpr std::chrono::milliseconds kRedraw{100};
constexpr std::chrono::milliseconds kLine{2000};
constexpr int64_t kWidth = 30;

}  // namespace

// Work that is over before the first interval shows nothing.
Progress::Progress(std::string what, std::string unit)
    : what_(std::move(what)),
      unit_(std::move(unit)),
      terminal_(::isatty(STDERR_FILENO) == 1),
      next_(Clock::now() + (terminal_ ? kRedraw : kLine)) {}

Progress::~Progress() {
  if (drawn_) std::fputs("\r\x1b[K", stderr);
}

void Progress::show(int64_t done, int64_t total) {
  const Clock::time_point now = Clock::now();
  if (now < next_) return;
  next_ = now + (terminal_ ? kRedraw : kLine);
  const std::string count = total > 0 ? cat(done, " of ", total, ' ', unit_, " (", 100 * done / total, "%)")
                                      : cat(done, ' ', unit_);
  if (!terminal_) {
    note(cat(what_, ": ", count));
    return;
  }
  std::string bar;
  if (total > 0) {
    const auto full = static_cast<size_t>(std::clamp<int64_t>(kWidth * done / total, 0, kWidth));
    bar = cat(" [", std::string(full, '#'), std::string(static_cast<size_t>(kWidth) - full, '.'), ']');
  }
  std::fputs(cat('\r', what_, bar, ' ', count, "\x1b[K").c_str(), stderr);
  drawn_ = true;
}

}  // namespace wherry::cli
