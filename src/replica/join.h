// From row items to the confirmed state of rows: versions, and through which scopes each row is held.
// Joining twice changes nothing; what a row becomes is only noted here, rebase.h makes it visible.
#pragma once

#include <unordered_map>
#include <vector>

#include "protocol/messages.h"
#include "replica/held.h"
#include "replica/images.h"
#include "replica/rebase.h"

namespace wherry {

class Joiner {
 public:
  // `app` may be missing as long as there are no items.
  Joiner(sqlite::Database& db, App* app, Images& images)
      : db_(db),
        app_(app),
        images_(images),
        version_(db, "SELECT max(seq) FROM wherry_rows WHERE tbl = ?1 AND key = ?2"),
        hold_(db, "INSERT INTO wherry_rows(tbl, key, scope, seq) VALUES(?1, ?2, ?3, ?4)"),
        hold_again_(db,
                    "INSERT INTO wherry_rows(tbl, key, scope, seq) VALUES(?1, ?2, ?3, ?4)"
                    " ON CONFLICT DO UPDATE SET seq = max(seq, ?4)") {}

  // Errors: kProtocol for items that do not fit the bundle.
  Result<> items(const Scope& scope, std::vector<protocol::RowItem> items);
  // Rows held only through these incarnations go.
  Result<> drop(const std::vector<int64_t>& incarnations);

  // In the order of each row's last news; once.
  std::vector<ConfirmedChange> take_changes();
  Seq seen() const { return seen_; }

 private:
  struct News {
    ConfirmedChange change;
    int64_t order = 0;
  };
  Result<> put(const Scope& scope, size_t table, protocol::RowItem& item);
  Result<> set(const Scope& scope, size_t table, const protocol::RowItem& item);
  Result<> gone(const Scope& scope, size_t table, const protocol::RowItem& item);
  Result<std::optional<Seq>> version(const RowRef& ref);
  Result<> hold(sqlite::FixedStatement& how, const Scope& scope, const RowRef& ref, Seq seq);
  Result<std::optional<Row>> confirmed(const RowRef& ref);
  Result<> become(const RowRef& ref, std::optional<Row> row);
  void note(const RowRef& ref, std::optional<Row> before, std::optional<Row> now);
  int64_t id_of(const RowRef& ref) const { return app_->table(ref.table).id; }

  sqlite::Database& db_;
  App* app_;
  Images& images_;
  sqlite::FixedStatement version_, hold_, hold_again_;  // `hold_`: of a row that is held through no scope
  std::vector<News> news_;
  std::unordered_map<RowRef, size_t, RowRefHash> places_;  // of rows in news_
  int64_t order_ = 0;
  Seq seen_;
};

}  // namespace wherry
