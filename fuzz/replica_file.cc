#include "fuzz/replica_file.h"

#include "base/value.h"
#include "bundle/wire.h"
#include "fuzz/check.h"
#include "fuzz/server.h"

namespace wherry::fuzz {

namespace {

constexpr const char* kFile = "replica.db";
constexpr const char* kRoles = "guest";
constexpr int64_t kScopes = 3;
const std::array<protocol::GrantedScope, kScopes> kGranted = {
    protocol::GrantedScope{1, "workspace", false, false},
    {2, "user(ann)", false, false},
    {3, "project(a)", false, false}};

struct App {
  std::string bytes = encode_bundle(for_replica(*bundle_of("fuzz/app"), {kRoles}));
  std::string hash = bundle_hash(bytes);
};
const App& app() {
  static const App made;
  return made;
}

// The file of a replica that has the app and whose scopes are live and empty.
const std::string& first_file() {
  static std::string file;
  if (!file.empty()) return file;
  file = " ";  // the replica below begins with nothing
  ReplicaFile made("first");
  made.disk.remove(kFile);
  must(made.open());
  must(made.connect(1));
  made.close();
  return file = made.disk.read(kFile);
}

protocol::RowsChunk chunk(protocol::Handle handle, int64_t seq) {
  protocol::RowsChunk chunk;
  chunk.handle = handle;
  chunk.upto = {seq};
  chunk.live = chunk.from_zero = true;
  return chunk;
}

}  // namespace

std::string id_of(int64_t number) {
  const std::string digits = std::to_string(number);
  return cat("01890000-0000-7000-8000-", std::string(12 - digits.size(), '0'), digits);
}

ReplicaFile::ReplicaFile(const std::string& disk_name, Rebasing rebasing, sim::Metadata metadata,
                         uint64_t seed)
    : disk(disk_name, seed, metadata), rebasing_(rebasing) {
  use_disks_in_memory();
  disk.put(kFile, first_file());
}

Result<> ReplicaFile::open() {
  ReplicaOptions options;
  options.path = disk.path(kFile);
  options.vfs = sim::Disk::vfs();
  options.entropy = entropy(7);
  options.reference_rebase = rebasing_ == Rebasing::kReference;
  options.create = true;
  TRY_ASSIGN(replica, Replica::open(std::move(options)));
  return {};
}

Result<> ReplicaFile::connect(int64_t seq) {
  TRY(replica->connected("token", now));
  protocol::Welcome welcome;
  welcome.limits = {4 << 20, 1 << 20, 1000, 4 << 20};
  welcome.server_time = now;
  welcome.workspace = "fuzz";
  welcome.user_id = "ann";
  welcome.roles = {kRoles};
  welcome.epoch = id_of(901);
  welcome.epoch_base = {seq};
  welcome.head = {seq};
  welcome.replica_id = id_of(900);
  welcome.identity = "first";
  welcome.schema_hash = app().hash;
  const protocol::Message hello = must(protocol::decode(must(replica->take_outgoing()).at(0)));
  const bool knows_app = std::get<protocol::Hello>(hello).schema_hash == app().hash;
  TRY(say(welcome));
  if (!knows_app) TRY(say(protocol::Schema{app().hash, app().bytes}));
  TRY(say(protocol::Scopes{true, true, {kGranted.begin(), kGranted.end()}, {}}));
  protocol::Batch first;
  first.upto = {seq};
  TRY(say(first));
  for (const protocol::GrantedScope& scope : kGranted) TRY(say(chunk(scope.handle, seq)));
  return {};
}

Result<> ReplicaFile::say(const protocol::Message& message) {
  TRY(replica->receive(protocol::encode(message, protocol::Compression::kPlain), now));
  TRY(replica->take_outgoing());  // such as the pull, without which no rows are taken
  return {};
}

Result<std::string> ReplicaFile::execute(const Call& call, int64_t number) {
  ExecuteOptions options;
  options.id = id_of(number);
  TRY_ASSIGN(const Executed executed, replica->execute(call.name, call.params, now, options));
  return executed.refusal ? executed.refusal->code : "";
}

std::vector<Row> ReplicaFile::rows(const std::string& sql) {
  return must(replica->query(sql)).rows;
}

std::vector<std::string> ReplicaFile::picture() {
  static constexpr std::array kQueries = {
      "SELECT * FROM members ORDER BY 1, 2",
      "SELECT * FROM projects ORDER BY 1",
      "SELECT * FROM items ORDER BY 1",
      "SELECT * FROM notes ORDER BY 1",
      "SELECT * FROM names ORDER BY 1",
      "SELECT * FROM drafts ORDER BY 1",
      "SELECT word.column1, n.id FROM (VALUES('red'),('green'),('blue')) word JOIN notes_fts f ON f.body "
      "MATCH "
      "word.column1 JOIN notes n ON n.rowid = f.rowid ORDER BY 1, 2",
      "SELECT tbl, key, row FROM wherry_base ORDER BY 1, 2",
      "SELECT tbl, key, row FROM wherry_aside ORDER BY 1, 2",
      "SELECT tbl, key, scope, seq FROM wherry_rows ORDER BY 1, 2, 3",
      "SELECT id, state, ifnull(code, '') FROM wherry_commands ORDER BY n"};
  std::vector<std::string> lines;
  for (const char* query : kQueries)
    for (const Row& row : rows(query)) {
      std::string line = cat(std::string_view(query).substr(7, 20), ":");
      for (const Value& value : row) line += cat(" ", to_sql(value));
      lines.push_back(std::move(line));
    }
  must(replica->dump([&](std::string_view line) -> Result<> {
    lines.emplace_back(line);
    return {};
  }));
  return lines;
}

protocol::RowItem Story::item(ReplicaFile& replica, int64_t scope) {
  using Kind = protocol::RowItem::Kind;
  static constexpr std::array<const char*, 4> kIds = {"a", "b", "c", "ann"};
  static constexpr std::array<const char*, 4> kWords = {"red", "green", "blue", "deleted"};
  const std::string id = input_.pick(kIds), word = input_.pick(kWords);
  const uint8_t kind = input_.byte();
  const char* table = scope == 1 ? "names" : scope == 2 ? "items" : kind / 16 % 2 == 0 ? "items" : "notes";
  const protocol::RowItem gone{Kind::kGone, bundle_of("fuzz/app")->table(table)->id, {++seq}, {id}, {}};
  protocol::RowItem put = gone;
  put.kind = Kind::kPut;
  if (kind % 8 == 0) return gone;
  if (kind % 8 <= 3) {
    const auto shown = replica.rows(cat("SELECT * FROM ", table, " WHERE id = '", id, "'"));
    if (shown.empty()) return gone;
    put.row = shown[0];
  } else if (table == std::string_view("names")) {
    put.row = {id, "ann", kind % 8 == 4 ? word : cat(word, seq)};  // mostly without a collision
  } else if (table == std::string_view("items")) {
    put.row = {id, "a", kind % 8 < 6 ? Value("ann") : Value(), word, int64_t{kind / 32}, "[]"};
  } else {
    put.row = {id, "a", word};
  }
  return put;
}

protocol::Batch Story::batch(ReplicaFile& replica) {
  protocol::Batch batch;
  for (size_t n = input_.below(4); n > 0 && !pending.empty(); --n) {
    const uint8_t how = input_.byte();
    batch.answers.push_back({pending.front(), 1, {++seq}, protocol::Outcome::kApplied, {}, {}, {}});
    if (how % 3 == 0) {
      batch.answers.back().outcome = protocol::Outcome::kRejected;
      batch.answers.back().code = "no";
    }
    pending.erase(pending.begin());
  }
  std::array<std::vector<protocol::RowItem>, kScopes> items;
  for (int64_t scope = 1; scope <= kScopes; ++scope)
    for (size_t n = input_.below(4); n > 0; --n)
      items[static_cast<size_t>(scope - 1)].push_back(item(replica, scope));
  batch.upto = {++seq};
  for (size_t i = 0; i < items.size(); ++i)
    if (!items[i].empty())
      batch.segments.push_back(
          {kGranted[i].handle,
           protocol::encode_items(items[i], {batch.upto, kGranted[i].name}, protocol::Compression::kPlain)});
  return batch;
}

protocol::Batch Story::last() {
  protocol::Batch batch;
  for (const std::string& id : pending)
    batch.answers.push_back({id, 1, {++seq}, protocol::Outcome::kRejected, "no", {}, {}});
  pending.clear();
  batch.upto = {++seq};
  return batch;
}

}  // namespace wherry::fuzz
