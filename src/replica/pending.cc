#include "replica/pending.h"

#include <algorithm>

namespace wherry {

namespace {

template <typename Map, typename Key>
void lower(Map& map, const Key& key, Place place) {
  const auto [at, is_new] = map.emplace(key, place);
  if (!is_new) at->second = std::min(at->second, place);
}

template <typename Map, typename Key>
void raise(Map& map, const Key& key, Place place) {
  const auto [at, is_new] = map.emplace(key, place);
  if (!is_new) at->second = std::max(at->second, place);
}

template <typename Map, typename Key>
bool below(const Map& map, const Key& key, Place place) {
  const auto at = map.find(key);
  return at != map.end() && at->second < place;
}

}  // namespace

void Touched::add(const RowRef& ref, Place place) {
  lower(rows_, ref, place);
  lower(any_, ref.table, place);
}

void Touched::add_table(size_t table, Place place) {
  lower(tables_, table, place);
}

bool Touched::has_before(const RowRef& ref, Place place) const {
  return below(rows_, ref, place);
}
bool Touched::has_table_before(size_t table, Place place) const {
  return below(tables_, table, place);
}
bool Touched::has_any_of_before(size_t table, Place place) const {
  return below(any_, table, place);
}

Affected::Affected(const std::vector<PendingCommand>& pending, size_t first, std::vector<bool> unique_tables,
                   Touched dirty)
    : unique_tables_(std::move(unique_tables)),
      dirty_(std::move(dirty)),
      affected_(pending.size(), How::kNot) {
  bool grew = !dirty_.empty();
  while (grew) {
    grew = false;
    for (size_t i = first; i < pending.size(); ++i) {
      if (affected_[i] == How::kRun) continue;
      const auto place = static_cast<Place>(i);
      const How how = reached(pending[i], place);
      if (how <= affected_[i]) continue;
      affected_[i] = how;
      any_ = grew = true;
      if (how == How::kChecked)
        add_checked(pending[i], place);
      else
        add(pending[i], place);
    }
  }
}

Affected::How Affected::reached(const PendingCommand& command, Place place) const {
  const Footprint& f = command.footprint;
  for (const RowRef& ref : f.rows_written) {
    if (dirty_.has(ref) || readers_.has_before(ref, place) || readers_.has_table_before(ref.table, place))
      return How::kRun;
    if (unique_tables_[ref.table] && dirty_.has_any_of_before(ref.table, place)) return How::kRun;
  }
  for (const RowRef& ref : f.rows_read)
    if (dirty_.has_before(ref, place)) return f.checkable ? How::kChecked : How::kRun;
  for (const size_t table : f.tables_read)
    if (dirty_.has_any_of_before(table, place)) return How::kRun;
  return How::kNot;
}

void Affected::add(const PendingCommand& command, Place place) {
  const Footprint& f = command.footprint;
  for (const RowRef& ref : f.rows_written) {
    dirty_.add(ref, place);
    if (unique_tables_[ref.table]) readers_.add_table(ref.table, place);
  }
  for (const RowRef& ref : f.rows_read) readers_.add(ref, place);
  for (const size_t table : f.tables_read) readers_.add_table(table, place);
}

// Its own rows it does not ask for.
void Affected::add_checked(const PendingCommand& command, Place place) {
  for (const RowRef& ref : command.footprint.rows_read)
    if (!command.footprint.wrote(ref)) readers_.add(ref, place);
}

Standing::Standing(const std::vector<PendingCommand>& pending, size_t first, const Affected& affected,
                   std::vector<bool> unique_tables)
    : unique_tables_(std::move(unique_tables)) {
  for (size_t i = first; i < pending.size(); ++i) {
    if (affected.how(i) == Affected::How::kRun) continue;
    const auto place = static_cast<Place>(i);
    const Footprint& f = pending[i].footprint;
    for (const RowRef& ref : f.rows_written) {
      raise(writes_.rows, ref, place);
      raise(writes_.tables, ref.table, place);
      if (unique_tables_[ref.table]) raise(reads_.tables, ref.table, place);
    }
    if (affected.how(i) == Affected::How::kChecked) continue;
    for (const RowRef& ref : f.rows_read) raise(reads_.rows, ref, place);
    for (const size_t table : f.tables_read) raise(reads_.tables, table, place);
  }
}

bool Standing::later(const Last& last, const RowRef& ref, Place place) {
  const auto at = last.rows.find(ref);
  return at != last.rows.end() && at->second > place;
}

bool Standing::later(const Last& last, size_t table, Place place) {
  const auto at = last.tables.find(table);
  return at != last.tables.end() && at->second > place;
}

bool Standing::meets(const Footprint& footprint, Place place) const {
  for (const RowRef& ref : footprint.rows_read)
    if (later(writes_, ref, place)) return true;
  for (const size_t table : footprint.tables_read)
    if (later(writes_, table, place)) return true;
  for (const RowRef& ref : footprint.rows_written) {
    if (later(writes_, ref, place) || later(reads_, ref, place) || later(reads_, ref.table, place))
      return true;
    if (unique_tables_[ref.table] && later(writes_, ref.table, place)) return true;
  }
  return false;
}

bool Standing::meets_check(const Footprint& footprint, Place place) const {
  return std::ranges::any_of(footprint.rows_read, [&](const RowRef& ref) {
    return !footprint.wrote(ref) && later(writes_, ref, place);
  });
}

}  // namespace wherry
