#include "bench/report.h"

#include <cmath>
#include <cstdio>

#include "base/text.h"
#include "base/value.h"

namespace wherry::bench {

Report& Report::text(const std::string& name, const std::string& value) {
  fields_.emplace_back(name, json_quote(value));
  return *this;
}

// Four digits say as much as there is to know.
Report& Report::number(const std::string& name, double value) {
  char digits[32];
  std::snprintf(digits, sizeof digits, std::abs(value) >= 1000 ? "%.0f" : "%.4g", value);
  fields_.emplace_back(name, digits);
  return *this;
}

void Report::print() const {
  std::string line = "{";
  for (const auto& [name, value] : fields_)
    line += cat(line.size() > 1 ? ", " : "", json_quote(name), ": ", value);
  std::printf("%s}\n", line.c_str());
  std::fflush(stdout);
}

double quantile(std::vector<double>& samples, double part) {
  if (samples.empty()) return 0;
  std::ranges::sort(samples);
  return samples[std::min(samples.size() - 1,
                          static_cast<size_t>(part * static_cast<double>(samples.size())))];
}

}  // namespace wherry::bench
