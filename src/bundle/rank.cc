#include <xxhash.h>

#include <algorithm>

#include "bundle/functions.h"

namespace wherry {

namespace {

// A rank is a fraction in base 62, its digits in byte order. Between two neighbours the middle is taken; at
// an open end a step of one at the fourth digit, so that a list that only ever grows keeps short ranks.
constexpr std::string_view kDigits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr int kBase = 62;
constexpr size_t kStepDigits = 4;
constexpr size_t kTailDigits = 8;

// The digits of the text up to the first character that is none; zeros at the end say nothing.
std::vector<int> digits_of(std::string_view text) {
  std::vector<int> digits;
  for (const char c : text) {
    const size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) break;
    digits.push_back(static_cast<int>(digit));
  }
  while (!digits.empty() && digits.back() == 0) digits.pop_back();
  return digits;
}

int digit_at(const std::vector<int>& digits, size_t at) {
  return at < digits.size() ? digits[at] : 0;
}

// The first `count` digits, plus `more` at the last of them. There must be no overflow.
std::string plus(std::vector<int> digits, size_t count, int64_t more) {
  digits.resize(count);
  for (size_t i = count; i-- > 0 && more != 0;) {
    int64_t sum = digits[i] + more;
    more = sum >= 0 ? sum / kBase : -((kBase - 1 - sum) / kBase);
    sum -= more * kBase;
    digits[i] = static_cast<int>(sum);
  }
  std::string text;
  for (const int digit : digits) text.push_back(kDigits[static_cast<size_t>(digit)]);
  return text;
}

// Greater than every text that begins as the digits do.
std::string step_up(const std::vector<int>& digits) {
  size_t count = kStepDigits;
  const auto all_last = [&] {
    for (size_t i = 0; i < count; ++i)
      if (digit_at(digits, i) != kBase - 1) return false;
    return true;
  };
  while (all_last()) count += kStepDigits;
  return plus(digits, count, 1);
}

// Less than the digits, which are not empty, and no beginning of them.
std::string step_down(const std::vector<int>& digits) {
  size_t count = kStepDigits;
  const auto all_zero = [&] {
    for (size_t i = 0; i < count; ++i)
      if (digit_at(digits, i) != 0) return false;
    return true;
  };
  while (all_zero()) count += kStepDigits;
  return plus(digits, count, -1);
}

std::string middle(const std::vector<int>& a, const std::vector<int>& b) {
  int64_t difference = 0;
  for (size_t count = 1;; ++count) {
    difference = difference * kBase + digit_at(b, count - 1) - digit_at(a, count - 1);
    if (difference >= 2) return plus(a, count, difference / 2);
  }
}

std::string tail_of(std::string_view tie) {
  uint64_t hash = XXH3_64bits(tie.data(), tie.size());
  std::string tail;
  for (size_t i = 1; i < kTailDigits; ++i, hash /= kBase) tail.push_back(kDigits[hash % kBase]);
  tail.push_back(kDigits[1 + hash % (kBase - 1)]);
  return tail;
}

}  // namespace

std::string rank_between(std::string_view a, std::string_view b, std::string_view tie) {
  const std::vector<int> low = digits_of(a), high = digits_of(b);
  std::string rank;
  if (a.empty() && b.empty())
    rank = plus({kBase / 2}, kStepDigits, 0);
  else if (b.empty())
    rank = step_up(low);
  else if (low >= high)
    rank = std::string(a);
  else if (a.empty())
    rank = step_down(high);
  else
    rank = middle(low, high);
  return rank + tail_of(tie);
}

}  // namespace wherry
