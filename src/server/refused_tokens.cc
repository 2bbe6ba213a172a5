#include "server/refused_tokens.h"

#include <algorithm>

namespace wherry::server {

bool RefusedTokens::refused(const std::string& address) {
  const Millis now = clock_();
  const std::lock_guard lock(mutex_);
  auto found = entries_.find(address);
  if (found == entries_.end()) {
    if (!make_room(now)) return false;
    found = entries_.emplace(address, Entry{}).first;
  }
  Entry& entry = found->second;
  if (now >= entry.until) entry = {.count = 0, .until = now + kWithin};
  // Refusals of connections that were there before do not turn the address away for longer.
  if (entry.count == kMost || ++entry.count < kMost) return false;
  entry.until = now + kTurnedAway;
  return true;
}

void RefusedTokens::accepted(const std::string& address) {
  const std::lock_guard lock(mutex_);
  entries_.erase(address);
}

Millis RefusedTokens::retry_after(const std::string& address) const {
  const Millis now = clock_();
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(address);
  if (found == entries_.end() || found->second.count < kMost) return {0};
  return std::max(found->second.until - now, Millis{0});
}

size_t RefusedTokens::addresses() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

// Looks for entries that have ended only when there is one: a flood must not make each refusal a search.
bool RefusedTokens::make_room(Millis now) {
  if (entries_.size() < kAddresses) return true;
  if (now < full_until_) return false;
  std::erase_if(entries_, [&](const auto& item) { return now >= item.second.until; });
  if (entries_.size() < kAddresses) return true;
  full_until_ = std::ranges::min_element(entries_, {}, [](const auto& item) {
                  return item.second.until;
                })->second.until;
  return false;
}

}  // namespace wherry::server
