#include "engine/refusal.h"

namespace wherry {

std::optional<Refusal> refusal_of(sqlite3* db) {
  const int code = sqlite3_extended_errcode(db);
  switch (code) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
      return Refusal{"constraint_unique", sqlite3_errmsg(db)};
    case SQLITE_CONSTRAINT_NOTNULL:
      return Refusal{"constraint_not_null", sqlite3_errmsg(db)};
    case SQLITE_CONSTRAINT_CHECK:
      return Refusal{"constraint_check", sqlite3_errmsg(db)};
    case SQLITE_CONSTRAINT_FOREIGNKEY:
      return Refusal{"constraint_foreign_key", sqlite3_errmsg(db)};
    default:
      break;
  }
  switch (code & 0xFF) {
    case SQLITE_CONSTRAINT:
      return Refusal{"constraint_other", sqlite3_errmsg(db)};
    case SQLITE_ERROR:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
    case SQLITE_RANGE:
    case SQLITE_AUTH:
      return Refusal{"handler_error", sqlite3_errmsg(db)};
    default:
      return std::nullopt;
  }
}

}  // namespace wherry
