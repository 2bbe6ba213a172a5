// The fields of every message, in the order of the wire: one description that the encoder, the decoder and
// the JSON writer visit. A field is only ever added at the end; docs/PROTOCOL.md lists the same names.
//
// A visitor V defines `Ref<T>` (T& or const T&) and one function per kind of field, each called with the
// field's name. `step` is an integer told as its difference to the one of the list's previous element;
// `next` likewise, less one.
#pragma once

#include "base/limits.h"
#include "protocol/messages.h"

namespace wherry::protocol {

template <typename V, typename T>
using Ref = typename V::template Ref<T>;

// Text and lists made by the server, bounded only by the message they travel in.
inline constexpr size_t kAnySize = limits::kMessageBytes;

template <typename V>
void describe(V& v, Ref<V, Hello> m) {
  v.number("version", m.version, 0, INT32_MAX);
  v.version(m.version);
  v.secret_text("token", m.token, limits::kTokenBytes);
  v.optional_uuid("replica_id", m.replica_id);
  v.secret_bytes("identity", m.identity, limits::kDigestBytes);
  v.time("clock", m.clock);
  v.text("schema_hash", m.schema_hash, limits::kDigestBytes);
  v.uuid_or_empty("epoch", m.epoch);
  v.seq("position", m.position);
  v.seq("hash_at", m.hash_at);
  v.bytes("hash", m.hash, limits::kDigestBytes);
  v.number("answered", m.answered, 0, INT64_MAX);
  v.compressions("compression", m.compression);
}

template <typename V>
void describe(V& v, Ref<V, PushedCommand> m) {
  v.uuid("id", m.id);
  v.text("name", m.name, limits::kNameBytes);
  v.text("data", m.data, limits::kCommandBytes);
  v.time_step("client_timestamp", m.client_timestamp);
  v.step("base_seq", m.base_seq.number, 1);
  v.optional_text("user", m.user, limits::kNameBytes);
  v.next("replica_seq", m.replica_seq, 2);
}

template <typename V>
void describe(V& v, Ref<V, Push> m) {
  v.list("commands", m.commands, limits::kWindowCommands);
}

template <typename V>
void describe(V& v, Ref<V, Pull::Scope> m) {
  v.number("handle", m.handle, 0, INT64_MAX);
  v.seq("position", m.position);
  v.bytes("after", m.after, kAnySize);
}

template <typename V>
void describe(V& v, Ref<V, Pull> m) {
  v.number("credits", m.credits, 0, limits::kPullCredits);
  v.list("scopes", m.scopes, limits::kHeldScopes);
  v.handles("unload", m.unload);
}

template <typename V>
void describe(V& v, Ref<V, Limits> m) {
  v.number("message_bytes", m.message_bytes, 0, INT64_MAX);
  v.number("command_bytes", m.command_bytes, 0, INT64_MAX);
  v.number("window_commands", m.window_commands, 0, INT64_MAX);
  v.number("window_bytes", m.window_bytes, 0, INT64_MAX);
}

template <typename V>
void describe(V& v, Ref<V, Welcome> m) {
  v.number("version", m.version, 0, INT32_MAX);
  v.version(m.version);
  v.structure("limits", m.limits);
  v.time("server_time", m.server_time);
  v.text("workspace", m.workspace, limits::kNameBytes);
  v.text("user_id", m.user_id, limits::kNameBytes);
  v.texts("roles", m.roles, limits::kRoles, limits::kNameBytes);
  v.uuid_or_empty("epoch", m.epoch);
  v.seq("epoch_base", m.epoch_base);
  v.seq("head", m.head);
  v.bytes("hash", m.hash, limits::kDigestBytes);
  v.uuid_or_empty("replica_id", m.replica_id);
  v.flag("renewed", m.renewed);
  v.secret_bytes("identity", m.identity, limits::kDigestBytes);
  v.number("received", m.received, 0, INT64_MAX);
  v.compression("compression", m.compression);
  v.text("schema_hash", m.schema_hash, limits::kDigestBytes);
}

template <typename V>
void describe(V& v, Ref<V, Schema> m) {
  v.text("hash", m.hash, limits::kDigestBytes);
  v.bytes("bundle", m.bundle, kAnySize);
}

template <typename V>
void describe(V& v, Ref<V, GrantedScope> m) {
  v.number("handle", m.handle, 0, INT64_MAX);
  v.text("name", m.name, kAnySize);
  v.flag("on_demand", m.on_demand);
  v.flag("live", m.live);
}

template <typename V>
void describe(V& v, Ref<V, Scopes> m) {
  v.list("granted", m.granted, limits::kHeldScopes);
  v.handles("revoked", m.revoked);
  v.flag("reset", m.reset);
  v.unless("more", m.last);
}

template <typename V>
void describe(V& v, Ref<V, LostCell> m) {
  v.number("table", m.table, 0, int64_t{limits::kTables} - 1);
  v.row("key", m.key);
  v.text("column", m.column, kAnySize);
}

template <typename V>
void describe(V& v, Ref<V, Answer> m) {
  v.uuid("id", m.id);
  v.next("seq", m.seq.number, 0);
  v.next("replica_seq", m.replica_seq, 1);
  v.outcome("outcome", m.outcome);
  v.text("code", m.code, kAnySize);
  v.text("message", m.message, kAnySize);
  v.list("lost", m.lost, limits::kLostCells);
}

template <typename V>
void describe(V& v, Ref<V, Segment> m) {
  v.number("handle", m.handle, 0, INT64_MAX);
  v.body("body", m.body);
}

template <typename V>
void describe(V& v, Ref<V, Batch> m) {
  v.seq("upto", m.upto);
  v.flat_list("segments", m.segments, limits::kHeldScopes);
  v.list("answers", m.answers, kAnySize);
  v.handles("scanning", m.scanning);
  v.optional_structure("scopes", m.scopes);
  v.bytes("hash", m.hash, limits::kDigestBytes);
}

template <typename V>
void describe(V& v, Ref<V, RowsChunk> m) {
  v.number("handle", m.handle, 0, INT64_MAX);
  v.seq("upto", m.upto);
  v.body("body", m.body);
  v.flag("live", m.live);
  v.bytes("after", m.after, kAnySize);
  v.flag("from_zero", m.from_zero);
  v.list("answers", m.answers, kAnySize);
  v.flat_list("own", m.own, limits::kHeldScopes);
}

template <typename V>
void describe(V& v, Ref<V, ErrorMessage> m) {
  v.text("code", m.code, limits::kNameBytes);
  v.text("message", m.message, kAnySize);
}

template <typename V>
void describe(V& v, Ref<V, Bye> m) {
  v.text("code", m.code, limits::kNameBytes);
  v.text("message", m.message, kAnySize);
  v.time("retry_after", m.retry_after);
}

}  // namespace wherry::protocol
