// A command's statements, prepared once per engine, with what each is known to read and write.
#pragma once

#include <memory>
#include <vector>

#include "bundle/authorizer.h"
#include "bundle/bundle.h"
#include "engine/capture.h"
#include "engine/deferred.h"
#include "engine/footprint.h"
#include "sqlite/database.h"

namespace wherry {

// Where a statement's parameter gets its value.
struct Binding {
  enum class Source { kParam, kUser, kRole, kCommandId, kEntityId, kClientTimestamp, kNow, kData } source;
  size_t param = 0;  // kParam: index into Command::params
};

struct HandlerStatement {
  sqlite::Statement statement;
  std::vector<Binding> bindings;  // of parameters 1, 2, …
  std::vector<WriteIntent> intents;
  std::vector<TableRead> reads;  // filled for replicas only
  bool reads_deferred = false;   // a table that deferred triggers fill
};

struct Handler {
  std::vector<HandlerStatement> statements;
  // Its effect can be taken back by its delta alone: one statement writes, it deletes nothing and changes no
  // key, and where it writes the rows can be put back one by one.
  bool undoable = false;
  bool writes_parents = false;  // tables that others name as theirs
  bool reads_deferred = false;  // any of its statements
  bool deletes_from(size_t table) const;

  // Errors: kBundle when a statement does not prepare or does what handlers may not.
  static Result<std::unique_ptr<Handler>> prepare(sqlite::Database& db, Authorizer& authorizer,
                                                  const Bundle& bundle, const Command& command,
                                                  const Deferral& deferral, bool with_reads);
};

// The text with OR FAIL, if it inserts or updates and says nothing of conflicts itself: the rows that it
// changes before one fails stay, for the engine to put back. With OR ABORT, its default, SQLite copies every
// page that it touches, if it has triggers.
std::string keep_what_was_done(const std::string& sql);

// `ON CONFLICT DO NOTHING` hides from the hook that the row was added again, and with it a later `add` that
// should outrank a `remove`. This says the same as an update that changes nothing: the text with
// `DO UPDATE SET key = key`, or the text itself where the conflict may be another one than the key's.
std::string show_ignored_conflict(const std::string& sql, const Bundle& bundle,
                                  const StatementAccess& access);

}  // namespace wherry
