// What a benchmark has measured: one JSON object per line on stdout.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace wherry::bench {

class Report {
 public:
  Report& text(const std::string& name, const std::string& value);
  Report& number(const std::string& name, double value);
  void print() const;

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

// The value below which this part of the samples lies; 0 without samples. Sorts them.
double quantile(std::vector<double>& samples, double part);

}  // namespace wherry::bench
