// A replica of fuzz/app on a disk in memory, and what a server would say to it. It begins as a copy of a file
// that has had its first connection.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "fuzz/app.h"
#include "protocol/codec.h"
#include "replica/replica.h"
#include "sim/disk.h"

namespace wherry::fuzz {

// An id for the n-th command.
std::string id_of(int64_t number);

enum class Rebasing { kFast, kReference };

class ReplicaFile {
 public:
  explicit ReplicaFile(const std::string& disk, Rebasing rebasing = Rebasing::kFast,
                       sim::Metadata metadata = sim::Metadata::kOrdered, uint64_t seed = 1);

  Result<> open();
  void close() { replica.reset(); }
  // A connection whose server has said everything up to a first boundary at `seq`.
  Result<> connect(int64_t seq);
  Result<> say(const protocol::Message& message);
  // Executes as command `number`; the code of the refusal, empty if there is none.
  Result<std::string> execute(const Call& call, int64_t number);

  // Everything that an app or the next start sees of the file, a line per row.
  std::vector<std::string> picture();
  std::vector<Row> rows(const std::string& sql);

  sim::Disk disk;
  std::unique_ptr<Replica> replica;
  Millis now{1'700'000'000'000};

 private:
  Rebasing rebasing_;
};

// What the server says next, made from the fuzzer's bytes; `seq` is the head of its log, `pending` the
// commands that it may still answer.
class Story {
 public:
  explicit Story(Input& input) : input_(input) {}

  int64_t seq = 1;
  std::vector<std::string> pending;

  // Rows of each scope and answers. What is shown by `replica` comes back often, so that predictions come
  // true.
  protocol::Batch batch(ReplicaFile& replica);
  // Refuses all that is pending.
  protocol::Batch last();

 private:
  protocol::RowItem item(ReplicaFile& replica, int64_t scope);
  Input& input_;
};

}  // namespace wherry::fuzz
