// Which workspace lives in which file: a small database beside them. Safe for use by several processes at
// once. Thread: one at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "sqlite/database.h"

namespace wherry::server {

class Registry {
 public:
  struct Entry {
    std::string name;
    std::string file;  // UUID.db
    int64_t created_at = 0;
  };

  static Result<Registry> create(const std::string& path);
  static Result<Registry> open(const std::string& path);

  Result<> add(const Entry& entry);  // kExists
  Result<std::optional<Entry>> find(const std::string& name) const;
  Result<std::vector<Entry>> list() const;  // in order of name

 private:
  explicit Registry(std::unique_ptr<sqlite::Database> db) : db_(std::move(db)) {}
  static Result<Registry> connect(const std::string& path, sqlite::Access access);
  std::unique_ptr<sqlite::Database> db_;
};

}  // namespace wherry::server
