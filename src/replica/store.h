// The replica's file: who owns it, how SQLite keeps it, and Wherry's own tables in it (docs/STORAGE.md).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "bundle/bundle.h"
#include "sqlite/database.h"
#include "wherry/types.h"

namespace wherry {

enum class Sync { kFull, kNormal };

class Store {
 public:
  // In the file's header: that it is a replica's, and how it is laid out.
  static constexpr int64_t kApplicationId = 0x57727279;  // "Wrry"
  static constexpr int64_t kFormat = 5;
  static constexpr std::string_view kCommandsTable = R"(
CREATE TABLE wherry_commands(
  n INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  replica_seq INTEGER NOT NULL,
  name TEXT NOT NULL,
  data TEXT NOT NULL,
  entity_id TEXT,
  client_timestamp INTEGER NOT NULL,
  now INTEGER NOT NULL,
  base_seq INTEGER NOT NULL,
  user TEXT,
  state TEXT NOT NULL DEFAULT 'pending',
  seq INTEGER,
  code TEXT,
  message TEXT,
  lost TEXT,
  retry_of TEXT,
  dismissed INTEGER NOT NULL DEFAULT 0);
)";

  struct Options {
    std::string path;
    std::string vfs;  // empty: the default
    Sync sync = Sync::kFull;
    bool create = false;
  };
  // Errors: kBusy (another engine has the file), kNotFound, kCorrupt (not a replica's file), kIo.
  static Result<std::unique_ptr<Store>> open(const Options& options);

  // Replaces a damaged file that nobody has open; see salvage.h. Errors: as salvage_file(), kBusy.
  static Result<Salvaged> salvage(const Options& options);

  sqlite::Database& db() { return *db_; }
  // The bundle the tables are made from, if the server has sent one.
  Result<std::optional<Bundle>> load_bundle();
  Result<> store_bundle(std::string_view bytes);
  // From the next transaction on: commits survive a power loss, whatever was asked for at open.
  Result<> demand_durable();
  // Back to what was asked for.
  Result<> relax();
  // So that the file is not opened again before it was salvaged.
  void note_damaged();
  // Moves the WAL into the file and truncates it; kBusy when a reader stands in the way.
  Result<> checkpoint();

 private:
  Store(std::unique_ptr<sqlite::Database> lock, std::unique_ptr<sqlite::Database> db, Options options)
      : lock_(std::move(lock)), db_(std::move(db)), options_(std::move(options)) {}
  std::unique_ptr<sqlite::Database> lock_;
  std::unique_ptr<sqlite::Database> db_;
  const Options options_;
};

}  // namespace wherry
