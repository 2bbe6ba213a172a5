#include "tests/sync/world.h"

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "base/text.h"
#include "net/token.h"
#include "protocol/codec.h"
#include "server/data_folder.h"
#include "sqlite/database.h"

namespace wherry::testing {

namespace fs = std::filesystem;

namespace {

template <typename T>
T must(Result<T> result) {
  if (!result) {
    ADD_FAILURE() << result.error().text();
    std::abort();
  }
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

bool joins(std::string_view bytes) {
  const auto message = must(protocol::decode(bytes));
  return std::holds_alternative<protocol::Batch>(message) ||
         std::holds_alternative<protocol::RowsChunk>(message);
}

// Tokens of tests: "user" or "user|role,role".
Result<Identity> identity_of(std::string_view token) {
  Identity identity;
  identity.expires = {INT64_MAX};
  identity.user_id = token.substr(0, token.find('|'));
  if (const size_t bar = token.find('|'); bar != std::string_view::npos) {
    std::stringstream roles{std::string(token.substr(bar + 1))};
    for (std::string role; std::getline(roles, role, ',');) identity.roles.push_back(role);
  }
  if (identity.user_id.empty()) return fail(ErrorCode::kUnauthorized, "no user");
  return identity;
}

}  // namespace

std::shared_ptr<const Bundle> bundle_of(const std::string& folder) {
  static std::map<std::string, std::shared_ptr<const Bundle>> known;
  std::shared_ptr<const Bundle>& bundle = known[folder];
  if (bundle) return bundle;
  return bundle = bundle_of(must(server::read_bundle_folder(cat(WHERRY_SOURCE_DIR "/", folder))));
}

std::shared_ptr<const Bundle> bundle_of(const std::vector<BundleFile>& files) {
  Compiled compiled = compile_bundle(files);
  for (const Mistake& mistake : compiled.mistakes) ADD_FAILURE() << mistake.text();
  return std::make_shared<const Bundle>(std::move(compiled.bundle));
}

Device::Device(World& world, std::string name, std::string user, std::vector<std::string> roles,
               bool reference)
    : world_(world),
      name_(std::move(name)),
      user_(std::move(user)),
      roles_(std::move(roles)),
      path_((world.folder / (name_ + ".db")).string()),
      reference_(reference) {
  restart();
}

void Device::restart() {
  disconnect();
  replica_.reset();
  ReplicaOptions options;
  options.path = path_;
  options.entropy = world_.entropy();
  options.reference_rebase = reference_;
  options.create = true;
  replica_ = must(Replica::open(std::move(options)));
}

void Device::connect() {
  disconnect();
  session_ = ++world_.last_session_;
  world_.sessions_[session_] = this;
  world_.workspace_->connect(session_, world_.now);
  must(replica_->connected(cat(user_, roles_.empty() ? "" : "|", join(roles_, ",")),
                           world_.now + clock_offset));
}

void Device::disconnect() {
  if (session_ == 0) return;
  world_.sessions_.erase(session_);
  world_.workspace_->disconnect(session_);
  session_ = 0;
  if (replica_) replica_->disconnected();
}

std::string Device::exec(const Call& command) {
  return exec_at(world_.now + clock_offset, command);
}

std::string Device::exec_at(Millis client_timestamp, const Call& command) {
  ExecuteOptions options;
  options.client_timestamp = client_timestamp;
  auto executed = must(replica_->execute(command.name, command.params, world_.now + clock_offset, options));
  if (executed.refusal) ADD_FAILURE() << command.name << " refused: " << executed.refusal->code;
  return executed.id;
}

std::string Device::refused(const Call& command) {
  auto executed = must(replica_->execute(command.name, command.params, world_.now + clock_offset));
  return executed.refusal ? executed.refusal->code : "";
}

std::string Device::state_of(const std::string& command_id) {
  for (const OwnCommand& command : must(replica_->commands())) {
    if (command.id != command_id) continue;
    const std::string state(state_text(command.state));
    return command.state == CommandState::kRejected ? cat(state, ":", command.code) : state;
  }
  return "unknown";
}

std::string Device::dump() {
  std::string text;
  must(replica_->dump([&](std::string_view line) -> Result<> {
    text += cat(line, "\n");
    return {};
  }));
  return text;
}

std::string Device::ask(const std::string& sql) {
  const auto result = must(replica_->query(sql));
  std::string text;
  for (const Row& row : result.rows)
    for (const Value& value : row)
      text += cat(text.empty() ? "" : ",", value.text() ? *value.text() : to_json(value));
  return text;
}

std::vector<std::string> Device::outgoing() {
  return must(replica_->take_outgoing());
}

std::string Device::file_bytes() {
  std::string all;
  for (const char* suffix : {"", "-wal", "-journal"}) {
    std::ifstream in(path_ + suffix, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    all += text.str();
  }
  return all;
}

World::World(std::shared_ptr<const Bundle> bundle, uint32_t seed)
    : random(seed), bundle_(std::move(bundle)), uuids_([this](std::span<uint8_t> out) {
        for (uint8_t& byte : out) byte = static_cast<uint8_t>(random());
      }) {
  static int count = 0;
  // In memory where the system offers it: nothing here is about the disk.
  folder = (fs::exists("/dev/shm") ? fs::path("/dev/shm") : fs::temp_directory_path()) /
           cat("wherry-world-", getpid(), "-", ++count);
  fs::remove_all(folder);
  fs::create_directories(folder);
  open_server();
}

World::~World() {
  devices.clear();
  workspace_.reset();
  fs::remove_all(folder);
}

Entropy World::entropy() {
  return [this](std::span<uint8_t> out) {
    for (uint8_t& byte : out) byte = static_cast<uint8_t>(random());
  };
}

void World::open_server() {
  WorkspaceOptions options;
  options.path = (folder / "server.db").string();
  options.name = "test";
  options.bundle = bundle_;
  options.hasher = net::sha256;
  options.entropy = entropy();
  options.verifier = [](std::string_view token, Millis) { return identity_of(token); };
  options.limits = limits;
  workspace_ = must(Workspace::open(std::move(options), now));
  made_.clear();
}

void World::restart_server() {
  for (auto& [_, device] : devices) device->disconnect();
  workspace_.reset();
  open_server();
}

void World::back_up_server() {
  for (auto& [_, device] : devices) device->disconnect();
  workspace_.reset();
  fs::copy_file(folder / "server.db", folder / "backup.db", fs::copy_options::overwrite_existing);
  open_server();
}

void World::restore_server() {
  for (auto& [_, device] : devices) device->disconnect();
  workspace_.reset();
  fs::remove(folder / "server.db-wal");
  fs::copy_file(folder / "backup.db", folder / "server.db", fs::copy_options::overwrite_existing);
  open_server();
}

Device& World::device(const std::string& name, const std::string& user, std::vector<std::string> roles,
                      bool reference) {
  std::unique_ptr<Device>& device = devices[name];
  if (!device) device = std::make_unique<Device>(*this, name, user, std::move(roles), reference);
  return *device;
}

bool World::step(std::vector<Output>* strays) {
  bool moved = hear();
  while (commit()) moved = true;
  return deliver(SIZE_MAX, strays) || moved;
}

bool World::hear() {
  bool moved = false;
  for (auto& [_, device] : devices) {
    if (!device->connected()) continue;
    for (const std::string& bytes : device->outgoing()) {
      workspace_->receive(device->session_, bytes, now);
      moved = true;
    }
  }
  take_outputs();
  return moved;
}

bool World::commit() {
  if (!workspace_->has_work()) return false;
  must(workspace_->commit(now));
  take_outputs();
  return true;
}

void World::take_outputs() {
  for (Output& output : workspace_->take_outputs()) {
    const auto at = sessions_.find(output.session);
    if (on_made && at != sessions_.end() && !output.bytes.empty())
      on_made(*at->second, must(protocol::decode(output.bytes)));
    made_.push_back(std::move(output));
  }
}

bool World::deliver(size_t most, std::vector<Output>* strays) {
  take_outputs();
  bool moved = false;
  for (; most > 0 && !made_.empty(); --most) {
    Output output = std::move(made_.front());
    made_.pop_front();
    const auto at = sessions_.find(output.session);
    if (at == sessions_.end()) {
      if (strays != nullptr) strays->push_back(std::move(output));
      continue;
    }
    Device& device = *at->second;
    moved = true;
    if (!output.bytes.empty()) {
      if (device.record) device.traffic += protocol::to_json(must(protocol::decode(output.bytes)));
      workspace_->sent(output.session, output.bytes.size(), now);
      for (int times = device.stutter && joins(output.bytes) ? 2 : 1; times > 0; --times) {
        const auto received = device.replica().receive(output.bytes, now + device.clock_offset);
        if (!received) ADD_FAILURE() << device.path() << ": " << received.error().text();
      }
    }
    if (output.close) {
      sessions_.erase(device.session_);
      device.session_ = 0;
      device.replica().disconnected();
      if (output.close_reason == "identity") device.connect();
    }
  }
  return moved;
}

void World::settle() {
  for (int round = 0; step(); ++round) {
    now = now + Millis{1};
    if (round > 100'000) {
      ADD_FAILURE() << "messages never come to rest";
      return;
    }
  }
}

std::string World::direct(const std::string& user, const Call& command, std::vector<std::string> roles) {
  DirectCommand direct;
  direct.name = command.name;
  direct.data = command.params;
  direct.user_id = user;
  direct.roles = std::move(roles);
  const protocol::Answer answer = must(workspace_->execute(direct, now));
  take_outputs();
  const std::string outcome(protocol::outcome_text(answer.outcome));
  return answer.outcome == protocol::Outcome::kRejected ? cat(outcome, ":", answer.code) : outcome;
}

std::string World::dump_as(const std::string& user, const std::vector<std::string>& roles) {
  auto reader = must(WorkspaceReader::open((folder / "server.db").string(), bundle_));
  std::string text;
  std::optional<WorkspaceReader::Reader> as;
  if (!user.empty()) as = WorkspaceReader::Reader{user, roles};
  must(reader->dump(as, [&](std::string_view line) -> Result<> {
    text += cat(line, "\n");
    return {};
  }));
  return text;
}

std::string World::dump() {
  return dump_as("", {});
}

Value World::server(const std::string& sql) {
  auto db = must(sqlite::Database::open((folder / "server.db").string(), sqlite::Access::kReadOnly));
  const auto value = must(db->value(sql));
  return value ? *value : Value();
}

void World::expect_agreement() {
  for (auto& [name, device] : devices) {
    if (!device->connected()) continue;
    EXPECT_EQ(device->dump(), dump_as(*device)) << "device " << name;
  }
  auto reader = must(WorkspaceReader::open((folder / "server.db").string(), bundle_));
  EXPECT_EQ(must(reader->verify(net::sha256)), std::nullopt) << "the hash chain does not verify";
}

std::string World::id() {
  return uuids_.make(now).text();
}

}  // namespace wherry::testing
