// A server for the tests of a replica: it says what the test tells it to, through real messages.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/text.h"
#include "bundle/compile.h"
#include "bundle/wire.h"
#include "protocol/codec.h"
#include "replica/replica.h"

namespace wherry::testing {

template <typename T>
T must(Result<T> result) {
  if (!result) {
    ADD_FAILURE() << result.error().text();
    std::abort();
  }
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

// A small app: items with a counter and a set, names that are unique, notes that can be searched, drafts
// that stay on the device.
const Bundle& small_app();
// The same without its names, as someone sees it who may not have them.
const Bundle& smaller_app();
// An id for a command, a uuid made from a number.
std::string id_of(int64_t number);

// A replica in a folder of its own.
class Device {
 public:
  explicit Device(bool reference = false);
  ~Device();
  void open();
  void close() { replica.reset(); }
  std::filesystem::path path() const { return folder_ / "replica.db"; }

  // --- the app's side: the code of the refusal, empty if accepted
  std::string exec(const std::string& name, const std::string& params, const std::string& id = {});
  std::string state_of(const std::string& id);  // "pending", "rejected:code", "unknown"
  // Rows of a query, "a|b c|d".
  std::string ask(const std::string& sql);
  std::string dump();

  // --- the server's side
  // hello, welcome, schema, scopes and a first batch with these answers.
  void connect(const std::vector<protocol::GrantedScope>& scopes, protocol::Batch first = {});
  void greet(const std::vector<protocol::GrantedScope>& scopes);  // all but the first batch
  Result<> say(const protocol::Message& message);
  // What the replica has said since, in order.
  std::vector<protocol::Message> heard();
  template <typename M>
  std::vector<M> heard_of() {
    std::vector<M> found;
    for (protocol::Message& message : heard())
      if (auto* m = std::get_if<M>(&message)) found.push_back(std::move(*m));
    return found;
  }

  protocol::Welcome welcome;  // what connect() will say
  const Bundle* bundle = &small_app();
  Millis now{1'000'000};
  std::unique_ptr<Replica> replica;

 private:
  Result<> hear();
  const bool reference_;
  std::filesystem::path folder_;
  std::vector<protocol::Message> heard_;
};

// Items of tables by name, as the server would send them; handle 1 is that of workspace, 2 of user(ann).
protocol::RowItem put(const std::string& table, int64_t seq, Row row);
protocol::RowItem gone(const std::string& table, int64_t seq, Row key);
struct Items {
  protocol::Handle handle = 0;
  std::vector<protocol::RowItem> list;
};
Items segment(protocol::Handle handle, const std::vector<protocol::RowItem>& items);
protocol::RowsChunk chunk(protocol::Handle handle, int64_t upto, const std::vector<protocol::RowItem>& items,
                          bool from_zero, bool live);
protocol::Batch batch(int64_t upto, const std::vector<Items>& segments = {},
                      std::vector<protocol::Answer> answers = {});
protocol::Answer applied(const std::string& id, int64_t seq);
protocol::Answer rejected(const std::string& id, int64_t seq, const std::string& code);

inline const std::vector<protocol::GrantedScope> kWorkspace = {{1, "workspace", false, false}};
inline const std::vector<protocol::GrantedScope> kBoth = {{1, "workspace", false, false},
                                                          {2, "user(ann)", false, false}};

// Connects, with the workspace scope live at `upto` and these rows in it.
void go_live(Device& device, int64_t upto, const std::vector<protocol::RowItem>& items = {});

}  // namespace wherry::testing
