// The log of a workspace: appended to, never changed. Each entry's hash covers the one before.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "protocol/messages.h"
#include "sqlite/database.h"
#include "workspace/workspace.h"

namespace wherry::workspace {

struct Record {
  Seq seq;
  std::string id;
  std::string user_id;
  std::optional<std::string> entity_id;
  std::string name;
  std::string data;  // JSON
  Millis client_timestamp, received, handled;
  std::optional<std::string> replica_id;
  int64_t replica_seq = 0;
  Seq base_seq;
  std::string epoch;
  int64_t schema_version = 0;
  std::string roles;         // JSON array, empty: none
  std::string submitted_by;  // empty: the author himself
  Stamp stamp;
  protocol::Outcome outcome = protocol::Outcome::kApplied;
  std::string code, message;
  std::string lost;    // MessagePack: lost cells
  std::string delta;   // engine/delta.h
  std::string scopes;  // JSON array of scope ids the command touched
};

class Log {
 public:
  Log(sqlite::Database& db, Hasher hasher, Entropy entropy);

  // Reads head, hash and greatest stamp from the database; also after a rollback.
  Result<> reload();
  Result<> append(Record record);

  Seq head() const { return head_; }
  const std::string& hash() const { return hash_; }
  Stamp greatest_stamp() const { return greatest_; }
  // The greatest stamp of the log up to `seq`.
  Result<Stamp> greatest_stamp(Seq seq);
  // Stamp and id of the command at `seq`: what last write wins compares.
  struct Writer {
    Stamp stamp;
    std::string id;
    auto operator<=>(const Writer&) const = default;
  };
  Result<Writer> writer(Seq seq);
  Result<std::optional<std::string>> hash_at(Seq seq);

  struct Stored {
    protocol::Answer answer;
    std::string user_id;
    std::string submitted_by;
    std::string delta;
  };
  Result<std::optional<Stored>> find(const std::string& command_id);
  // The commands of a replica with a number above `replica_seq`, in order.
  Result<std::vector<Stored>> of_replica(const std::string& replica_id, int64_t replica_seq, int64_t most);

 private:
  sqlite::Database& db_;
  Hasher hasher_;
  Entropy entropy_;
  Seq head_;
  Stamp greatest_;
  std::string hash_;
  sqlite::FixedStatement append_, find_, writer_;
  std::optional<std::pair<Seq, Stamp>> asked_;  // the last answer of greatest_stamp()
};

protocol::Outcome outcome_from(std::string_view text);

// The hash of an entry: over the previous hash, its fixed columns, and the salted digests of data and delta.
// `fixed` is the MessagePack array of the columns in the order of docs/STORAGE.md.
std::string chain_hash(const Hasher& hasher, std::string_view previous, std::string_view fixed,
                       std::string_view salt, std::string_view data, std::string_view delta);
std::string fixed_columns(const Record& record);

std::string encode_lost(const std::vector<protocol::LostCell>& lost);
std::vector<protocol::LostCell> decode_lost(std::string_view bytes);

}  // namespace wherry::workspace
