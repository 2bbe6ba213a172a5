// A chart as SVG: series of points over a logarithmic x axis, y from zero.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace wherry::bench {

class Plot {
 public:
  // Texts are written as they are: they must need no escapes in XML.
  Plot(std::string title, std::string x_label, std::string y_label);

  // Points as (x, y) in order of x, all above zero.
  void add(std::string series, std::vector<std::pair<double, double>> points);
  std::string svg() const;
  // Makes the folder that the file is in. Throws when it cannot be written.
  void write(const std::filesystem::path& path) const;

 private:
  struct Series {
    std::string name;
    std::vector<std::pair<double, double>> points;
  };
  // What is drawn: whole decades of x, and y up to a multiple of a round step.
  struct Range {
    int first_decade, last_decade;
    double y_step, y_most;
    double x_pixel(double x) const;
    double y_pixel(double y) const;
  };
  Range range() const;
  // No other series has a greater y at this x.
  bool is_highest(double x, double y) const;

  std::string title_, x_label_, y_label_;
  std::vector<Series> series_;
};

}  // namespace wherry::bench
