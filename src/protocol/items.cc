#include "base/limits.h"
#include "protocol/codec.h"
#include "protocol/pack.h"
#include "protocol/values.h"

namespace wherry::protocol {

namespace {

// An item is its head (table * 4 + kind), the difference of its seq to that of the item before (of the first
// one to the message's boundary), its row; a kSet then has an array of column, value, column, value, …
constexpr int64_t kKindBits = 2;

// "general" of "channel(general)"; empty if there is none.
std::string_view argument_of(std::string_view scope) {
  const size_t open = scope.find('(');
  if (open == std::string_view::npos || !scope.ends_with(')')) return {};
  return scope.substr(open + 1, scope.size() - open - 2);
}

Result<RowItem> decode_item(ValueReader& reader, Seq before) {
  RowItem item;
  TRY_ASSIGN(const int64_t head, reader.integer());
  const int64_t kind = head & ((1 << kKindBits) - 1);
  item.table = head >> kKindBits;
  if (head < 0 || item.table >= int64_t{limits::kTables} || kind > static_cast<int64_t>(RowItem::Kind::kGone))
    return fail(ErrorCode::kProtocol, "malformed row item: its head is out of range");
  item.kind = static_cast<RowItem::Kind>(kind);
  TRY_ASSIGN(const int64_t difference, reader.integer());
  if (__builtin_add_overflow(before.number, difference, &item.seq.number) || item.seq.number < 0)
    return fail(ErrorCode::kProtocol, "malformed row item: its seq is out of range");
  TRY_ASSIGN(item.row, reader.row(limits::kTableColumns));
  if (item.row.empty()) return fail(ErrorCode::kProtocol, "malformed row item: no values");
  if (item.kind != RowItem::Kind::kSet) return item;

  TRY_ASSIGN(const size_t count, reader.array(2 * limits::kTableColumns));
  if (count == 0 || count % 2 != 0) return fail(ErrorCode::kProtocol, "malformed row item: no cells");
  uint64_t seen = 0;
  for (size_t i = 0; i < count / 2; ++i) {
    TRY_ASSIGN(const int64_t column, reader.integer());
    if (column < 0 || column >= int64_t{limits::kTableColumns} || (seen >> column & 1) != 0)
      return fail(ErrorCode::kProtocol, "malformed row item: its columns are out of range");
    seen |= uint64_t{1} << column;
    TRY_ASSIGN(Value value, reader.value());
    item.cells.emplace_back(column, std::move(value));
  }
  return item;
}

}  // namespace

std::string encode_items(const std::vector<RowItem>& items, const BodyOf& of, Compression compression) {
  if (items.empty()) return {};
  std::string plain;
  plain.reserve(256 * items.size());
  ValueWriter writer(plain, argument_of(of.scope));
  Seq before = of.upto;
  for (const RowItem& item : items) {
    writer.integer(item.table << kKindBits | static_cast<int64_t>(item.kind));
    writer.integer(item.seq.number - before.number);
    before = item.seq;
    writer.row(item.row);
    if (item.kind != RowItem::Kind::kSet) continue;
    writer.array(2 * item.cells.size());
    for (const auto& [column, value] : item.cells) {
      writer.integer(column);
      writer.value(value);
    }
  }
  std::string out;
  Packer::mine().pack(plain, compression, out);
  return out;
}

Result<std::vector<RowItem>> decode_items(std::string_view body, const BodyOf& of) {
  if (body.empty()) return std::vector<RowItem>();
  TRY_ASSIGN(const std::string plain, Packer::mine().unpack(body));
  ValueReader reader(plain, argument_of(of.scope));
  std::vector<RowItem> items;
  Seq before = of.upto;
  while (!reader.at_end()) {
    TRY_ASSIGN(RowItem item, decode_item(reader, before));
    before = item.seq;
    items.push_back(std::move(item));
  }
  return items;
}

}  // namespace wherry::protocol
