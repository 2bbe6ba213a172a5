#include "sim/damage.h"

#include <algorithm>
#include <cstring>
#include <set>

namespace wherry::sim {

namespace {

constexpr int64_t kPage = 4096, kSector = 512, kHeader = 100;

}  // namespace

Damaged damage(std::string bytes, Random& random) {
  const auto size = static_cast<int64_t>(bytes.size());
  const int64_t pages = size / kPage;
  if (pages < 2) return {std::move(bytes), {}, false};
  const std::string before = bytes;
  std::set<int64_t> hit;
  const auto page_at = [&](int64_t page) { return bytes.data() + page * kPage; };
  switch (random.below(5)) {
    case 0:
      for (int64_t n = random.between(1, 8); n > 0; --n) {
        const int64_t at = random.between(kHeader, size - 1);
        bytes[static_cast<size_t>(at)] =
            static_cast<char>(bytes[static_cast<size_t>(at)] ^ 1 << random.below(8));
        hit.insert(at / kPage);
      }
      break;
    case 1: {
      const int64_t page = random.below(pages), sector = random.between(1, kPage / kSector - 2);
      std::memset(page_at(page) + sector * kSector, 0, kSector);
      hit.insert(page);
      break;
    }
    case 2: {
      const int64_t page = random.between(1, pages - 1);
      std::memset(page_at(page), 0, kPage);
      hit.insert(page);
      break;
    }
    case 3: {
      const int64_t one = random.between(1, pages - 1), other = random.between(1, pages - 1);
      std::swap_ranges(page_at(one), page_at(one) + kPage, page_at(other));
      hit.insert({one, other});
      break;
    }
    default: {
      const int64_t left = random.between(kPage, size);
      bytes.resize(static_cast<size_t>(left));
      for (int64_t page = left / kPage; page < pages; ++page) hit.insert(page);
      break;
    }
  }
  Damaged result{std::move(bytes), {}, hit.contains(0)};
  for (const int64_t page : hit) result.lost += before.substr(static_cast<size_t>(page * kPage), kPage);
  return result;
}

}  // namespace wherry::sim
