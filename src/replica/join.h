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
  Joiner(sqlite::Database& db, App* app, Images& images) : db_(db), app_(app), images_(images) {}

  // Errors: kProtocol for items that do not fit the bundle.
  Result<> items(const Scope& scope, const std::vector<protocol::RowItem>& items);
  // Rows held only through these incarnations go.
  Result<> drop(const std::vector<int64_t>& incarnations);

  // In the order of each row's last news.
  std::vector<ConfirmedChange> changes() const;
  Seq seen() const { return seen_; }

 private:
  struct News {
    ConfirmedChange change;
    int64_t order = 0;
  };
  Result<> put(const Scope& scope, size_t table, const protocol::RowItem& item);
  Result<> set(const Scope& scope, size_t table, const protocol::RowItem& item);
  Result<> gone(const Scope& scope, size_t table, const protocol::RowItem& item);
  Result<std::optional<Seq>> version(const RowRef& ref);
  Result<> hold(const Scope& scope, const RowRef& ref, Seq seq);
  Result<std::optional<Row>> confirmed(const RowRef& ref);
  Result<> become(const RowRef& ref, std::optional<Row> row);
  Value id_of(const RowRef& ref) const { return Value(int64_t{app_->table(ref.table).id}); }

  sqlite::Database& db_;
  App* app_;
  Images& images_;
  std::unordered_map<RowRef, News, RowRefHash> news_;
  int64_t order_ = 0;
  Seq seen_;
};

}  // namespace wherry
