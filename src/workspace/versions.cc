#include "workspace/versions.h"

#include "base/limits.h"
#include "base/msgpack.h"

namespace wherry::workspace {

namespace {

// [alive, existence seq, column, seq, column, seq, …]; nothing at all for a row as it was inserted.
std::string encode(const Version& version) {
  if (version.alive && version.existence == version.seq && version.cells.empty()) return {};
  std::string bytes;
  msgpack::Writer writer(bytes);
  writer.boolean(version.alive);
  writer.integer(version.existence.number);
  for (const auto& [column, seq] : version.cells) {
    writer.integer(static_cast<int64_t>(column));
    writer.integer(seq.number);
  }
  return bytes;
}

Result<Version> decode(Seq seq, std::string_view bytes) {
  Version version{seq, true, seq, {}};
  if (bytes.empty()) return version;
  msgpack::Reader reader(bytes);
  TRY_ASSIGN(version.alive, reader.boolean());
  TRY_ASSIGN(version.existence.number, reader.integer());
  while (!reader.at_end()) {
    TRY_ASSIGN(const int64_t column, reader.integer());
    TRY_ASSIGN(const int64_t cell_seq, reader.integer());
    version.cells.emplace_back(static_cast<size_t>(column), Seq{cell_seq});
  }
  return version;
}

}  // namespace

Seq Version::cell(size_t column) const {
  for (const auto& [c, s] : cells)
    if (c == column) return s;
  return existence;
}

void Version::set_cell(size_t column, Seq to) {
  for (auto& [c, s] : cells)
    if (c == column) {
      s = to;
      return;
    }
  cells.emplace_back(column, to);
}

Versions::Versions(sqlite::Database& db, const Bundle& bundle)
    : bundle_(bundle),
      read_(db, "SELECT seq, cells FROM wherry_rows WHERE tbl = ? AND key = ?"),
      write_(db,
             "INSERT INTO wherry_rows(tbl, key, seq, cells) VALUES(?1, ?2, ?3, ?4) "
             "ON CONFLICT(tbl, key) DO UPDATE SET seq = excluded.seq, cells = excluded.cells") {}

Result<std::optional<Version>> Versions::read(const RowRef& ref) {
  if (const auto at = changed_.find(ref); at != changed_.end()) return at->second;
  return stored(ref);
}

Result<std::optional<Version>> Versions::stored(const RowRef& ref) {
  if (const auto at = stored_.find(ref); at != stored_.end()) return at->second;
  TRY_ASSIGN(sqlite::Statement * s, read_.use());
  s->bind(1, bundle_.tables[ref.table].id).lend_blob(2, ref.key);
  TRY_ASSIGN(const bool found, s->step());
  if (!found) {
    s->reset();
    stored_.emplace(ref, std::nullopt);
    return std::nullopt;
  }
  auto version = decode(Seq{s->integer(0)}, s->blob(1));
  s->reset();
  if (!version) return fail(ErrorCode::kCorrupt, "a row's version record is malformed");
  stored_.emplace(ref, *version);
  return *std::move(version);
}

Result<> Versions::flush() {
  for (const auto& [ref, version] : changed_) {
    TRY_ASSIGN(sqlite::Statement * s, write_.use());
    const std::string cells = encode(version);
    s->bind(1, bundle_.tables[ref.table].id).lend_blob(2, ref.key).bind(3, version.seq.number);
    if (!cells.empty()) s->lend_blob(4, cells);
    TRY(s->run());
  }
  discard();
  return {};
}

}  // namespace wherry::workspace
