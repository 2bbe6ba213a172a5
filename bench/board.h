// What the benchmarks do to the tracker: cards that move on a board.
#pragma once

#include <string>
#include <vector>

#include "bench/chat.h"
#include "bench/direct.h"
#include "bench/writers.h"
#include "workspace/workspace.h"

namespace wherry::bench {

// One project, open to the whole workspace. Each user has two lanes on its board, and cards that he moves
// from anywhere in them to anywhere else in them, each in turn.
class Board {
 public:
  // Fills the workspace. Users are 0 … `users` - 1.
  Board(Workspace& workspace, size_t users, size_t cards_of_each, Dice& dice);

  // `issue.place` for the user's next card: two columns of one row.
  Command move(size_t user);

 private:
  struct Part {
    std::vector<std::string> lanes;               // ids
    std::vector<std::vector<std::string>> cards;  // of each lane in order, as the moves will have left it
    std::vector<std::string> turns;               // all cards
    size_t next = 0;                              // among turns
  };
  Part add_part(Direct& direct, size_t user, size_t cards, const std::string& project);

  Dice& dice_;
  std::vector<Part> parts_;
};

}  // namespace wherry::bench
