#include "sim/damage.h"

#include <algorithm>
#include <cstring>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

namespace wherry::sim {

namespace {

constexpr int64_t kPage = 4096, kSector = 512, kHeader = 100;
constexpr size_t kUsable = kPage - 8;  // of a page, before its seal

using Pages = std::set<int64_t>;  // from 0 on

// Zero outside: what a planted bug has written may point anywhere.
unsigned char byte_at(std::string_view bytes, size_t at) {
  return at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0;
}

size_t big_endian(std::string_view bytes, size_t at, size_t size) {
  size_t number = 0;
  for (size_t i = at; i < at + size; ++i) number = number << 8 | byte_at(bytes, i);
  return number;
}

// A number of up to nine bytes, and `at` moves behind it.
uint64_t varint(std::string_view bytes, size_t& at) {
  uint64_t number = 0;
  for (int i = 0; i < 9; ++i) {
    const unsigned char byte = byte_at(bytes, at++);
    if (i == 8) return number << 8 | byte;
    number = number << 7 | (byte & 0x7f);
    if (byte < 0x80) break;
  }
  return number;
}

// Brings into the file what its write-ahead log holds, and says which pages that is. Source: SQLite's file
// format, 4.
Pages apply_log(std::string& file, std::string_view log) {
  constexpr size_t kLogHeader = 32, kFrameHeader = 24, kFrame = kFrameHeader + kPage;
  const auto is_current = [&](size_t at) { return log.substr(at + 8, 8) == log.substr(16, 8); };
  Pages pages;
  std::vector<size_t> frames;  // of a transaction whose end is to come
  for (size_t at = kLogHeader; at + kFrame <= log.size() && is_current(at); at += kFrame) {
    frames.push_back(at);
    if (big_endian(log, at + 4, 4) == 0) continue;
    for (const size_t frame : std::exchange(frames, {})) {
      const size_t page = big_endian(log, frame, 4) - 1;
      file.resize(std::max(file.size(), (page + 1) * kPage));
      file.replace(page * kPage, kPage, log.substr(frame + kFrameHeader, kPage));
      pages.insert(static_cast<int64_t>(page));
    }
  }
  return pages;
}

// Whether the chain of overflow pages that begins at this one (counted from 1) has one of these.
bool reaches(std::string_view file, size_t page, const Pages& pages) {
  const size_t count = file.size() / kPage;
  for (size_t i = 0; i < count && page != 0 && page <= count; ++i) {
    if (pages.contains(static_cast<int64_t>(page) - 1)) return true;
    page = big_endian(file, (page - 1) * kPage, 4);
  }
  return false;
}

// What leaves of tables hold of the rows that go on in these pages. Source: SQLite's file format, 1.6.
std::string rows_into(std::string_view file, const Pages& pages) {
  constexpr unsigned char kLeaf = 13;
  constexpr size_t kLocalMost = kUsable - 35, kLocalLeast = (kUsable - 12) * 32 / 255 - 23;
  std::string rows;
  for (size_t page = kPage; page + kPage <= file.size(); page += kPage) {
    if (static_cast<unsigned char>(file[page]) != kLeaf) continue;
    for (size_t cell = 0; cell < big_endian(file, page + 3, 2); ++cell) {
      size_t at = page + big_endian(file, page + 8 + 2 * cell, 2);
      const size_t payload = varint(file, at);
      (void)varint(file, at);  // its number
      if (payload <= kLocalMost) continue;
      const size_t fitting = kLocalLeast + (payload - kLocalLeast) % (kUsable - 4);
      const size_t local = fitting <= kLocalMost ? fitting : kLocalLeast;
      if (reaches(file, big_endian(file, at + local, 4), pages))
        rows += file.substr(std::min(at, file.size()), local);
    }
  }
  return rows;
}

}  // namespace

Damaged damage(std::string bytes, std::string_view log, Random& random) {
  const auto size = static_cast<int64_t>(bytes.size());
  const int64_t pages = size / kPage;
  if (pages < 2) return {std::move(bytes), {}, false};
  const std::string before = bytes;
  Pages hit;
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
  std::string whole = before;
  for (const int64_t page : apply_log(whole, log)) hit.erase(page);
  result.lost += rows_into(whole, hit);
  return result;
}

}  // namespace wherry::sim
