// Collects the mistakes of a bundle while it is compiled.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bundle/compile.h"

namespace wherry {

// A line of one of the bundle's files.
struct Place {
  std::string file;
  int line = 0;
};

class Report {
 public:
  void add(const Place& place, std::string problem, std::string cure);
  bool empty() const { return mistakes_.empty(); }
  // Sorted by file and line, each once.
  std::vector<Mistake> take();

 private:
  std::vector<Mistake> mistakes_;
};

// "Did you mean `messages`?" when one of the candidates is near enough, else `otherwise`.
std::string did_you_mean(std::string_view name, const std::vector<std::string>& candidates,
                         std::string otherwise);

// [a-z][a-z0-9_]* and, with `dots`, such names joined by dots.
bool is_plain_name(std::string_view name, bool dots = false);

}  // namespace wherry
