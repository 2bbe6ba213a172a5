// Runs a command's handler in a database and says what it did. The same on both sides; the server adds the
// verdict on concurrent writes (workspace/arbitrate.h), a replica the re-running (replica/rebase.h).
// Thread: that of the database.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "bundle/authorizer.h"
#include "bundle/bundle.h"
#include "bundle/params.h"
#include "engine/delta.h"
#include "engine/footprint.h"
#include "engine/predicates.h"
#include "engine/rows.h"
#include "sqlite/database.h"

namespace wherry {

class DeferredTriggers;

enum class Side { kServer, kReplica };

// Everything a handler may depend on besides the tables.
struct Call {
  const Command* command = nullptr;
  std::string command_id;
  std::string user_id;
  std::vector<std::string> roles;  // as the token lists them; @role is the first, or NULL
  Millis client_timestamp;
  Millis now;  // the corrected time: @now
  BoundParams params;
};

// The server's say in a run: what the author may see, and who wins. The engine of a replica has none: what
// is on the device may be read, and only the server's verdict counts.
class Judge {
 public:
  virtual ~Judge() = default;
  // May he read this row, as access stands before the command?
  virtual Result<bool> may_read(size_t table, const Row& row) = 0;
  // The command has run and broken no restriction; all of it can still be taken back. May change the tables
  // and the delta alike (the verdict on concurrent writes) or refuse.
  virtual Result<std::optional<Refusal>> settle(const Call& call, Delta& delta) = 0;
  // With this delta: may he read each after-image as access stands before or after it?
  virtual Result<bool> admits(const Delta& delta) = 0;
};

struct Execution {
  std::optional<Refusal> refusal;  // if set, the tables are as before
  Delta delta;                     // empty when refused
  Footprint footprint;             // Side::kReplica only; also when refused
};

class Engine {
 public:
  // `db` has the bundle's tables; both must outlive the engine. Registers Wherry's SQL functions, installs
  // the authorizer, the pre-update hook and the deferred triggers on the connection for good; only `run` and
  // `check_again` are governed by the authorizer, and captured.
  static Result<std::unique_ptr<Engine>> create(sqlite::Database& db, const Bundle& bundle, Side side);
  ~Engine();

  // Runs the handler within the open transaction; refused, it leaves nothing behind: all restrictions in
  // their order, the writes, the checks on every changed row. Errors are faults of the database, never of the
  // command. If SQLite had to roll the whole transaction back (an interrupted write), the result is a refusal
  // with code limit_work or handler_error and db.in_transaction() is false: the caller starts the group again
  // without this command.
  Result<Execution> run(const Call& call, Judge* judge);

  // On a replica: whether a command with a checkable footprint, whose rows `added` stand, would be refused
  // now. If not, a run would do the same again. The delta is empty. Errors: as `run`.
  using Added = std::vector<std::pair<RowRef, std::optional<Row>>>;
  Result<Execution> check_again(const Call& call, const Added& added);

  // To be called when the tables have changed other than by runs (on a replica: at the beginning of each
  // transaction, and after confirmed rows were put), or a transaction was rolled back.
  void forget_parents();
  // Lets go of prepared handlers; they are prepared again when their commands come.
  void forget_handlers();
  // Writes the full-text indexes that runs and other changes of rows have left behind. To be called before
  // the transaction ends.
  Result<> run_deferred();
  // Of indexes that follow their rows.
  DeferredTriggers& deferred();

  // @entity_id and the log's entity_id: the key as text, a compound one as a JSON array; nothing without an
  // entity.
  std::optional<std::string> entity_id(const Call& call) const;
  std::optional<RowRef> entity(const Call& call) const;

  // The user that wherry_user() names outside of handlers: for views and the app's own queries.
  void set_user(std::string user_id);

  Rows& rows();
  Predicates& predicates();
  // The connection's only authorizer: to learn what an app's query reads.
  Authorizer& authorizer();
  const Bundle& bundle() const;

 private:
  class Impl;
  explicit Engine(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace wherry
