#include "bundle/report.h"

#include <algorithm>
#include <tuple>

#include "base/text.h"

namespace wherry {

namespace {

// Insertions, deletions, substitutions and swaps of neighbours. Source: Damerau 1964, in its restricted form.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> d(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i)
    for (size_t j = 1; j <= b.size(); ++j) {
      d[i][j] =
          std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0u : 1u)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  return d[a.size()][b.size()];
}

}  // namespace

std::string Mistake::text() const {
  return cat(file, line > 0 ? cat(":", line) : std::string(), ": ", problem, ". ", cure);
}

void Report::add(const Place& place, std::string problem, std::string cure) {
  mistakes_.push_back({place.file, place.line, std::move(problem), std::move(cure)});
}

std::vector<Mistake> Report::take() {
  const auto key = [](const Mistake& m) { return std::tie(m.file, m.line, m.problem, m.cure); };
  std::ranges::sort(mistakes_, {}, key);
  const auto same = [&](const Mistake& a, const Mistake& b) { return key(a) == key(b); };
  mistakes_.erase(std::ranges::unique(mistakes_, same).begin(), mistakes_.end());
  return std::move(mistakes_);
}

std::string did_you_mean(std::string_view name, const std::vector<std::string>& candidates,
                         std::string otherwise) {
  constexpr size_t kLongest = 64;
  const std::string* best = nullptr;
  size_t nearest = std::max<size_t>(1, name.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    if (name.size() > kLongest || candidate.size() > kLongest) continue;
    const size_t distance = edit_distance(name, candidate);
    if (distance == 0 || distance >= nearest) continue;
    nearest = distance;
    best = &candidate;
  }
  return best == nullptr ? std::move(otherwise) : cat("Did you mean `", *best, "`?");
}

bool is_plain_name(std::string_view name, bool dots) {
  if (name.size() > 100) return false;
  bool start = true;
  for (const char c : name) {
    if (start ? !(c >= 'a' && c <= 'z')
              : !((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || (c == '.' && dots)))
      return false;
    start = c == '.';
  }
  return !start;
}

}  // namespace wherry
