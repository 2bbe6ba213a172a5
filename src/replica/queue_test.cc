#include "replica/queue.h"

#include <gtest/gtest.h>

#include "replica/fake_server_for_test.h"
#include "replica/store.h"

namespace wherry {
namespace {

using testing::applied;
using testing::id_of;
using testing::must;
using testing::rejected;

class QueueTest : public ::testing::Test {
 protected:
  QueueTest() {
    std::filesystem::create_directories(folder_);
    store_ = must(Store::open({(folder_ / "replica.db").string(), {}, Sync::kNormal, true}));
  }
  ~QueueTest() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }
  int64_t add(int64_t number) {
    QueuedCommand command;
    command.id = id_of(number);
    command.replica_seq = number;
    command.name = "item.add";
    command.data = "{}";
    command.base_seq = {number};
    return must(queue().add(command));
  }
  Queue queue() { return Queue(store_->db()); }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / cat("wherry-queue-", getpid());
  std::unique_ptr<Store> store_;
};

TEST_F(QueueTest, AnAnswerCountsOnce) {
  add(1);
  EXPECT_TRUE(must(queue().answer(rejected(id_of(1), 5, "no"), {})));
  EXPECT_FALSE(must(queue().answer(applied(id_of(1), 6), {})));
  EXPECT_EQ(must(queue().answered(id_of(1))).state, CommandState::kRejected);
  EXPECT_FALSE(must(queue().answer(applied(id_of(2), 6), {})));
}

TEST_F(QueueTest, KeepsTheLastAppliedCommandsAndEveryOther) {
  auto transaction = must(sqlite::Transaction::begin(store_->db()));
  add(1);
  add(2);
  must(queue().answer(rejected(id_of(1), 1, "no"), {}));
  for (int64_t number = 3; number < Queue::kAppliedKept + 6; ++number) {
    add(number);
    must(queue().answer(applied(id_of(number), number), {}));
  }
  must(queue().trim());
  EXPECT_EQ(must(queue().count(CommandState::kApplied)), Queue::kAppliedKept);
  EXPECT_FALSE(must(queue().contains(id_of(5))));
  EXPECT_TRUE(must(queue().contains(id_of(6))));
  EXPECT_EQ(must(queue().count(CommandState::kPending)), 1);
  EXPECT_EQ(must(queue().count(CommandState::kRejected)), 1);
}

TEST_F(QueueTest, NumbersWithoutGapsFromWhatTheServerHas) {
  for (int64_t number = 1; number <= 4; ++number) add(number);
  must(queue().answer(applied(id_of(1), 9), {}));
  must(queue().answer(rejected(id_of(3), 10, "no"), {}));
  // The server has 2; 3 was refused without being logged.
  EXPECT_EQ(must(queue().renumber(2)), 4);
  const auto pending = must(queue().pending(0, 10));
  ASSERT_EQ(pending.size(), 2u);
  EXPECT_EQ(pending[0].replica_seq, 2);
  EXPECT_EQ(pending[1].replica_seq, 3);
  EXPECT_EQ(must(queue().answered_to({}, 4)), 1);
  EXPECT_EQ(must(queue().answered_to({id_of(2)}, 4)), 2);
}

TEST_F(QueueTest, OffersForgottenEffectsAgainButNoRejections) {
  for (int64_t number = 1; number <= 3; ++number) add(number);
  must(queue().answer(applied(id_of(1), 4), {}));
  must(queue().answer(applied(id_of(2), 6), {}));
  must(queue().answer(rejected(id_of(3), 7, "no"), {}));
  must(queue().dismiss(id_of(2)));
  EXPECT_EQ(must(queue().offer_again({5})), 1);
  const auto pending = must(queue().pending(0, 10));
  ASSERT_EQ(pending.size(), 1u);
  EXPECT_EQ(pending[0].id, id_of(2));
  EXPECT_EQ(pending[0].base_seq, Seq{2});
}

}  // namespace
}  // namespace wherry
