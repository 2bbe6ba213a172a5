#include "bench/chat.h"

#include <array>
#include <cmath>
#include <stdexcept>

#include "base/text.h"
#include "bench/basics.h"
#include "bundle/compile.h"
#include "server/data_folder.h"

namespace wherry::bench {

namespace {

// In order of frequency, roughly.
constexpr std::array<std::string_view, 160> kWords = {
    "the",     "to",       "and",      "of",      "a",         "in",        "is",       "it",      "you",
    "that",    "for",      "on",       "with",    "this",      "we",        "be",       "have",    "are",
    "not",     "as",       "at",       "but",     "can",       "if",        "or",       "so",      "do",
    "what",    "there",    "all",      "from",    "just",      "was",       "they",     "like",    "will",
    "would",   "my",       "about",    "when",    "which",     "one",       "get",      "some",    "by",
    "more",    "think",    "out",      "up",      "how",       "know",      "me",       "your",    "work",
    "then",    "time",     "no",       "make",    "use",       "need",      "should",   "now",     "could",
    "only",    "see",      "want",     "right",   "because",   "way",       "good",     "thanks",  "than",
    "other",   "them",     "also",     "any",     "maybe",     "our",       "been",     "has",     "its",
    "really",  "still",    "always",   "where",   "something", "after",     "new",      "well",    "here",
    "sure",    "people",   "look",     "first",   "problem",   "go",        "back",     "same",    "did",
    "had",     "those",    "try",      "into",    "thing",     "much",      "today",    "does",    "before",
    "version", "code",     "file",     "test",    "write",     "server",    "change",   "again",   "tomorrow",
    "list",    "function", "better",   "error",   "meeting",   "question",  "already",  "number",  "might",
    "call",    "without",  "every",    "point",   "long",      "add",       "read",     "since",   "old",
    "fix",     "line",     "page",     "while",   "found",     "wrong",     "start",    "able",    "quite",
    "example", "around",   "running",  "another", "probably",  "different", "together", "release", "library",
    "message", "channel",  "customer", "update",  "available", "yesterday", "document"};

bool is_of_messages(const std::string& sql) {
  return sql.find("messages") != std::string::npos;
}
bool is_of_full_text(const std::string& sql) {
  return sql.find("messages_fts") != std::string::npos;
}

template <typename Which>
void run_ddl(sqlite::Database& db, Which which) {
  const auto bundle = bundle_in(kChat);
  for (const std::string& statement : bundle->ddl)
    if (which(statement)) expect(db.execute(statement));
}

}  // namespace

std::shared_ptr<const Bundle> bundle_in(const std::string& folder) {
  const auto files = server::read_bundle_folder(cat(WHERRY_SOURCE_DIR "/", folder));
  if (!files) throw std::runtime_error(files.error().text());
  Compiled compiled = compile_bundle(*files);
  if (!compiled.mistakes.empty())
    throw std::runtime_error(cat("the bundle ", folder, " has mistakes: wherry check"));
  return std::make_shared<const Bundle>(std::move(compiled.bundle));
}

std::unique_ptr<sqlite::Database> bare_messages(const std::filesystem::path& file) {
  auto db = expect(sqlite::Database::open(file, sqlite::Access::kReadWriteCreate));
  expect(db->execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -16000"));
  run_ddl(*db, [](const std::string& sql) { return is_of_messages(sql) && !is_of_full_text(sql); });
  return db;
}

void add_full_text(sqlite::Database& bare) {
  run_ddl(bare, is_of_full_text);
  expect(bare.execute("INSERT INTO messages_fts(messages_fts) VALUES('rebuild')"));
}

Entropy Dice::entropy() {
  return [this](std::span<uint8_t> out) {
    for (uint8_t& byte : out) byte = static_cast<uint8_t>(engine_());
  };
}

// The inverse of the harmonic sum, which the logarithm comes near enough.
size_t Dice::zipf(size_t n) {
  const double u = std::uniform_real_distribution<double>(0, 1)(engine_);
  return std::min(n - 1, static_cast<size_t>(std::pow(static_cast<double>(n), u)) - 1);
}

std::string Dice::text(size_t about) {
  std::string text;
  while (text.size() + 4 < about) {
    if (!text.empty()) text += ' ';
    if (below(6) > 0) {
      text += kWords[zipf(kWords.size())];
      continue;
    }
    for (size_t syllables = 2 + below(2); syllables > 0; --syllables) {
      text += "bcdfghklmnprstvw"[below(16)];
      text += "aeiou"[below(5)];
      if (below(3) == 0) text += "nrstl"[below(5)];
    }
  }
  return text;
}

std::string post(std::string_view id, std::string_view channel, std::string_view body) {
  return cat(R"({"id":")", id, R"(","channel_id":")", channel, R"(","body":")", body, R"("})");
}

std::string edit(std::string_view id, std::string_view body) {
  return cat(R"({"id":")", id, R"(","body":")", body, R"("})");
}

std::string user_name(size_t i) {
  return cat("user", i);
}

}  // namespace wherry::bench
