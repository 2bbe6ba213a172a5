#include "bench/plot.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <stdexcept>

#include "base/text.h"

namespace wherry::bench {

namespace {

constexpr double kWidth = 680, kHeight = 400;
constexpr double kLeft = 64, kRight = 640, kTop = 72, kBottom = 340;
constexpr double kMargin = 28;  // left and right of the points
// Told apart also by those who see no red or green.
constexpr std::array<std::string_view, 4> kColors = {"#0072b2", "#d55e00", "#009e73", "#cc79a7"};

std::string number(double value) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%.4g", value);
  return digits;
}

std::string power_of_ten(int exponent) {
  constexpr std::array<std::string_view, 10> kRaised = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  return cat("10", kRaised.at(static_cast<size_t>(exponent)));
}

// 1, 2 or 5 times a power of ten, so that there are four to ten of them.
double round_step(double most) {
  const double power = std::pow(10, std::floor(std::log10(most / 4)));
  for (const double step : {5 * power, 2 * power})
    if (step <= most / 4) return step;
  return power;
}

std::string text(double x, double y, std::string_view attributes, std::string_view content) {
  return cat("<text x=\"", number(x), "\" y=\"", number(y), "\" ", attributes, ">", content, "</text>\n");
}

std::string line(double x1, double y1, double x2, double y2, std::string_view color) {
  return cat("<line x1=\"", number(x1), "\" y1=\"", number(y1), "\" x2=\"", number(x2), "\" y2=\"",
             number(y2), "\" stroke=\"", color, "\"/>\n");
}

}  // namespace

Plot::Plot(std::string title, std::string x_label, std::string y_label)
    : title_(std::move(title)), x_label_(std::move(x_label)), y_label_(std::move(y_label)) {}

void Plot::add(std::string series, std::vector<std::pair<double, double>> points) {
  series_.push_back({std::move(series), std::move(points)});
}

double Plot::Range::x_pixel(double x) const {
  const double width = kRight - kLeft - 2 * kMargin;
  return kLeft + kMargin + width * (std::log10(x) - first_decade) / (last_decade - first_decade);
}

double Plot::Range::y_pixel(double y) const {
  return kBottom - (kBottom - kTop) * y / y_most;
}

Plot::Range Plot::range() const {
  double x_least = 1e9, x_most = 1, y_most = 0;
  for (const Series& series : series_)
    for (const auto& [x, y] : series.points) {
      x_least = std::min(x_least, x);
      x_most = std::max(x_most, x);
      y_most = std::max(y_most, y);
    }
  Range range{};
  range.first_decade = static_cast<int>(std::floor(std::log10(x_least)));
  range.last_decade = std::max(range.first_decade + 1, static_cast<int>(std::ceil(std::log10(x_most))));
  range.y_step = round_step(y_most);
  range.y_most = range.y_step * std::ceil(1.1 * y_most / range.y_step);  // room for the numbers
  return range;
}

bool Plot::is_highest(double x, double y) const {
  return std::ranges::none_of(series_, [&](const Series& series) {
    return std::ranges::any_of(series.points,
                               [&](const auto& point) { return point.first == x && point.second > y; });
  });
}

std::string Plot::svg() const {
  const Range range = this->range();
  std::string svg = cat("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 ", number(kWidth), " ",
                        number(kHeight), "\" font-family=\"sans-serif\" font-size=\"13\" fill=\"#222\">\n",
                        "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n");
  svg += text(kLeft, 26, "font-size=\"16\" font-weight=\"bold\"", title_);
  svg += text(kLeft, kTop - 14, "", y_label_);
  svg += text((kLeft + kRight) / 2, kBottom + 44, "text-anchor=\"middle\"", x_label_);
  for (int i = 0; i * range.y_step <= range.y_most * 1.001; ++i) {
    const double y = range.y_pixel(i * range.y_step);
    svg += line(kLeft, y, kRight, y, i == 0 ? "#222" : "#ddd");
    svg += text(kLeft - 8, y + 4, "text-anchor=\"end\"", number(i * range.y_step));
  }
  for (int decade = range.first_decade; decade <= range.last_decade; ++decade) {
    const double x = range.x_pixel(std::pow(10, decade));
    svg += line(x, kBottom, x, kBottom + 6, "#222");
    svg += text(x, kBottom + 22, "text-anchor=\"middle\"", power_of_ten(decade));
  }
  double legend = kRight;
  for (size_t i = series_.size(); i-- > 0;) {
    const std::string_view color = kColors[i % kColors.size()];
    std::string corners;
    for (const auto& [x, y] : series_[i].points) {
      const double left = range.x_pixel(x), top = range.y_pixel(y);
      corners += cat(number(left), ",", number(top), " ");
      svg +=
          cat("<circle cx=\"", number(left), "\" cy=\"", number(top), "\" r=\"4\" fill=\"", color, "\"/>\n");
      svg += text(left, top + (is_highest(x, y) ? -9 : 18),
                  cat("text-anchor=\"middle\" font-size=\"11\" fill=\"", color, "\""), number(std::round(y)));
    }
    svg +=
        cat("<polyline points=\"", corners, "\" fill=\"none\" stroke-width=\"2\" stroke=\"", color, "\"/>\n");
    svg += text(legend, kTop - 14, cat("text-anchor=\"end\" font-weight=\"bold\" fill=\"", color, "\""),
                series_[i].name);
    legend -= 24 + 8 * static_cast<double>(series_[i].name.size());
  }
  return svg + "</svg>\n";
}

void Plot::write(const std::filesystem::path& path) const {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream file(path);
  file << svg();
  file.close();
  if (!file) throw std::runtime_error(cat("cannot write ", path.string()));
}

}  // namespace wherry::bench
