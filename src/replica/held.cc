#include "replica/held.h"

#include "base/msgpack.h"

namespace wherry {

namespace {

std::string pack(const std::vector<int64_t>& numbers) {
  std::string bytes;
  msgpack::Writer writer(bytes);
  writer.array(numbers.size());
  for (const int64_t number : numbers) writer.integer(number);
  return bytes;
}

Result<std::vector<int64_t>> unpack(std::string_view bytes) {
  msgpack::Reader reader(bytes);
  TRY_ASSIGN(const size_t count, reader.array(bytes.size()));
  std::vector<int64_t> numbers;
  for (size_t i = 0; i < count; ++i) {
    TRY_ASSIGN(const int64_t number, reader.integer());
    numbers.push_back(number);
  }
  return numbers;
}

}  // namespace

std::vector<int64_t> Scope::incarnations() const {
  std::vector<int64_t> all = earlier;
  if (incarnation != 0) all.push_back(incarnation);
  return all;
}

Result<> Held::load() {
  scopes_.clear();
  by_name_.clear();
  TRY_ASSIGN(
      sqlite::Statement * read,
      db_.cached(
          "SELECT id, name, on_demand, wanted, complete, incarnation, earlier, at_boundary, position, after"
          " FROM wherry_scopes"));
  while (true) {
    TRY_ASSIGN(const bool more, read->step());
    if (!more) break;
    Scope scope;
    scope.id = read->integer(0);
    scope.name = read->text(1);
    scope.on_demand = read->integer(2) != 0;
    scope.wanted = read->integer(3) != 0;
    scope.complete = read->integer(4) != 0;
    scope.incarnation = read->integer(5);
    auto earlier = unpack(read->blob(6));
    if (!earlier) return fail(ErrorCode::kCorrupt, "a scope's record is malformed");
    scope.earlier = *std::move(earlier);
    scope.at_boundary = read->integer(7) != 0;
    scope.position = {read->integer(8)};
    scope.after = read->blob(9);
    by_name_.emplace(scope.name, scope.id);
    scopes_.emplace(scope.id, std::move(scope));
  }
  read->reset();
  return {};
}

Scope* Held::find(int64_t id) {
  const auto at = scopes_.find(id);
  return at == scopes_.end() ? nullptr : &at->second;
}

Scope* Held::find(std::string_view name) {
  const auto at = by_name_.find(name);
  return at == by_name_.end() ? nullptr : find(at->second);
}

std::vector<int64_t> Held::ids() const {
  std::vector<int64_t> ids;
  for (const auto& [id, scope] : scopes_) ids.push_back(id);
  return ids;
}

Result<Scope*> Held::grant(const std::string& name, bool on_demand) {
  if (Scope* known = find(name)) {
    if (known->on_demand != on_demand) {
      known->on_demand = on_demand;
      if (!on_demand) known->wanted = true;
      TRY(save(*known));
    }
    return known;
  }
  TRY(
      db_.run("INSERT INTO wherry_scopes(name, on_demand, wanted, incarnation, earlier, complete, "
              "at_boundary, position, after)"
              " VALUES(?1, ?2, ?3, 0, ?4, 0, 0, 0, x'')",
              {Value(name), Value(int64_t{on_demand}), Value(int64_t{!on_demand}), Value(Blob{pack({})})}));
  Scope scope;
  scope.id = sqlite3_last_insert_rowid(db_.handle());
  scope.name = name;
  scope.on_demand = on_demand;
  scope.wanted = !on_demand;
  by_name_.emplace(name, scope.id);
  return &scopes_.emplace(scope.id, std::move(scope)).first->second;
}

Result<> Held::save(const Scope& scope) {
  return db_.run(
      "UPDATE wherry_scopes SET on_demand = ?2, wanted = ?3, complete = ?4, incarnation = ?5, earlier = ?6,"
      " at_boundary = ?7, position = ?8, after = ?9 WHERE id = ?1",
      {Value(scope.id), Value(int64_t{scope.on_demand}), Value(int64_t{scope.wanted}),
       Value(int64_t{scope.complete}), Value(scope.incarnation), Value(Blob{pack(scope.earlier)}),
       Value(int64_t{scope.at_boundary}), Value(scope.position.number), Value(Blob{scope.after})});
}

Result<> Held::remove(int64_t id) {
  const auto at = scopes_.find(id);
  if (at == scopes_.end()) return {};
  by_name_.erase(at->second.name);
  scopes_.erase(at);
  return db_.run("DELETE FROM wherry_scopes WHERE id = ?1", {Value(id)});
}

}  // namespace wherry
