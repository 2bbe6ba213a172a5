#include "server/actor.h"

#include <gtest/gtest.h>

#include "server/fake_workspace_for_test.h"

namespace wherry::server {
namespace {

constexpr const char* kAddress = "192.0.2.1";

struct ActorTest : testing::Test {
  std::map<std::string, FakeFile> files;
  FakeFile& file = files["demo"];
  FakeOutlet outlet;
  Opener opener = fake_opener(files);
  std::shared_ptr<Gate> gate = std::make_shared<Gate>();
  RefusedTokens tokens{[] { return Millis{0}; }};
  Actor actor{"demo", opener, outlet, tokens, gate, /*idle_close_ms=*/1000};

  void say(net::ConnectionId id, const std::string& bytes, Millis now) {
    (void)gate->admit(id, bytes.size());
    actor.receive(id, bytes, now);
  }
};

TEST_F(ActorTest, OpensWhenSomeoneConnectsAndAnswers) {
  EXPECT_FALSE(actor.is_open());
  actor.connect(1, kAddress, Millis{0});
  say(1, "a", Millis{0});
  say(1, "b", Millis{0});
  EXPECT_FALSE(actor.round(Millis{0}));
  const auto sent = outlet.sent(1);
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_EQ(sent[0].bytes, "ok a");
  EXPECT_EQ(sent[1].bytes, "ok b");
  EXPECT_EQ(file.groups, std::vector<size_t>{2});
}

TEST_F(ActorTest, RefusesAnUnknownWorkspace) {
  files.erase("demo");
  actor.connect(1, kAddress, Millis{0});
  const auto sent = outlet.sent(1);
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(bye_code(sent[0]), "not_found");
  EXPECT_TRUE(sent[0].close);
  EXPECT_EQ(sent[0].close_code, 4404);
  EXPECT_TRUE(actor.disposable(Millis{0}));
}

TEST_F(ActorTest, ClosesWhenNobodyIsThereForAWhileAndOpensAgain) {
  actor.connect(1, kAddress, Millis{0});
  actor.tick(Millis{5000});
  EXPECT_TRUE(actor.is_open());
  actor.disconnect(1, Millis{5000});
  actor.tick(Millis{5999});
  EXPECT_TRUE(actor.is_open());
  EXPECT_FALSE(actor.disposable(Millis{5999}));
  actor.tick(Millis{6000});
  EXPECT_FALSE(actor.is_open());
  EXPECT_TRUE(actor.disposable(Millis{6000}));
  actor.connect(2, kAddress, Millis{7000});
  EXPECT_TRUE(actor.is_open());
  EXPECT_EQ(file.opened, 2);
}

TEST_F(ActorTest, AFailedCommitAcknowledgesNothingAndReopensLater) {
  actor.connect(1, kAddress, Millis{0});
  actor.connect(2, kAddress, Millis{0});
  say(1, "a", Millis{0});
  file.next_commit = fail(ErrorCode::kIo, "the disk is on fire at /secret/place");
  EXPECT_FALSE(actor.round(Millis{0}));
  EXPECT_FALSE(actor.is_open());
  for (const net::ConnectionId id : {1, 2}) {
    const auto sent = outlet.sent(id);
    ASSERT_EQ(sent.size(), 1u);
    EXPECT_EQ(bye_code(sent[0]), "unavailable");
    EXPECT_EQ(sent[0].close_code, 1013);
    EXPECT_EQ(sent[0].bytes.find("secret"), std::string::npos);
  }
  // What the closed sessions still say is not heard.
  say(1, "late", Millis{0});
  actor.disconnect(1, Millis{0});
  EXPECT_FALSE(actor.round(Millis{0}));

  actor.connect(3, kAddress, Millis{500});
  ASSERT_EQ(outlet.sent(3).size(), 1u);
  EXPECT_EQ(bye_code(outlet.sent(3)[0]), "unavailable");
  EXPECT_EQ(file.opened, 1);
  actor.connect(4, kAddress, Millis{1000});
  say(4, "again", Millis{1000});
  actor.round(Millis{1000});
  EXPECT_EQ(file.opened, 2);
  ASSERT_EQ(outlet.sent(4).size(), 1u);
  EXPECT_EQ(outlet.sent(4)[0].bytes, "ok again");
}

TEST_F(ActorTest, AFailedTickClosesTheWorkspaceToo) {
  actor.connect(1, kAddress, Millis{0});
  file.next_tick = fail(ErrorCode::kIo, "no space left");
  actor.tick(Millis{0});
  EXPECT_FALSE(actor.is_open());
  ASSERT_EQ(outlet.sent(1).size(), 1u);
  EXPECT_EQ(bye_code(outlet.sent(1)[0]), "unavailable");
}

TEST_F(ActorTest, CorruptionIsNoPassingFault) {
  actor.connect(1, kAddress, Millis{0});
  say(1, "a", Millis{0});
  file.next_commit = fail(ErrorCode::kCorrupt, "torn page");
  actor.round(Millis{0});
  ASSERT_EQ(outlet.sent(1).size(), 1u);
  EXPECT_EQ(bye_code(outlet.sent(1)[0]), "internal");
}

TEST_F(ActorTest, AFileThatCannotBeOpenedIsNotTriedAtEveryConnect) {
  file.next_open = fail(ErrorCode::kBusy, "another process has it");
  actor.connect(1, kAddress, Millis{0});
  EXPECT_EQ(bye_code(outlet.sent(1).at(0)), "unavailable");
  EXPECT_FALSE(actor.disposable(Millis{0}));
  actor.connect(2, kAddress, Millis{10});
  EXPECT_EQ(bye_code(outlet.sent(2).at(0)), "unavailable");
  EXPECT_EQ(file.opened, 0);
  actor.connect(3, kAddress, Millis{1000});
  EXPECT_TRUE(actor.is_open());
}

TEST_F(ActorTest, ReadingGoesOnWhenWhatWaitedIsDone) {
  actor.connect(1, kAddress, Millis{0});
  net::Reading reading = net::Reading::kGoOn;
  for (size_t i = 0; i <= Gate::kMessages; ++i) {
    EXPECT_EQ(reading, net::Reading::kGoOn);
    reading = gate->admit(1, 1);
    actor.receive(1, "x", Millis{0});
  }
  EXPECT_EQ(reading, net::Reading::kPause);
  actor.round(Millis{0});
  EXPECT_TRUE(outlet.wait_for_resume(1));
  EXPECT_EQ(gate->admit(1, 1), net::Reading::kGoOn);
}

TEST_F(ActorTest, CountsATokenThatIsRefusedAtTheBeginning) {
  const auto hello = [&](net::ConnectionId id, const char* code) {
    file.next_bye = code;
    actor.connect(id, kAddress, Millis{0});
    say(id, "hello", Millis{0});
    actor.round(Millis{0});
    EXPECT_EQ(bye_code(outlet.sent(id).at(0)), code);
  };
  for (int i = 1; i < RefusedTokens::kMost; ++i) hello(i, "unauthorized");
  for (int i = 0; i < RefusedTokens::kMost; ++i) hello(1000 + i, "protocol");
  EXPECT_EQ(tokens.retry_after(kAddress), Millis{0});
  hello(2000, "unauthorized");
  EXPECT_EQ(tokens.retry_after(kAddress), RefusedTokens::kTurnedAway);
}

TEST_F(ActorTest, ATokenThatIsAcceptedClearsItsAddressAndDoesNotCountWhenItEnds) {
  for (int i = 1; i < RefusedTokens::kMost; ++i) tokens.refused(kAddress);
  actor.connect(1, kAddress, Millis{0});
  EXPECT_EQ(tokens.addresses(), 1u);
  say(1, "hello", Millis{0});
  actor.round(Millis{0});
  EXPECT_EQ(tokens.addresses(), 0u);
  file.next_bye = "unauthorized";
  say(1, "too late", Millis{0});
  actor.round(Millis{0});
  EXPECT_EQ(bye_code(outlet.sent(1).at(1)), "unauthorized");
  EXPECT_EQ(tokens.addresses(), 0u);
}

TEST_F(ActorTest, ManyBytesPauseReadingToo) {
  EXPECT_EQ(gate->admit(1, Gate::kBytes), net::Reading::kGoOn);
  EXPECT_EQ(gate->admit(2, 1), net::Reading::kPause);
  EXPECT_EQ(gate->release(1, 1), std::vector<net::ConnectionId>{});
  EXPECT_EQ(gate->release(1, Gate::kBytes), std::vector<net::ConnectionId>{2});
}

TEST_F(ActorTest, SaysGoodbyeAndLetsNobodyInAfterwards) {
  actor.connect(1, kAddress, Millis{0});
  actor.shut_down(Millis{0});
  ASSERT_EQ(outlet.sent(1).size(), 1u);
  EXPECT_EQ(bye_code(outlet.sent(1)[0]), "going_away");
  EXPECT_EQ(outlet.sent(1)[0].close_code, 1001);
  actor.connect(2, kAddress, Millis{1});
  EXPECT_EQ(bye_code(outlet.sent(2).at(0)), "going_away");
}

}  // namespace
}  // namespace wherry::server
