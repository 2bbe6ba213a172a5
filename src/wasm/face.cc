#include "wasm/face.h"

#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "base/limits.h"
#include "base/text.h"
#include "wasm/host.h"

namespace wherry::wasm {

namespace {

using msgpack::Reader;
using msgpack::Writer;

constexpr size_t kParametersMost = 32'766;  // what SQLite takes

Millis now() {
  return {static_cast<int64_t>(wherry_now())};
}

Result<std::optional<std::string>> optional_text(Reader& request) {
  if (request.next_is_nil()) {
    TRY(request.nil());
    return std::nullopt;
  }
  TRY_ASSIGN(const std::string_view text, request.text());
  return std::optional(std::string(text));
}

void write_optional(Writer& reply, const std::optional<std::string>& text) {
  if (text)
    reply.text(*text);
  else
    reply.nil();
}

// Text stays text, UUIDs too: JavaScript wants to see it.
void write_value(Writer& reply, const Value& value) {
  if (const std::string* text = value.text())
    reply.text(*text);
  else
    reply.value(value);
}

void write_row(Writer& reply, const Row& row) {
  reply.array(row.size());
  for (const Value& value : row) write_value(reply, value);
}

void write_rows(Writer& reply, const std::vector<Row>& rows) {
  reply.array(rows.size());
  for (const Row& row : rows) write_row(reply, row);
}

void write_texts(Writer& reply, const std::vector<std::string>& texts) {
  reply.array(texts.size());
  for (const std::string& text : texts) reply.text(text);
}

void write_executed(Writer& reply, const Executed& executed) {
  reply.array(3);
  reply.text(executed.id);
  write_optional(reply, executed.refusal ? std::optional(executed.refusal->code) : std::nullopt);
  write_optional(reply, executed.refusal ? std::optional(executed.refusal->message) : std::nullopt);
}

void write_command(Writer& reply, const OwnCommand& command) {
  reply.array(11);
  for (const std::string* text : {&command.id, &command.name, &command.data, &command.entity_id})
    reply.text(*text);
  reply.text(state_text(command.state));
  for (const std::string* text : {&command.code, &command.message, &command.lost_json, &command.retry_of})
    reply.text(*text);
  reply.integer(command.client_timestamp.count);
  reply.integer(command.seq.number);
}

void write_event(Writer& reply, const ReplicaEvent& event) {
  reply.array(7);
  reply.integer(static_cast<int64_t>(event.kind));
  reply.text(event.id);
  reply.text(state_text(event.state));
  reply.text(event.code);
  reply.text(event.detail);
  reply.integer(event.done);
  reply.integer(event.total);
}

}  // namespace

Face::Face()
    : entropy_([](std::span<uint8_t> out) { wherry_random(out.data(), static_cast<int32_t>(out.size())); }) {}

const std::string& Face::call(Call what, std::string_view request) {
  reply_.clear();
  Writer reply(reply_);
  reply.array(2);
  reply.nil();
  const size_t empty = reply_.size();
  if (const Result<> done = answer(what, request, reply); !done) {
    reply_.clear();
    reply.array(2);
    reply.text(code_text(done.error().code));
    reply.text(done.error().message);
  } else if (reply_.size() == empty) {
    reply.nil();
  }
  if (replica_)
    for (ReplicaEvent& event : replica_->take_events()) events_.push_back(std::move(event));
  return reply_;
}

int32_t Face::flags() const {
  if (!replica_) return 0;
  const Replica::Background work = replica_->background_work();
  return (replica_->has_outgoing() ? kHasOutgoing : 0) |
         (events_.empty() && changes_.empty() ? 0 : kHasNews) |
         (work == Replica::Background::kLittle ? kHasLittleWork : 0) |
         (work == Replica::Background::kMuch ? kHasMuchWork : 0);
}

Result<> Face::answer(Call what, std::string_view bytes, Writer& reply) {
  Reader request(bytes);
  if (what == Call::kOpen) return open(request, reply);
  if (!replica_) return fail(ErrorCode::kUnavailable, "the database is closed");
  switch (what) {
    case Call::kOpen:
      break;
    case Call::kClose:
      TRY(replica_->finish_background_work());
      replica_.reset();
      events_.clear();
      changes_.clear();
      break;
    case Call::kExecute:
      return execute(request, reply);
    case Call::kQuery:
      return query(request, reply);
    case Call::kWatch:
      return watch(request, reply);
    case Call::kUnwatch: {
      TRY_ASSIGN(const int64_t id, request.integer());
      replica_->unwatch(id);
      std::erase_if(changes_, [&](const Changed& changed) { return changed.watch == id; });
      break;
    }
    case Call::kStatus:
      write_status(reply);
      break;
    case Call::kCommands:
      return write_commands(reply);
    case Call::kRetry: {
      TRY_ASSIGN(const std::string_view id, request.text());
      TRY_ASSIGN(const std::string_view as, request.text());
      TRY_ASSIGN(const Executed executed, replica_->retry(id, now(), std::string(as)));
      write_executed(reply, executed);
      break;
    }
    case Call::kDismiss: {
      TRY_ASSIGN(const std::optional<std::string> id, optional_text(request));
      return id ? replica_->dismiss(*id) : replica_->dismiss_all();
    }
    case Call::kLoad: {
      TRY_ASSIGN(const std::string_view scope, request.text());
      return replica_->load(scope);
    }
    case Call::kUnload: {
      TRY_ASSIGN(const std::string_view scope, request.text());
      return replica_->unload(scope);
    }
    case Call::kConnected: {
      TRY_ASSIGN(const std::string_view token, request.text());
      return replica_->connected(std::string(token), now());
    }
    case Call::kDisconnected:
      replica_->disconnected();
      break;
    case Call::kReceive:
      return replica_->receive(bytes, now());
    case Call::kOutgoing:
      return write_outgoing(reply);
    case Call::kNews:
      write_news(reply);
      break;
    case Call::kWork:
      return replica_->do_background_work();
    case Call::kCheckpoint:
      return replica_->checkpoint();
    case Call::kDump:
      return write_dump(reply);
  }
  return {};
}

Result<> Face::open(Reader& request, Writer& reply) {
  TRY_ASSIGN(const std::string_view path, request.text());
  TRY_ASSIGN(const bool durable, request.boolean());
  TRY_ASSIGN(const bool create, request.boolean());
  if (replica_) return fail(ErrorCode::kInvalid, "a database is open already");
  const ReplicaOptions options{.path = std::string(path),
                               .vfs = {},
                               .entropy = entropy_,
                               .synchronous_full = durable,
                               .reference_rebase = false,
                               .create = create};
  auto opened = Replica::open(options);
  std::optional<Salvaged> salvaged;
  if (!opened && opened.error().code == ErrorCode::kCorrupt) {
    TRY_ASSIGN(salvaged, Replica::salvage(options));
    opened = Replica::open(options);
  }
  if (!opened) return std::unexpected(std::move(opened).error());
  replica_ = *std::move(opened);
  if (!salvaged) return {};
  reply.array(2);
  reply.integer(salvaged->commands);
  reply.boolean(salvaged->complete);
  return {};
}

Result<> Face::execute(Reader& request, Writer& reply) {
  TRY_ASSIGN(const size_t count, request.array(limits::kPendingCommands));
  std::vector<ExecuteRequest> requests(count);
  for (ExecuteRequest& one : requests) {
    TRY(request.array(3));
    TRY_ASSIGN(one.name, request.text());
    TRY_ASSIGN(one.params_json, request.text());
    TRY_ASSIGN(one.options.id, optional_text(request));
  }
  TRY_ASSIGN(const std::vector<Executed> executed, replica_->execute_all(requests, now()));
  reply.array(executed.size());
  for (const Executed& one : executed) write_executed(reply, one);
  return {};
}

Result<> Face::query(Reader& request, Writer& reply) {
  TRY_ASSIGN(const std::string_view sql, request.text());
  TRY_ASSIGN(const Row parameters, request.row(kParametersMost));
  TRY_ASSIGN(const QueryResult result, replica_->query(sql, parameters));
  reply.array(2);
  write_texts(reply, result.columns);
  write_rows(reply, result.rows);
  return {};
}

Result<> Face::watch(Reader& request, Writer& reply) {
  TRY_ASSIGN(const std::string_view sql, request.text());
  TRY_ASSIGN(Row parameters, request.row(kParametersMost));
  // The first result comes before the number is known.
  const auto id = std::make_shared<WatchId>(0);
  const size_t before = changes_.size();
  TRY_ASSIGN(*id,
             replica_->watch(std::string(sql), std::move(parameters),
                             [this, id](const QueryChange& change) { changes_.push_back({*id, change}); }));
  for (size_t i = before; i < changes_.size(); ++i) changes_[i].watch = *id;
  reply.integer(*id);
  return {};
}

void Face::write_status(Writer& reply) const {
  const ReplicaStatus status = replica_->status();
  reply.array(12);
  for (const std::string* text :
       {&status.workspace, &status.user_id, &status.replica_id, &status.epoch, &status.schema_hash})
    reply.text(*text);
  for (const int64_t number : {status.pending, status.rejected, status.superseded}) reply.integer(number);
  reply.boolean(status.connected);
  reply.boolean(status.synced);
  reply.integer(status.position.number);
  reply.array(status.scopes.size());
  for (const HeldScope& scope : status.scopes) {
    reply.array(5);
    reply.text(scope.name);
    reply.boolean(scope.on_demand);
    reply.boolean(scope.wanted);
    reply.integer(static_cast<int64_t>(scope.state));
    reply.integer(scope.position.number);
  }
}

Result<> Face::write_commands(Writer& reply) {
  TRY_ASSIGN(const std::vector<OwnCommand> commands, replica_->commands());
  reply.array(commands.size());
  for (const OwnCommand& command : commands) write_command(reply, command);
  return {};
}

Result<> Face::write_outgoing(Writer& reply) {
  TRY_ASSIGN(const std::vector<std::string> messages, replica_->take_outgoing());
  reply.array(messages.size());
  for (const std::string& message : messages) reply.blob(message);
  return {};
}

Result<> Face::write_dump(Writer& reply) {
  std::string text;
  TRY(replica_->dump([&](std::string_view line) -> Result<> {
    text += line;
    text += '\n';
    return {};
  }));
  reply.text(text);
  return {};
}

void Face::write_news(Writer& reply) {
  const std::vector<ReplicaEvent> events = std::exchange(events_, {});
  const std::vector<Changed> changes = std::exchange(changes_, {});
  reply.array(3);
  reply.array(events.size());
  for (const ReplicaEvent& event : events) write_event(reply, event);
  reply.array(changes.size());
  for (const Changed& changed : changes) {
    reply.array(3);
    reply.integer(changed.watch);
    write_texts(reply, changed.change.columns);
    write_rows(reply, changed.change.rows);
  }
  if (const auto bye = replica_->take_bye()) {
    reply.array(3);
    reply.text(bye->code);
    reply.text(bye->message);
    reply.integer(bye->retry_after.count);
  } else {
    reply.nil();
  }
}

}  // namespace wherry::wasm
