// The inspector of a running server, asked over HTTP.
#include "server/inspector.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "base/text.h"
#include "bundle/compile.h"
#include "net/client.h"
#include "net/raw_socket_for_test.h"
#include "net/token.h"
#include "protocol/codec.h"
#include "server/clock.h"
#include "server/server.h"

namespace wherry::server {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

std::shared_ptr<const Bundle> notes_bundle() {
  const Compiled compiled = compile_bundle(
      {{"app.toml",
        "name = \"notes\"\n[tables.notes]\nscope = \"shelf(shelf)\"\n[tables.readers]\nscope = "
        "\"workspace\"\n[[grants]]\nscope = \"shelf(shelf)\"\nto = \"user(user_id)\"\nfrom = \"readers\"\n"},
       {"migrations/0001_start.sql",
        "CREATE TABLE notes(id TEXT NOT NULL PRIMARY KEY, shelf TEXT NOT NULL, body TEXT);\n"
        "CREATE TABLE readers(id TEXT NOT NULL PRIMARY KEY, shelf TEXT NOT NULL, user_id TEXT NOT NULL);\n"},
       {"commands/note.sql",
        "-- command: note.add\n-- entity: notes(:id) new\n-- param: id id\n-- param: shelf text(0..100)\n"
        "-- param: body text(0..100)\n-- allow: unseen\n-- Adds a note.\n"
        "SELECT require(:body <> 'no', 'not_that', 'anything but that');\n"
        "INSERT INTO notes(id, shelf, body) VALUES(:id, :shelf, :body);\n"},
       {"commands/forever.sql",
        "-- command: forever\n-- Counts until it is stopped.\n"
        "SELECT require((WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) "
        "FROM n) > 0, "
        "'never', 'never');\n"},
       {"commands/reader.sql",
        "-- command: reader.add\n-- entity: readers(:id) new\n-- param: id id\n-- param: shelf text(0..100)\n"
        "-- param: user id\n-- Lets somebody read a shelf.\n"
        "INSERT INTO readers(id, shelf, user_id) VALUES(:id, :shelf, :user);\n"}});
  for (const Mistake& mistake : compiled.mistakes) ADD_FAILURE() << mistake.text();
  return std::make_shared<const Bundle>(compiled.bundle);
}

// A replica's side of a connection, as far as these tests need one.
class Device {
 public:
  Device(uint16_t port, const std::string& token) {
    net::ClientCallbacks callbacks;
    callbacks.on_message = [this](const std::string& bytes) { take(bytes); };
    client_ = std::make_unique<net::WebSocketClient>(*net::Url::parse(cat("ws://127.0.0.1:", port, "/team")),
                                                     net::WebSocketClient::Options{}, std::move(callbacks));
    protocol::Hello hello;
    hello.token = token;
    hello.clock = now();
    send(hello);
    wait_for_scopes(1);
  }

