#include "base/limits.h"
#include "base/msgpack.h"
#include "base/text.h"
#include "bundle/wire.h"
#include "bundle/wire_format.h"

namespace wherry {

namespace {

class Decoder {
 public:
  explicit Decoder(std::string_view bytes) : in_(bytes) {}

  Result<Bundle> bundle() {
    Bundle b;
    TRY(fields(kBundleFields));
    TRY_ASSIGN(const int64_t format, in_.integer());
    if (format != kBundleFormat) return fail(ErrorCode::kVersion, cat("a bundle in format ", format));
    TRY(text(b.name));
    TRY_ASSIGN(b.schema_version, in_.integer());
    TRY(texts(b.ddl));
    TRY(each(b.tables, limits::kTables, &Decoder::table));
    TRY(each(b.scope_kinds, kListMost, &Decoder::scope_kind));
    TRY(each(b.grants, kListMost, &Decoder::grant));
    TRY(each(b.commands, kListMost, &Decoder::command));
    TRY(each(b.initial, kListMost, &Decoder::initial));
    TRY(in_.expect_end());
    TRY(check_bundle(b));
    return b;
  }

 private:
  Result<> fields(size_t count) {
    TRY_ASSIGN(const size_t found, in_.array(count));
    if (found != count) return fail(ErrorCode::kProtocol, "a bundle with a wrong number of fields");
    return {};
  }
  template <typename T>
  Result<> each(std::vector<T>& items, size_t most, Result<> (Decoder::*decode)(T&)) {
    TRY_ASSIGN(const size_t count, in_.array(most));
    for (size_t i = 0; i < count; ++i) TRY((this->*decode)(items.emplace_back()));
    return {};
  }
  Result<> text(std::string& out) {
    TRY_ASSIGN(out, in_.text());
    return {};
  }
  Result<> texts(std::vector<std::string>& out) { return each(out, kListMost, &Decoder::text); }
  Result<> index(size_t& out) {
    TRY_ASSIGN(const int64_t number, in_.integer());
    if (number < 0 || number > static_cast<int64_t>(kListMost))
      return fail(ErrorCode::kProtocol, "an index out of range");
    out = static_cast<size_t>(number);
    return {};
  }
  Result<> small(int& out) {
    size_t number = 0;
    TRY(index(number));
    out = static_cast<int>(number);
    return {};
  }
  template <typename Enum>
  Result<> choice(Enum& out, Enum last) {
    TRY_ASSIGN(const int64_t number, in_.integer());
    if (number < 0 || number > static_cast<int64_t>(last))
      return fail(ErrorCode::kProtocol, "a choice out of range");
    out = static_cast<Enum>(number);
    return {};
  }
  Result<> flag(bool& out) {
    TRY_ASSIGN(out, in_.boolean());
    return {};
  }

  Result<> table(Table& t) {
    TRY(fields(kTableFields));
    TRY(text(t.name));
    TRY(small(t.id));
    TRY(choice(t.kind, TableKind::kDerived));
    TRY(each(t.columns, limits::kTableColumns, &Decoder::column));
    TRY(each(t.key, limits::kTableColumns, &Decoder::index));
    TRY(each(t.scopes, kListMost, &Decoder::scope_rule));
    TRY(flag(t.scope_from_parent));
    if (in_.next_is_nil()) {
      TRY(in_.nil());
    } else {
      TRY(fields(2));
      Parent& parent = t.parent.emplace();
      TRY(index(parent.table));
      TRY(each(parent.columns, limits::kTableColumns, &Decoder::index));
    }
    TRY(text(t.deleted));
    TRY(text(t.locked));
    TRY(texts(t.roles));
    TRY(flag(t.unique_beyond_key));
    return each(t.sources, limits::kTables, &Decoder::index);
  }

  Result<> column(Column& c) {
    TRY(fields(2));
    TRY(text(c.name));
    return choice(c.merge, Merge::kSet);
  }

  Result<> scope_rule(ScopeRule& rule) {
    TRY(fields(2));
    TRY(small(rule.kind));
    if (in_.next_is_nil()) return in_.nil();
    ScopeArgument& argument = rule.argument.emplace();
    TRY_ASSIGN(const Value value, in_.value());
    if (const std::string* constant = value.text()) {
      argument.constant = *constant;
      return {};
    }
    const int64_t* column = value.integer();
    if (column == nullptr || *column < 0)
      return fail(ErrorCode::kProtocol, "a scope argument is neither column nor text");
    argument.column = static_cast<size_t>(*column);
    return {};
  }

  Result<> scope_kind(ScopeKind& kind) {
    TRY(fields(kScopeKindFields));
    TRY(text(kind.name));
    TRY(flag(kind.on_demand));
    if (in_.next_is_nil()) {
      TRY(in_.nil());
    } else {
      TRY(small(kind.base.emplace()));
    }
    return texts(kind.roles);
  }

  Result<> grant(Grant& g) {
    TRY(fields(kGrantFields));
    TRY(index(g.from));
    TRY(scope_rule(g.scope));
    TRY(scope_rule(g.to));
    return text(g.where);
  }

  Result<> type(ParamType& t) {
    if (++depth_ > kTypeDepth) return fail(ErrorCode::kProtocol, "a parameter type nests too deep");
    TRY(fields(kTypeFields));
    TRY(choice(t.kind, ParamType::Kind::kScalar));
    TRY_ASSIGN(t.least, in_.integer());
    TRY_ASSIGN(t.most, in_.integer());
    TRY_ASSIGN(t.real_least, in_.real());
    TRY_ASSIGN(t.real_most, in_.real());
    TRY(texts(t.choices));
    TRY(each(t.item, 1, &Decoder::type));
    --depth_;
    return {};
  }

  Result<> param(Param& p) {
    TRY(fields(kParamFields));
    TRY(text(p.name));
    TRY(type(p.type));
    TRY(flag(p.nullable));
    if (in_.next_is_nil()) return in_.nil();
    return text(p.default_json.emplace());
  }

  Result<> command(Command& c) {
    TRY(fields(kCommandFields));
    TRY(text(c.name));
    TRY(text(c.documentation));
    if (in_.next_is_nil()) {
      TRY(in_.nil());
    } else {
      TRY(fields(3));
      Entity& entity = c.entity.emplace();
      TRY(index(entity.table));
      TRY(texts(entity.params));
      TRY(choice(entity.rule, EntityRule::kAny));
    }
    TRY(each(c.params, kListMost, &Decoder::param));
    TRY(flag(c.allow_locked));
    TRY(flag(c.allow_deleted));
    TRY(flag(c.allow_unseen));
    TRY(flag(c.merge_whole));
    TRY(choice(c.run, RunsWhere::kLocal));
    TRY(texts(c.statements));
    return index(c.guards);
  }

  Result<> initial(InitialCommand& i) {
    TRY(fields(2));
    TRY(text(i.name));
    return text(i.params_json);
  }

  msgpack::Reader in_;
  int depth_ = 0;
};

}  // namespace

Result<Bundle> decode_bundle(std::string_view bytes) {
  TRY_ASSIGN(Bundle bundle, Decoder(bytes).bundle());
  bundle.hash = bundle_hash(bytes);
  return bundle;
}

}  // namespace wherry
