#include "replica/confirmed.h"

#include <algorithm>
#include <map>

#include "base/msgpack.h"

namespace wherry {

namespace {

// SQLite's order of values that may be in a key: integers, texts by their bytes, blobs by theirs.
int rank_of(const Value& value) {
  if (value.is_null()) return 0;
  if (value.integer() != nullptr || value.real() != nullptr) return 1;
  return value.text() != nullptr ? 2 : 3;
}

bool is_less(const Value& a, const Value& b) {
  if (rank_of(a) != rank_of(b)) return rank_of(a) < rank_of(b);
  if (a.integer() != nullptr && b.integer() != nullptr) return *a.integer() < *b.integer();
  if (a.text() != nullptr) return *a.text() < *b.text();
  if (a.blob() != nullptr) return a.blob()->bytes < b.blob()->bytes;
  return false;
}

struct KeyOrder {
  bool operator()(const Row& a, const Row& b) const {
    return std::ranges::lexicographical_compare(a, b, is_less);
  }
};

}  // namespace

Result<> each_confirmed(App& app, Images& images, size_t table,
                        const std::function<Result<>(const Row&)>& each) {
  // Rows whose confirmed state is not the visible one, by key.
  std::map<Row, std::optional<Row>, KeyOrder> hidden;
  TRY_ASSIGN(auto bases, images.bases(app));
  for (auto& [ref, row] : bases) {
    if (ref.table != table) continue;
    TRY_ASSIGN(Row key, decode_key(ref.key));
    hidden[std::move(key)] = std::move(row);
  }
  TRY_ASSIGN(auto asides, images.asides(app));
  for (auto& [ref, row] : asides) {
    if (ref.table != table) continue;
    TRY_ASSIGN(Row key, decode_key(ref.key));
    hidden[std::move(key)] = std::move(row);
  }
  auto next = hidden.begin();
  const auto emit_until = [&](const Row* key) -> Result<> {
    for (; next != hidden.end() && (key == nullptr || !KeyOrder()(*key, next->first)); ++next)
      if (next->second) TRY(each(*next->second));
    return {};
  };
  const auto visible = app.rows().for_each(table, [&](const Row& row) -> Result<> {
    const Row key = app.rows().key_of(table, row);
    TRY(emit_until(&key));
    return hidden.contains(key) ? Result<>() : each(row);
  });
  TRY(visible);
  return emit_until(nullptr);
}

}  // namespace wherry