  void wait_for_scopes(size_t count) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, std::chrono::seconds(60), [&] { return scopes_.size() >= count; }));
  }

  void push(const std::string& name, const std::string& data) {
    protocol::Push push;
    protocol::PushedCommand command;
    command.id = cat("0190a1b2-c3d4-7000-8000-", 100'000'000'000 + ++pushed_);
    command.name = name;
    command.data = data;
    command.replica_seq = pushed_;
    command.client_timestamp = now();
    push.commands.push_back(std::move(command));
    send(push);
  }
  // Asks for the rows of all scopes there are, with credit for so many chunks.
  void pull(int64_t credits) {
    protocol::Pull pull;
    pull.credits = credits;
    {
      const std::lock_guard lock(mutex_);
      for (const auto& scope : scopes_) pull.scopes.push_back({.handle = scope, .position = {}, .after = {}});
    }
    send(pull);
  }

 private:
  void send(const protocol::Message& message) {
    client_->send(protocol::encode(message, protocol::Compression::kPlain));
  }
  void take(const std::string& bytes) {
    const auto message = protocol::decode(bytes);
    if (!message) return;
    const std::lock_guard lock(mutex_);
    if (const auto* scopes = std::get_if<protocol::Scopes>(&*message)) note(*scopes);
    if (const auto* batch = std::get_if<protocol::Batch>(&*message); batch != nullptr && batch->scopes)
      note(*batch->scopes);
    changed_.notify_all();
  }

  void note(const protocol::Scopes& scopes) {
    for (const auto& granted : scopes.granted) scopes_.insert(granted.handle);
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<protocol::Handle> scopes_;
  int64_t pushed_ = 0;
  std::unique_ptr<net::WebSocketClient> client_;
};

struct InspectorTest : testing::Test {
  InspectorTest() {
    std::string pattern = (fs::temp_directory_path() / "wherry-inspector-XXXXXX").string();
    root = ::mkdtemp(pattern.data());
    options.bundle = notes_bundle();
    options.data = root + "/data";
    options.workers = 2;
    options.dev = true;
  }
  ~InspectorTest() override {
    server.reset();
    fs::remove_all(root);
  }

  void start() {
    auto started = Server::start(options);
    ASSERT_TRUE(started) << started.error().text();
    server = *std::move(started);
  }
  std::string token(const std::string& user, std::vector<std::string> roles = {},
                    Millis lasts = Millis{60'000}) const {
    const auto data = *DataFolder::open(options.data, false);
    return net::make_token({user, "team", std::move(roles), now() + lasts}, data->secret());
  }
  std::string fetch(const std::string& target, const std::string& headers = "Host: localhost\r\n") const {
    net::RawSocket socket(server->port());
    socket.send(cat("GET ", target, " HTTP/1.1\r\n", headers, "\r\n"));
    return socket.read_all();
  }
  static int status(const std::string& answer) { return std::stoi(answer.substr(9, 3)); }
  static Json json(const std::string& answer) {
    const Json body = Json::parse(answer.substr(answer.find("\r\n\r\n") + 4), nullptr, false);
    EXPECT_FALSE(body.is_discarded()) << answer;
    return body;
  }
  Json ask(const std::string& path) const {
    const std::string answer = fetch(cat("/inspector/api/", path));
    EXPECT_EQ(status(answer), 200) << answer;
    return json(answer);
  }
  // Asks until the answer is as it will be once all has arrived.
  template <typename Condition>
  Json ask_until(const std::string& path, Condition condition) const {
    Json answer;
    for (int i = 0; i < 600; ++i) {
      answer = ask(path);
      if (condition(answer)) return answer;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    ADD_FAILURE() << path << " is not as expected: " << answer.dump();
    return answer;
  }
  Json commands(int64_t count) const {
    return ask_until("workspaces/team/commands", [&](const Json& a) { return a["head"] >= count; });
  }

  std::string root;
  ServerOptions options;
  std::unique_ptr<Server> server;
};

TEST_F(InspectorTest, PagesComeWithAStrictPolicyAndAnETag) {
  start();
  EXPECT_NE(fetch("/inspector").find("Location: inspector/\r\n"), std::string::npos);
  const std::string page = fetch("/inspector/");
  EXPECT_EQ(status(page), 200);
  EXPECT_NE(page.find("Content-Security-Policy: default-src 'none'; script-src 'self'"), std::string::npos);
  EXPECT_NE(page.find("Content-Type: text/html"), std::string::npos);
  EXPECT_EQ(page.find("unsafe-inline"), std::string::npos);
  const size_t at = page.find("ETag: ") + 6;
  const std::string etag = page.substr(at, page.find("\r\n", at) - at);
  EXPECT_EQ(status(fetch("/inspector/", cat("Host: localhost\r\nIf-None-Match: ", etag, "\r\n"))), 304);
  EXPECT_NE(fetch("/inspector/app.js").find("Content-Type: text/javascript"), std::string::npos);
  EXPECT_EQ(status(fetch("/inspector/../data/secret")), 404);
  EXPECT_EQ(status(fetch("/inspector/nothing.js")), 404);
}

TEST_F(InspectorTest, CommandsComeNewestFirstAndFilters) {
  start();
  Device ann(server->port(), token("ann"));
  ann.push("reader.add", R"({"id":"r1","shelf":"red","user":"ann"})");
  ann.push("note.add", R"({"id":"n1","shelf":"red","body":"Ahoy 100%"})");
  ann.push("note.add", R"({"id":"n2","shelf":"red","body":"no"})");
  const Json all = commands(4);
  ASSERT_EQ(all["commands"].size(), 4u);
  EXPECT_EQ(all["commands"][0]["seq"], 4);
  EXPECT_EQ(all["commands"][0]["outcome"], "rejected");
  EXPECT_EQ(all["commands"][0]["code"], "not_that");
  EXPECT_EQ(all["commands"][0]["message"], "anything but that");
  EXPECT_EQ(all["commands"][3]["name"], "wherry.create");
  EXPECT_EQ(all["reached"], 1);
  const auto seqs = [&](const std::string& query) {
    const Json page = ask(cat("workspaces/team/commands?", query));
    std::vector<int64_t> found;
    for (const Json& one : page["commands"]) found.push_back(one["seq"]);
    return found;
  };
  using Seqs = std::vector<int64_t>;
  EXPECT_EQ(seqs("user=ann"), (Seqs{4, 3, 2}));
  EXPECT_EQ(seqs("name=note.add"), (Seqs{4, 3}));
  EXPECT_EQ(seqs("outcome=rejected"), (Seqs{4}));
  EXPECT_EQ(seqs("entity=n1"), (Seqs{3}));
  EXPECT_EQ(seqs("text=aHOY"), (Seqs{3}));
  EXPECT_EQ(seqs("text=0%25"), (Seqs{3}));
  EXPECT_EQ(seqs("text=A_oy"), (Seqs{}));
  EXPECT_EQ(seqs("after=2"), (Seqs{4, 3}));
  EXPECT_EQ(seqs("before=3&limit=1"), (Seqs{2}));
  EXPECT_EQ(ask("workspaces/team/commands?limit=2")["reached"], 3);
}

TEST_F(InspectorTest, ACommandIsShownWithAllThereIs) {
  start();
  Device ann(server->port(), token("ann"));
  ann.push("reader.add", R"({"id":"r1","shelf":"red","user":"ann"})");
  ann.push("note.add", R"({"id":"n1","shelf":"red","body":"Ahoy"})");
  commands(3);
  const Json answer = ask("workspaces/team/commands/3");
  const Json& command = answer["command"];
  EXPECT_EQ(command["data"]["body"], "Ahoy");
  EXPECT_EQ(command["delta"][0]["after"]["body"], "Ahoy");
  EXPECT_EQ(command["delta_changes"], 1);
  EXPECT_EQ(command["entity_id"], "n1");
  EXPECT_EQ(command["outcome"], "applied");
  EXPECT_LE(command["server_received_timestamp"], command["server_handled_timestamp"]);
  EXPECT_TRUE(command["base_seq"].is_number());
  EXPECT_TRUE(command["stamp_ms"].is_number());
  EXPECT_EQ(answer["scopes"], Json::array({"shelf(red)"}));
}

TEST_F(InspectorTest, RecipientsAreThoseWhoAreEntitledAndHowFarTheyAre) {
  start();
  Device ann(server->port(), token("ann"));
  Device eve(server->port(), token("eve"));
  ann.push("reader.add", R"({"id":"r1","shelf":"red","user":"ann"})");
  ann.push("reader.add", R"({"id":"r2","shelf":"red","user":"bob"})");
  ann.push("note.add", R"({"id":"n1","shelf":"red","body":"Ahoy"})");
  commands(4);
  const Json answer = ask("workspaces/team/commands/4/recipients");
  std::map<std::string, bool> entitled;
  for (const Json& one : answer["entitled"]) entitled[one["user"]] = one["author"];
  // Bob has never been here: only by connecting does he become somebody who holds scopes.
  EXPECT_EQ(entitled, (std::map<std::string, bool>{{"ann", true}}));
  std::map<std::string, std::string> received;
  for (const Json& one : answer["sessions"]) received[one["user"]] = one["received"];
  EXPECT_EQ(received["eve"], "not_entitled");
  EXPECT_EQ(received["ann"], "sent") << "of a command of one's own the answer counts";
  EXPECT_EQ(received.size(), 2u);
  const auto of_ann = [](const Json& recipients) -> std::string {
    for (const Json& one : recipients["sessions"])
      if (one["user"] == "ann") return one["received"];
    return {};
  };
  ann.wait_for_scopes(3);  // her own two, and the shelf
  ann.pull(0);             // scans, but takes nothing
  ask_until("workspaces/team/commands/4/recipients", [&](const Json& a) { return of_ann(a) == "behind"; });
  ann.pull(8);
  ask_until("workspaces/team/commands/4/recipients", [&](const Json& a) { return of_ann(a) == "sent"; });
  EXPECT_EQ(status(fetch("/inspector/api/workspaces/team/commands/9/recipients")), 404);
}

TEST_F(InspectorTest, SessionsShowTheirScopesAndWhoLags) {
  start();
  Device ann(server->port(), token("ann", {"admin"}));
  ann.push("reader.add", R"({"id":"r1","shelf":"red","user":"ann"})");
  commands(2);
  ann.pull(0);  // scans, but takes nothing
  const Json answer = ask_until("workspaces/team/sessions", [](const Json& a) {
    return a["sessions"].size() == 1 && a["sessions"][0]["scanning"] > 0;
  });
  const Json& session = answer["sessions"][0];
  EXPECT_EQ(session["user"], "ann");
  EXPECT_EQ(session["roles"], Json::array({"admin"}));
  EXPECT_EQ(session["replica_id"].get<std::string>().size(), 36u);
  EXPECT_EQ(session["credits"], 0);
  EXPECT_EQ(session["position"], 0);
  EXPECT_EQ(session["lag"], 2);
  EXPECT_EQ(session["scopes"][0]["state"], "scanning");
  EXPECT_EQ(session["scopes"][0]["position"], 0);
  EXPECT_EQ(session["scopes"][0]["lag"], 2);
  std::set<std::string> names;
  for (const Json& scope : session["scopes"]) names.insert(scope["name"]);
  EXPECT_TRUE(names.contains("workspace"));
  EXPECT_TRUE(names.contains("user(ann)"));
  ann.pull(8);
  const Json later =
      ask_until("workspaces/team/sessions", [](const Json& a) { return a["sessions"][0]["scanning"] == 0; });
  EXPECT_EQ(later["sessions"][0]["lag"], 0);
  EXPECT_EQ(ask("workspaces/team/sessions?scopes=1")["sessions"][0]["scopes"].size(), 1u);
}

TEST_F(InspectorTest, AWorkspaceThatDoesNotAnswerIsSaidToBeBusy) {
  start();
  Device ann(server->port(), token("ann"));
  int pushed = 0;
  std::string answer;
  // Those that come while others run are one group, longer each time.
  while (pushed < 200 && (answer.empty() || status(answer) == 200)) {
    for (int i = 0; i < 4; ++i, ++pushed) ann.push("forever", "{}");
    answer = fetch("/inspector/api/workspaces/team/sessions");
  }
  EXPECT_EQ(status(answer), 503) << answer;
  EXPECT_EQ(json(answer)["error"]["code"], "busy");
  for (int i = 0; i < 600 && status(answer) == 503; ++i)
    answer = fetch("/inspector/api/workspaces/team/sessions");
  EXPECT_EQ(status(answer), 200) << answer;
  EXPECT_EQ(ask("workspaces/team/commands")["commands"][0]["code"], "limit_work");
}

TEST_F(InspectorTest, SessionsComeInPages) {
  start();
  Device ann(server->port(), token("ann")), bob(server->port(), token("bob"));
  const Json first = ask("workspaces/team/sessions?limit=1");
  EXPECT_EQ(first["total"], 2);
  EXPECT_EQ(first["has_more"], true);
  const Json second =
      ask(cat("workspaces/team/sessions?limit=1&after=", first["sessions"][0]["id"].get<int64_t>()));
  EXPECT_EQ(second["has_more"], false);
  EXPECT_NE(first["sessions"][0]["user"], second["sessions"][0]["user"]);
}

TEST_F(InspectorTest, LookingOpensNoWorkspace) {
  start();
  {
    const auto data = *DataFolder::open(options.data, false);
    ASSERT_TRUE(data->create_workspace("asleep", now().count));
  }
  Device ann(server->port(), token("ann"));
  const Json list = ask("workspaces");
  EXPECT_EQ(list["total"], 2);
  EXPECT_EQ(list["open"], 1);
  EXPECT_EQ(list["workspaces"][0]["name"], "team");
  EXPECT_EQ(list["workspaces"][0]["sessions"], 1);
  EXPECT_GT(list["workspaces"][0]["bytes"], 0);
  EXPECT_EQ(list["workspaces"][1]["state"], "at_rest");
  EXPECT_FALSE(list["workspaces"][1].contains("head"));
  EXPECT_EQ(ask("workspaces?name=sle")["total"], 1);
  EXPECT_EQ(ask("workspaces?limit=1&offset=1")["workspaces"].size(), 1u);
  // It was made, and nobody has ever connected: it has no file, and gets none.
  EXPECT_EQ(ask("workspaces/asleep")["head"], 0);
  EXPECT_EQ(ask("workspaces/asleep/commands")["commands"].size(), 0u);
  EXPECT_EQ(ask("workspaces/asleep/sessions")["open"], false);
  EXPECT_EQ(ask("workspaces/asleep/activity")["seconds"].size(), 0u);
  EXPECT_EQ(status(fetch("/inspector/api/workspaces/asleep/commands/1")), 404);
  EXPECT_EQ(ask("workspaces?name=asleep")["workspaces"][0]["bytes"], 0);
  EXPECT_EQ(ask("workspaces")["open"], 1);
}

TEST_F(InspectorTest, TheLogOfAWorkspaceAtRestIsRead) {
  options.idle_close_ms = 1;
  start();
  {
    Device ann(server->port(), token("ann"));
    ann.push("reader.add", R"({"id":"r1","shelf":"red","user":"ann"})");
    commands(2);
  }
  ask_until("workspaces", [](const Json& a) { return a["open"] == 0; });
  const Json one = ask("workspaces/team");
  EXPECT_EQ(one["workspace"]["state"], "at_rest");
  EXPECT_EQ(one["head"], 2);
  EXPECT_EQ(one["commands"], Json::array({"forever", "note.add", "reader.add"}));
  EXPECT_EQ(ask("workspaces/team/commands")["commands"].size(), 2u);
  EXPECT_EQ(ask("workspaces/team/sessions")["open"], false);
  EXPECT_EQ(ask("workspaces/team/commands/2/recipients")["sessions"].size(), 0u);
  EXPECT_EQ(ask("workspaces")["open"], 0);
}

TEST_F(InspectorTest, ActivityCountsWholeSeconds) {
  start();
  Device ann(server->port(), token("ann"));
  ann.push("note.add", R"({"id":"n1","shelf":"red","body":"Ahoy"})");
  ann.push("note.add", R"({"id":"n2","shelf":"red","body":"no"})");
  const Json activity = ask_until("workspaces/team/activity?seconds=600", [](const Json& a) {
    int64_t sum = 0;
    for (const Json& second : a["seconds"]) sum += second["commands"].get<int64_t>();
    return sum == 3;
  });
  int64_t rejected = 0;
  for (const Json& second : activity["seconds"]) {
    rejected += second["rejected"].get<int64_t>();
    EXPECT_LE(second["p50_ms"], second["p99_ms"]);
    EXPECT_LT(second["at"], activity["until"]);
  }
  EXPECT_EQ(rejected, 1);
  const int64_t until = activity["until"];
  EXPECT_EQ(ask(cat("workspaces/team/activity?since=", until))["seconds"].size(), 0u);
}

TEST_F(InspectorTest, BadQuestionsAreAnsweredWithAClearError) {
  start();
  Device ann(server->port(), token("ann"));
  const std::map<std::string, int> questions = {
      {"", 404},
      {"workspace", 404},
      {"workspaces/", 400},
      {"workspaces/none", 404},
      {"workspaces/none/commands", 404},
      {"workspaces/../team", 404},
      {"workspaces/%2e%2e", 400},
      {"workspaces/team/everything", 404},
      {"workspaces/team/commands/x", 400},
      {"workspaces/team/commands/0", 400},
      {"workspaces/team/commands/99", 404},
      {"workspaces/team/commands/1/senders", 404},
      {"workspaces/team/commands/1/recipients/more", 404},
      {"workspaces/team/commands?limit=501", 400},
      {"workspaces/team/commands?limit=-1", 400},
      {"workspaces/team/commands?after=x", 400},
      {"workspaces/team/commands?outcome=fine", 400},
      {"workspaces/team/commands?user=%zz", 400},
      {"workspaces/team/commands?color=red", 400},
      {cat("workspaces/team/commands?text=", std::string(1001, 'x')), 400},
      {"workspaces/team/sessions?scopes=501", 400},
      {"workspaces/team/activity?seconds=0", 400}};
  for (const auto& [path, expected] : questions) {
    const std::string answer = fetch(cat("/inspector/api/", path));
    EXPECT_EQ(status(answer), expected) << path << ": " << answer;
    EXPECT_FALSE(json(answer)["error"]["message"].get<std::string>().empty()) << path;
  }
  EXPECT_EQ(ask("workspaces")["total"], 1) << "asking makes no workspace";
}

TEST_F(InspectorTest, OutsideDevelopmentItIsForAdmins) {
  options.dev = false;
  start();
  const auto data = *DataFolder::open(options.data, false);
  for (const char* name : {"team", "other"}) ASSERT_TRUE(data->create_workspace(name, now().count));
  Device ann(server->port(), token("ann"));
  const auto as = [&](const std::string& path, const std::string& token) {
    return fetch(cat("/inspector/api/", path),
                 cat("Host: x\r\n", token.empty() ? "" : cat("Authorization: Bearer ", token, "\r\n")));
  };
  const std::string admin = token("ann", {"admin"});
  for (const char* path :
       {"workspaces", "workspaces/team", "workspaces/team/sessions", "workspaces/team/commands",
        "workspaces/team/commands/1", "workspaces/team/commands/1/recipients", "workspaces/team/activity"}) {
    EXPECT_EQ(status(as(path, "")), 401) << path;
    EXPECT_EQ(status(as(path, "nonsense")), 401) << path;
    EXPECT_EQ(status(as(path, token("ann"))), 403) << path;
    EXPECT_EQ(status(as(path, token("ann", {"admin"}, Millis{-1000}))), 401) << path;
    EXPECT_EQ(status(as(path, admin)), 200) << path;
  }
  for (const char* path : {"workspaces/other", "workspaces/other/commands", "workspaces/nowhere"})
    EXPECT_EQ(status(as(path, admin)), 401) << path << ": whether it exists is not told";
  const Json list = json(as("workspaces", admin));
  EXPECT_EQ(list["total"], 1);
  EXPECT_EQ(list["workspaces"][0]["name"], "team");
}

TEST_F(InspectorTest, InDevelopmentOtherNamesAndOriginsAreTurnedAway) {
  start();
  EXPECT_EQ(status(fetch("/inspector/api/workspaces", "Host: evil.example\r\n")), 403);
  EXPECT_EQ(status(fetch("/inspector/api/workspaces", "Host: localhost\r\nOrigin: https://evil.example\r\n")),
            403);
  const std::string answer = fetch("/inspector/api/workspaces");
  EXPECT_EQ(status(answer), 200);
  EXPECT_NE(answer.find("Cross-Origin-Resource-Policy: same-origin\r\n"), std::string::npos);
  EXPECT_EQ(answer.find("Access-Control-Allow-Origin"), std::string::npos);
}

TEST_F(InspectorTest, StopsWhileSomebodyAsks) {
  start();
  Device ann(server->port(), token("ann"));
  net::RawSocket socket(server->port());
  socket.send("GET /inspector/api/workspaces/team/sessions HTTP/1.1\r\nHost: localhost\r\n\r\n");
  server->stop();
}

}  // namespace
}  // namespace wherry::server
