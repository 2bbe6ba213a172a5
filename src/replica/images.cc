#include "replica/images.h"

#include "base/limits.h"
#include "base/msgpack.h"

namespace wherry {

namespace {

Value id_of(const App& app, const RowRef& ref) {
  return Value(int64_t{app.table(ref.table).id});
}
Value key_of(const RowRef& ref) {
  return Value(Blob{ref.key});
}

Value encode(const Images::Image& row) {
  if (!row) return {};
  Blob blob;
  msgpack::Writer(blob.bytes).row(*row);
  return Value(std::move(blob));
}

Result<Images::Image> decode(const Value& value) {
  if (value.is_null()) return std::nullopt;
  if (value.blob() == nullptr) return fail(ErrorCode::kCorrupt, "a row image is no blob");
  msgpack::Reader reader(value.blob()->bytes);
  Result<Row> row = reader.row(limits::kTableColumns);
  if (!row) return fail(ErrorCode::kCorrupt, "a row image is malformed");
  return *std::move(row);
}

// Rows of (tbl, key, row). Those of tables that the bundle lacks are left out.
template <typename Each>
Result<> each_image(sqlite::Database& db, const App& app, std::string_view sql, Each each) {
  TRY_ASSIGN(const std::vector<Row> rows, db.rows(sql));
  for (const Row& row : rows) {
    std::optional<RowRef> ref = app.ref_of(row[0], row[1]);
    if (!ref) continue;
    TRY_ASSIGN(Images::Image image, decode(row[2]));
    each(*std::move(ref), std::move(image));
  }
  return {};
}

}  // namespace

Result<std::optional<Images::Image>> Images::base(const App& app, const RowRef& ref) {
  TRY_ASSIGN(
      const std::optional<Value> value,
      db_.value("SELECT row FROM wherry_base WHERE tbl = ?1 AND key = ?2", {id_of(app, ref), key_of(ref)}));
  if (!value) return std::nullopt;
  TRY_ASSIGN(Image image, decode(*value));
  return std::optional<Image>(std::in_place, std::move(image));
}

Result<> Images::keep_base(const App& app, const RowRef& ref, const Image& row) {
  return db_.run("INSERT INTO wherry_base(tbl, key, row) VALUES(?1, ?2, ?3) ON CONFLICT DO NOTHING",
                 {id_of(app, ref), key_of(ref), encode(row)});
}

Result<> Images::replace_base(const App& app, const RowRef& ref, const Image& row) {
  return db_.run("UPDATE wherry_base SET row = ?3 WHERE tbl = ?1 AND key = ?2",
                 {id_of(app, ref), key_of(ref), encode(row)});
}

Result<> Images::remove_base(const App& app, const RowRef& ref) {
  return db_.run("DELETE FROM wherry_base WHERE tbl = ?1 AND key = ?2", {id_of(app, ref), key_of(ref)});
}

Result<> Images::remove_all_bases() {
  return db_.run("DELETE FROM wherry_base");
}

Result<std::vector<std::pair<RowRef, Images::Image>>> Images::bases(const App& app) {
  std::vector<std::pair<RowRef, Image>> found;
  TRY(each_image(db_, app, "SELECT tbl, key, row FROM wherry_base ORDER BY tbl, key",
                 [&](RowRef ref, Image image) { found.emplace_back(std::move(ref), std::move(image)); }));
  return found;
}

Result<> Images::set_aside(const App& app, const RowRef& ref, const Row& row) {
  return db_.run(
      "INSERT INTO wherry_aside(tbl, key, row) VALUES(?1, ?2, ?3) ON CONFLICT(tbl, key) DO UPDATE SET row = "
      "?3",
      {id_of(app, ref), key_of(ref), encode(row)});
}

Result<> Images::remove_aside(const App& app, const RowRef& ref) {
  return db_.run("DELETE FROM wherry_aside WHERE tbl = ?1 AND key = ?2", {id_of(app, ref), key_of(ref)});
}

Result<std::vector<std::pair<RowRef, Row>>> Images::asides(const App& app) {
  std::vector<std::pair<RowRef, Row>> found;
  TRY(each_image(db_, app, "SELECT tbl, key, row FROM wherry_aside ORDER BY n", [&](RowRef ref, Image image) {
    if (image) found.emplace_back(std::move(ref), *std::move(image));
  }));
  return found;
}

Result<bool> Images::any_aside() {
  TRY_ASSIGN(const std::optional<Value> value, db_.value("SELECT 1 FROM wherry_aside LIMIT 1"));
  return value.has_value();
}

Result<Images::Image> Images::confirmed(App& app, const RowRef& ref) {
  TRY_ASSIGN(
      const std::optional<Value> aside,
      db_.value("SELECT row FROM wherry_aside WHERE tbl = ?1 AND key = ?2", {id_of(app, ref), key_of(ref)}));
  if (aside) return decode(*aside);
  TRY_ASSIGN(const std::optional<Image> image, base(app, ref));
  if (image) return *image;
  return app.rows().read(ref);
}

Result<> Images::forget_table(int64_t table_id) {
  TRY(db_.run("DELETE FROM wherry_base WHERE tbl = ?1", {Value(table_id)}));
  return db_.run("DELETE FROM wherry_aside WHERE tbl = ?1", {Value(table_id)});
}

}  // namespace wherry
