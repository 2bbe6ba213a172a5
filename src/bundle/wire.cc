#include "bundle/wire.h"

#include <xxhash.h>

#include "base/msgpack.h"
#include "bundle/wire_format.h"

namespace wherry {

namespace {

// Every struct is an array of its fields, in the order of bundle.h; optional fields are nil when not there.
class Encoder {
 public:
  explicit Encoder(std::string& out) : out_(out) {}

  void bundle(const Bundle& b) {
    out_.array(kBundleFields);
    out_.integer(kBundleFormat);
    out_.text(b.name);
    out_.integer(b.schema_version);
    texts(b.ddl);
    each(b.tables, &Encoder::table);
    each(b.scope_kinds, &Encoder::scope_kind);
    each(b.grants, &Encoder::grant);
    each(b.commands, &Encoder::command);
    each(b.initial, &Encoder::initial);
  }

 private:
  template <typename T>
  void each(const std::vector<T>& items, void (Encoder::*encode)(const T&)) {
    out_.array(items.size());
    for (const T& item : items) (this->*encode)(item);
  }
  void texts(const std::vector<std::string>& items) {
    out_.array(items.size());
    for (const std::string& item : items) out_.text(item);
  }
  void index(const size_t& number) { out_.integer(static_cast<int64_t>(number)); }

  void table(const Table& t) {
    out_.array(kTableFields);
    out_.text(t.name);
    out_.integer(t.id);
    out_.integer(static_cast<int64_t>(t.kind));
    each(t.columns, &Encoder::column);
    each(t.key, &Encoder::index);
    each(t.scopes, &Encoder::scope_rule);
    out_.boolean(t.scope_from_parent);
    if (t.parent) {
      out_.array(2);
      index(t.parent->table);
      each(t.parent->columns, &Encoder::index);
    } else {
      out_.nil();
    }
    out_.text(t.deleted);
    out_.text(t.locked);
    texts(t.roles);
    out_.boolean(t.unique_beyond_key);
    each(t.sources, &Encoder::index);
  }

  void column(const Column& c) {
    out_.array(2);
    out_.text(c.name);
    out_.integer(static_cast<int64_t>(c.merge));
  }

  void scope_rule(const ScopeRule& rule) {
    out_.array(2);
    out_.integer(rule.kind);
    if (!rule.argument)
      out_.nil();
    else if (rule.argument->column)
      index(*rule.argument->column);
    else
      out_.text(rule.argument->constant);
  }

  void scope_kind(const ScopeKind& kind) {
    out_.array(kScopeKindFields);
    out_.text(kind.name);
    out_.boolean(kind.on_demand);
    if (kind.base)
      out_.integer(*kind.base);
    else
      out_.nil();
    texts(kind.roles);
  }

  void grant(const Grant& g) {
    out_.array(kGrantFields);
    index(g.from);
    scope_rule(g.scope);
    scope_rule(g.to);
    out_.text(g.where);
  }

  void type(const ParamType& t) {
    out_.array(kTypeFields);
    out_.integer(static_cast<int64_t>(t.kind));
    out_.integer(t.least);
    out_.integer(t.most);
    out_.real(t.real_least);
    out_.real(t.real_most);
    texts(t.choices);
    each(t.item, &Encoder::type);
  }

  void param(const Param& p) {
    out_.array(kParamFields);
    out_.text(p.name);
    type(p.type);
    out_.boolean(p.nullable);
    if (p.default_json)
      out_.text(*p.default_json);
    else
      out_.nil();
  }

  void command(const Command& c) {
    out_.array(kCommandFields);
    out_.text(c.name);
    out_.text(c.documentation);
    if (c.entity) {
      out_.array(3);
      index(c.entity->table);
      texts(c.entity->params);
      out_.integer(static_cast<int64_t>(c.entity->rule));
    } else {
      out_.nil();
    }
    each(c.params, &Encoder::param);
    out_.boolean(c.allow_locked);
    out_.boolean(c.allow_deleted);
    out_.boolean(c.allow_unseen);
    out_.boolean(c.merge_whole);
    out_.integer(static_cast<int64_t>(c.run));
    texts(c.statements);
    index(c.guards);
  }

  void initial(const InitialCommand& i) {
    out_.array(2);
    out_.text(i.name);
    out_.text(i.params_json);
  }

  msgpack::Writer out_;
};

}  // namespace

std::string encode_bundle(const Bundle& bundle) {
  std::string bytes;
  Encoder(bytes).bundle(bundle);
  return bytes;
}

std::string bundle_hash(std::string_view bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const uint64_t half : {hash.high64, hash.low64})
    for (int shift = 60; shift >= 0; shift -= 4) hex.push_back(kDigits[(half >> shift) & 15]);
  return hex;
}

}  // namespace wherry
