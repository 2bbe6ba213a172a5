#include "workspace/scope_names.h"

#include "base/text.h"

namespace wherry::workspace {

namespace {

constexpr size_t kCacheMost = 200'000;

}  // namespace

int ScopeNames::kind_of(std::string_view name) const {
  const std::string_view kind = name.substr(0, name.find('('));
  for (size_t i = 0; i < bundle_.scope_kinds.size(); ++i)
    if (bundle_.scope_kinds[i].name == kind) return static_cast<int>(i);
  return kWorkspaceKind;
}

Result<std::optional<ScopeId>> ScopeNames::find(const std::string& name) {
  if (const auto at = ids_.find(name); at != ids_.end()) return at->second;
  TRY_ASSIGN(const auto value, db_.value("SELECT id FROM wherry_scopes WHERE name = ?", {Value(name)}));
  if (!value) return std::nullopt;
  ids_.emplace(name, *value->integer());
  return *value->integer();
}

Result<ScopeId> ScopeNames::insert(const std::string& name, int kind, std::optional<ScopeId> base) {
  const ScopeId id = ++last_;
  TRY(db_.run("INSERT INTO wherry_scopes(id, name, kind, base) VALUES(?, ?, ?, ?)",
              {Value(id), Value(name), Value(int64_t{kind}), base ? Value(*base) : Value()}));
  ids_.emplace(name, id);
  return id;
}

Result<ScopeId> ScopeNames::intern(const std::string& name) {
  TRY_ASSIGN(const std::optional<ScopeId> known, find(name));
  if (known) return *known;
  const int kind = kind_of(name);
  const ScopeKind& scope_kind = bundle_.scope_kinds[static_cast<size_t>(kind)];
  const std::string argument = name.substr(std::min(name.find('('), name.size()));
  if (scope_kind.base) {  // a twin comes with its base
    TRY(intern(cat(bundle_.scope_kinds[static_cast<size_t>(*scope_kind.base)].name, argument)));
    TRY_ASSIGN(const std::optional<ScopeId> made, find(name));
    if (made) return *made;
  }
  TRY_ASSIGN(const ScopeId id, insert(name, kind, std::nullopt));
  for (size_t i = 0; i < bundle_.scope_kinds.size(); ++i) {
    const ScopeKind& twin = bundle_.scope_kinds[i];
    if (twin.base != kind) continue;
    TRY_ASSIGN(const ScopeId twin_id, insert(cat(twin.name, argument), static_cast<int>(i), id));
    for (const std::string& role : twin.roles) {
      TRY_ASSIGN(const ScopeId role_id, intern(*scope_name("role", Value(role))));
      TRY(db_.run("INSERT OR IGNORE INTO wherry_scope_roles(scope, role_scope) VALUES(?, ?)",
                  {Value(twin_id), Value(role_id)}));
    }
  }
  return id;
}

Result<ScopeId> ScopeNames::intern(int kind, const Value& argument) {
  if (latest_ && latest_->kind == kind && latest_->argument == argument) return latest_->id;
  TRY_ASSIGN(const ScopeId id,
             intern(*scope_name(bundle_.scope_kinds[static_cast<size_t>(kind)].name, argument)));
  latest_.emplace(kind, argument, id);
  return id;
}

Result<const ScopeInfo*> ScopeNames::info(ScopeId id) {
  if (const auto at = infos_.find(id); at != infos_.end()) return &at->second;
  TRY_ASSIGN(const auto rows, db_.rows("SELECT name, kind FROM wherry_scopes WHERE id = ?", {Value(id)}));
  if (rows.empty()) return fail(ErrorCode::kCorrupt, "a scope has no name");
  ScopeInfo info{id, *rows[0][0].text(), static_cast<int>(*rows[0][1].integer()), {}};
  TRY_ASSIGN(const auto twins, db_.rows("SELECT id FROM wherry_scopes WHERE base = ?", {Value(id)}));
  for (const Row& row : twins) info.twins.push_back(*row[0].integer());
  return &infos_.emplace(id, std::move(info)).first->second;
}

Result<> ScopeNames::reload() {
  ids_.clear();
  infos_.clear();
  latest_.reset();
  TRY_ASSIGN(const auto last, db_.value("SELECT coalesce(max(id), 0) FROM wherry_scopes"));
  last_ = last_committed_ = *last->integer();
  return {};
}

Result<> ScopeNames::forget_after(ScopeId last) {
  if (last_ == last) return {};
  const Row above = {Value(last)};
  TRY(db_.run("DELETE FROM wherry_scope_roles WHERE scope > ?1 OR role_scope > ?1", above));
  TRY(db_.run("DELETE FROM wherry_scopes WHERE id > ?1", above));
  last_ = last;
  latest_.reset();
  std::erase_if(ids_, [&](const auto& entry) { return entry.second > last_; });
  std::erase_if(infos_, [&](const auto& entry) { return entry.first > last_; });
  return {};
}

void ScopeNames::committed() {
  last_committed_ = last_;
  if (ids_.size() > kCacheMost) ids_.clear();
  if (infos_.size() > kCacheMost) infos_.clear();
}

}  // namespace wherry::workspace
