// What the benchmarks do to the example app: its commands, and texts that look like chat.
#pragma once

#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <string_view>

#include "base/id.h"
#include "bundle/bundle.h"
#include "sqlite/database.h"

namespace wherry::bench {

// Folders of bundles, from the root of the source.
inline constexpr const char* kChat = "examples/chat";
inline constexpr const char* kTracker = "tests/tracker";

// Throws when it cannot be read.
std::shared_ptr<const Bundle> bundle_in(const std::string& folder);

// SQLite alone: a new file with the app's table of messages and its indexes, but for the full-text index.
std::unique_ptr<sqlite::Database> bare_messages(const std::filesystem::path& file);
// Adds that, filled, with the triggers that keep it.
void add_full_text(sqlite::Database& bare);

// Everything random in a benchmark, from one seed.
class Dice {
 public:
  explicit Dice(uint64_t seed) : engine_(seed) {}
  Dice(const Dice&) = delete;  // entropy() refers to it
  Dice& operator=(const Dice&) = delete;
  size_t below(size_t n) { return std::uniform_int_distribution<size_t>(0, n - 1)(engine_); }
  // Zipf over 0 … n - 1 with exponent 1: the first is the most frequent.
  size_t zipf(size_t n);
  // A message of about so many bytes: English words in about their frequencies, some never seen before.
  std::string text(size_t about);
  std::string uuid(Millis now) { return uuids_.make(now).text(); }
  Entropy entropy();

 private:
  std::mt19937_64 engine_;
  UuidMaker uuids_{entropy()};
};

// Parameters of commands as JSON. The texts must need no escapes.
std::string post(std::string_view id, std::string_view channel, std::string_view body);
std::string edit(std::string_view id, std::string_view body);
std::string user_name(size_t i);

}  // namespace wherry::bench
