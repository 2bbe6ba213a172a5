#include "bench/board.h"

#include <algorithm>

#include "base/text.h"
#include "server/clock.h"

namespace wherry::bench {

namespace {

constexpr size_t kLanesOfEach = 2;

}  // namespace

Board::Board(Workspace& workspace, size_t users, size_t cards_of_each, Dice& dice) : dice_(dice) {
  Direct direct(workspace);
  const std::string team = dice.uuid(server::now()), project = dice.uuid(server::now());
  direct.add("team.create", cat(R"({"id":")", team, R"(","name":"team"})"), 0);
  for (size_t user = 1; user < users; ++user)
    direct.add("team.add_member", cat(R"({"team_id":")", team, R"(","user_id":")", user_name(user), R"("})"),
               0);
  direct.add("project.create",
             cat(R"({"id":")", project, R"(","team_id":")", team, R"(","name":"project","public":true})"), 0);
  for (size_t user = 0; user < users; ++user)
    parts_.push_back(add_part(direct, user, cards_of_each, project));
  direct.finish();
}

Board::Part Board::add_part(Direct& direct, size_t user, size_t cards, const std::string& project) {
  Part part;
  for (size_t lane = 0; lane < kLanesOfEach; ++lane) {
    part.lanes.push_back(dice_.uuid(server::now()));
    part.cards.emplace_back();
    direct.add("lane.create",
               cat(R"({"id":")", part.lanes.back(), R"(","project_id":")", project, R"(","name":"lane )",
                   lane, " of ", user_name(user), R"("})"),
               user);
  }
  for (size_t i = 0; i < cards; ++i) {
    const size_t lane = i % kLanesOfEach;
    part.turns.push_back(dice_.uuid(server::now()));
    part.cards[lane].push_back(part.turns.back());
    direct.add("issue.create",
               cat(R"({"id":")", part.turns.back(), R"(","project_id":")", project, R"(","title":")",
                   dice_.text(40), R"(","lane_id":")", part.lanes[lane], R"("})"),
               user);
  }
  return part;
}

Command Board::move(size_t user) {
  Part& part = parts_[user];
  const std::string card = part.turns[part.next++ % part.turns.size()];
  for (auto& cards : part.cards) std::erase(cards, card);
  const size_t lane = dice_.below(part.lanes.size());
  std::vector<std::string>& cards = part.cards[lane];
  const size_t place = dice_.below(cards.size() + 1);
  std::string data = cat(R"({"id":")", card, R"(","lane_id":")", part.lanes[lane], '"');
  if (place > 0) data += cat(R"(,"after":")", cards[place - 1], '"');
  if (place < cards.size()) data += cat(R"(,"before":")", cards[place], '"');
  cards.insert(cards.begin() + static_cast<std::ptrdiff_t>(place), card);
  return {"issue.place", data + "}"};
}

}  // namespace wherry::bench
