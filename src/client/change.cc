#include "client/change.h"

#include <iterator>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/value.h"

namespace wherry::client {

namespace {

std::string key_of(const Row& row) {
  std::string key;
  for (const Value& value : row) {
    // The literal alone would not tell where one value ends: a text may hold anything, quotes doubled.
    key += to_sql(value);
    key += ',';
  }
  return key;
}

// Takes from both lists, as multisets, what they have in common.
void cancel(std::vector<Row>& one, std::vector<Row>& other) {
  std::unordered_map<std::string, size_t> common;
  for (const Row& row : other) ++common[key_of(row)];
  std::unordered_map<std::string, size_t> taken;
  std::vector<Row> left;
  for (Row& row : one) {
    const std::string key = key_of(row);
    const auto found = common.find(key);
    if (found != common.end() && found->second > 0) {
      --found->second;
      ++taken[key];
    } else {
      left.push_back(std::move(row));
    }
  }
  one = std::move(left);
  left = {};
  for (Row& row : other) {
    const auto found = taken.find(key_of(row));
    if (found != taken.end() && found->second > 0)
      --found->second;
    else
      left.push_back(std::move(row));
  }
  other = std::move(left);
}

}  // namespace

QueryChange combine(QueryChange first, QueryChange second) {
  cancel(first.added, second.removed);
  cancel(first.removed, second.added);
  second.added.insert(second.added.begin(), std::make_move_iterator(first.added.begin()),
                      std::make_move_iterator(first.added.end()));
  second.removed.insert(second.removed.begin(), std::make_move_iterator(first.removed.begin()),
                        std::make_move_iterator(first.removed.end()));
  return second;
}

}  // namespace wherry::client
