// The verdicts: a second implementation of what decides over each command, run beside the log. Restrictions
// and guards as the chat has them; last write wins by (stamp, command id), per cell, with existence as one
// more cell; counters and sets add up; a soft deletion wins what it sets. It must come to the outcome, the
// code and the rows of the log.
#include "sim/checkers/all.h"

namespace wherry::sim {

namespace {

class Verdicts : public Checker {
 public:
  explicit Verdicts(World& world) : world_(world) {}

  void booted() override {
    committed();
    if (rows_ != world_.history().rows())
      world_.violated("WINNERS",
                      "the rows should be\n" + dump(rows_) + "and are\n" + dump(world_.history().rows()));
  }
  void at_rest() override { booted(); }
  void committed() override {
    std::set<RowId> touched;
    for (; seen_ < world_.history().head(); ++seen_) judge(world_.history().at(seen_ + 1), touched);
    for (const RowId& id : touched) {
      const auto should = std::as_const(rows_).find(id), is = world_.history().rows().find(id);
      const bool gone = is == world_.history().rows().end();
      if ((should == rows_.cend()) != gone || (!gone && should->second != is->second))
        world_.violated("WINNERS", "at " + std::to_string(seen_) + " the row should be\n" +
                                       (should == rows_.cend() ? "gone\n" : dump({*should})) + "and is\n" +
                                       (gone ? "gone" : dump({*is})));
    }
  }
  void restored(int64_t) override {
    seen_ = 0;
    rows_.clear();
    versions_.clear();
  }

 private:
  // Which entry wrote what: the row's existence, and its cells since.
  struct Version {
    int64_t existence = 0;
    std::map<size_t, int64_t> cells;
    int64_t cell(size_t column) const {
      const auto at = cells.find(column);
      return at == cells.end() ? existence : at->second;
    }
  };

  void judge(const LogRow& row, std::set<RowId>& touched) {
    if (row.user == "system") return;
    const Effect effect = run(command_of(row), rows_);
    touched.insert(row.touched.begin(), row.touched.end());
    for (const Write& write : effect.writes) touched.insert(write.id);
    std::string should = "rejected", code = effect.refusal;
    if (code.empty()) {
      std::map<RowId, std::optional<Version>> versions_before;
      for (const Write& write : effect.writes) {
        const auto at = versions_.find(write.id);
        versions_before[write.id] = at == versions_.end() ? std::nullopt : std::optional(at->second);
      }
      should = arbitrate(row, effect);
      // What is left of it must lie where its author can read.
      if (hides_from_author(row, effect)) {
        should = "rejected";
        code = "entity_missing";
        for (const Write& write : effect.writes) put_back(write);
        for (auto& [id, version] : versions_before) {
          versions_.erase(id);
          if (version) versions_[id] = *std::move(version);
        }
      }
    }
    if (should != row.outcome || code != row.code)
      world_.violated("WINNERS", "entry " + std::to_string(row.seq) + " " + row.name + " " + row.data +
                                     " of " + row.user + " should be " + should + " " + code + " and is " +
                                     row.outcome + " " + row.code);
  }

  bool hides_from_author(const LogRow& row, const Effect& effect) const {
    if (row.name == "channel.add_member" || row.name == "channel.remove_member")
      return false;  // allow: unseen
    for (const Write& write : effect.writes) {
      const auto at = rows_.find(write.id);
      if (at != rows_.end() && !reads(rows_, at->first, at->second, row.user)) return true;
    }
    return false;
  }

  static ChatCommand command_of(const LogRow& row) {
    ChatCommand command;
    command.name = row.name;
    command.user = row.user;
    command.is_admin = row.roles.find("\"admin\"") != std::string::npos;
    command.now = row.stamp >> 16;
    command.at_server = true;
    command.params = params_of(row.data);
    return command;
  }

  bool wins(const LogRow& row, int64_t written) const {
    if (written <= row.base_seq || written == row.seq) return true;
    const LogRow& other = world_.history().at(written);
    return std::tie(row.stamp, row.id) > std::tie(other.stamp, other.id);
  }

  std::string arbitrate(const LogRow& row, const Effect& effect) {
    bool lost = false;
    for (const Write& write : effect.writes) {
      const auto known = versions_.find(write.id);
      const bool is_known = known != versions_.end();
      if (write.before.has_value() != write.after.has_value()) {  // comes or goes
        if (is_known && !wins(row, known->second.existence)) {
          lost = true;
          world_.sometimes("a stale add or remove lost");
          put_back(write);
          continue;
        }
        versions_[write.id] = {row.seq, {}};
        continue;
      }
      if (write.existence) {  // asked for a row that is there, or removed one that is not
        if (is_known && !wins(row, known->second.existence)) continue;
        Version& version = versions_[write.id];
        if (write.before)  // its cells keep their writers
          for (size_t i = 0; i < write.before->size(); ++i)
            if (is_known) version.cells.emplace(i, version.existence);
        version.existence = row.seq;
        continue;
      }
      lost |= judge_cells(row, write, versions_[write.id]);
    }
    return lost ? "superseded" : "applied";
  }

  bool judge_cells(const LogRow& row, const Write& write, Version& version) {
    const bool is_message = write.id.table == ChatTable::kMessages;
    const bool deletes = is_message && is_null((*write.before)[messages::kDeletedAt]) &&
                         !is_null((*write.after)[messages::kDeletedAt]);
    bool lost = false;
    for (const size_t column : write.assigned) {
      const bool adds_up = is_message && (column == messages::kReactions || column == messages::kVotes);
      if (adds_up || deletes || wins(row, version.cell(column))) {
        version.cells[column] = row.seq;
        continue;
      }
      if ((*write.before)[column] == (*write.after)[column]) continue;
      lost = true;
      world_.sometimes("a cell was lost to a later write");
      rows_[write.id][column] = (*write.before)[column];
    }
    return lost;
  }

  void put_back(const Write& write) {
    if (write.before)
      rows_[write.id] = *write.before;
    else
      rows_.erase(write.id);
  }

  World& world_;
  int64_t seen_ = 0;
  ChatRows rows_;
  std::map<RowId, Version> versions_;
};

}  // namespace

std::unique_ptr<Checker> check_verdicts(World& world) {
  return std::make_unique<Verdicts>(world);
}

}  // namespace wherry::sim
