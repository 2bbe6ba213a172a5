#include "replica/meta.h"

#include "base/msgpack.h"

namespace wherry {

namespace {

std::string pack(const std::vector<std::string>& texts) {
  std::string bytes;
  msgpack::Writer writer(bytes);
  writer.array(texts.size());
  for (const std::string& text : texts) writer.text(text);
  return bytes;
}

Result<std::vector<std::string>> unpack(std::string_view bytes) {
  std::vector<std::string> texts;
  if (bytes.empty()) return texts;
  msgpack::Reader reader(bytes);
  TRY_ASSIGN(const size_t count, reader.array(bytes.size()));
  for (size_t i = 0; i < count; ++i) {
    TRY_ASSIGN(const std::string_view text, reader.text());
    texts.emplace_back(text);
  }
  return texts;
}

constexpr const char* kNextReplicaSeq = "next_replica_seq";

struct Field {
  const char* key;
  Value (*value)(const Meta&);
};
constexpr Field kFields[] = {
    {"workspace", [](const Meta& m) { return Value(m.workspace); }},
    {"user_id", [](const Meta& m) { return Value(m.user_id); }},
    {"roles", [](const Meta& m) { return Value(Blob{pack(m.roles)}); }},
    {"replica_id", [](const Meta& m) { return Value(m.replica_id); }},
    {"identity", [](const Meta& m) { return Value(Blob{m.identity}); }},
    {"epoch", [](const Meta& m) { return Value(m.epoch); }},
    {"schema_hash", [](const Meta& m) { return Value(m.schema_hash); }},
    {"hash_at", [](const Meta& m) { return Value(m.hash_at.number); }},
    {"hash", [](const Meta& m) { return Value(Blob{m.hash}); }},
    {"boundary", [](const Meta& m) { return Value(m.boundary.number); }},
    {"seen", [](const Meta& m) { return Value(m.seen.number); }},
    {kNextReplicaSeq, [](const Meta& m) { return Value(m.next_replica_seq); }},
    {"clock_offset_ms", [](const Meta& m) { return Value(m.clock_offset_ms); }},
    {"next_incarnation", [](const Meta& m) { return Value(m.next_incarnation); }},
    {"unrun", [](const Meta& m) { return Value(int64_t{m.unrun}); }},
    {"remnants", [](const Meta& m) { return Value(int64_t{m.remnants}); }},
};

}  // namespace

Result<Meta> MetaTable::load() {
  TRY_ASSIGN(const std::vector<Row> rows, db_.rows("SELECT key, value FROM wherry_meta"));
  stored_.clear();
  for (const Row& row : rows)
    if (const std::string* key = row[0].text()) stored_[*key] = row[1];
  const auto text = [&](const char* key) {
    const auto at = stored_.find(key);
    if (at == stored_.end()) return std::string();
    if (const Blob* blob = at->second.blob()) return blob->bytes;
    const std::string* value = at->second.text();
    return value == nullptr ? std::string() : *value;
  };
  const auto number = [&](const char* key, int64_t otherwise) {
    const auto at = stored_.find(key);
    const int64_t* value = at == stored_.end() ? nullptr : at->second.integer();
    return value == nullptr ? otherwise : *value;
  };
  Meta meta;
  meta.workspace = text("workspace");
  meta.user_id = text("user_id");
  TRY_ASSIGN(meta.roles, unpack(text("roles")));
  meta.replica_id = text("replica_id");
  meta.identity = text("identity");
  meta.epoch = text("epoch");
  meta.schema_hash = text("schema_hash");
  meta.hash_at = {number("hash_at", 0)};
  meta.hash = text("hash");
  meta.boundary = {number("boundary", 0)};
  meta.seen = {number("seen", 0)};
  meta.next_replica_seq = number(kNextReplicaSeq, 1);
  meta.clock_offset_ms = number("clock_offset_ms", 0);
  meta.next_incarnation = number("next_incarnation", 1);
  meta.unrun = number("unrun", 0) != 0;
  meta.remnants = number("remnants", 0) != 0;
  return meta;
}

Result<> MetaTable::save(const Meta& meta, NextNumber number) {
  for (const Field& field : kFields) {
    if (number == NextNumber::kIsKnown && std::string_view(field.key) == kNextReplicaSeq) continue;
    const Value value = field.value(meta);
    const auto at = stored_.find(field.key);
    if (at != stored_.end() && at->second == value) continue;
    TRY(db_.run(
        "INSERT INTO wherry_meta(key, value) VALUES(?1, ?2) ON CONFLICT(key) DO UPDATE SET value = ?2",
        {Value(std::string(field.key)), value}));
    stored_[field.key] = value;
  }
  return {};
}

}  // namespace wherry
