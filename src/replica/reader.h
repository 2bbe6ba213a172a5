// Looks into a replica's file without taking it: works beside a running engine and when there is none.
// Thread: one at a time. Each call sees what was committed when it began.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "wherry/types.h"

namespace wherry {

class ReplicaReader {
 public:
  // kNotFound, kCorrupt (not a replica's file), kVersion, kIo.
  static Result<std::unique_ptr<ReplicaReader>> open(const std::string& path, const std::string& vfs = {});
  ~ReplicaReader();
  // One statement that only reads (else kSql), over the visible rows. kBusy: it reads a full-text index that
  // lacks rows, which only the engine that has the file can add.
  Result<QueryResult> query(std::string_view sql, const Row& parameters = {});
  // `connected` and `synced` are matters of the engine that has the file, if any: they stay false.
  Result<ReplicaStatus> status();
  Result<std::vector<OwnCommand>> commands();
  // The canonical dump of the confirmed rows.
  Result<> dump(const std::function<Result<>(std::string_view line)>& each);

 private:
  class Impl;
  explicit ReplicaReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace wherry
