// The issue tracker through the same laws: nested scopes, rows in two scopes, subtrees that move, roles,
// on-demand scopes, UNIQUE. At rest every replica equals the server's rows filtered for its user, and the log
// alone rebuilds the server's tables.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "base/text.h"
#include "engine/dump.h"
#include "engine/rows.h"
#include "sqlite/database.h"
#include "tests/sync/gen.h"
#include "tests/sync/world.h"

namespace wherry::testing {
namespace {

struct Op {
  int device, kind, a, b;
};

void showValue(const Op& op, std::ostream& os) {
  os << "{device " << op.device << ", kind " << op.kind << ", " << op.a << ", " << op.b << "}";
}

constexpr int kKinds = 24;

rc::Gen<Op> an_op() {
  return rc::gen::construct<Op>(below(4), below(kKinds), below(4), below(4));
}

std::pair<std::string, std::string> command_of(const Op& op, int step) {
  const std::string issue = cat("i", op.a), project = cat("p", op.a % 3), team = cat("t", op.a % 2),
                    user = cat("u", op.b);
  const auto json = [](std::initializer_list<std::pair<const char*, std::string>> pairs) {
    std::string text = "{";
    for (const auto& [name, value] : pairs) text += cat(text.size() > 1 ? "," : "", "\"", name, "\":", value);
    return text + "}";
  };
  const auto q = [](const std::string& text) { return cat("\"", text, "\""); };
  switch (op.kind) {
    case 3:
      return {"team.create", json({{"id", q(team)}, {"name", q(cat("team ", step))}})};
    case 4:
      return {"team.add_member", json({{"team_id", q(team)}, {"user_id", q(user)}})};
    case 5:
      return {"team.remove_member", json({{"team_id", q(team)}, {"user_id", q(user)}})};
    case 6:
      return {"project.create", json({{"id", q(project)},
                                      {"team_id", q(cat("t", op.b % 2))},
                                      {"name", q("p")},
                                      {"public", op.b == 3 ? "true" : "false"}})};
    case 7:
      return {"project.transfer", json({{"id", q(project)}, {"team_id", q(cat("t", op.b % 2))}})};
    case 8:
      return {"project.publish", json({{"id", q(project)}, {"public", op.b % 2 == 0 ? "true" : "false"}})};
    case 9:
      return {op.b == 0 ? "project.lock" : "project.unlock", json({{"id", q(project)}})};
    case 10:
    case 11:
      return {
          "issue.create",
          json({{"id", q(issue)}, {"project_id", q(cat("p", op.b % 3))}, {"title", q(cat("issue ", step))}})};
    case 12:
      return {"issue.assign", json({{"id", q(issue)}, {"assignee_id", q(user)}})};
    case 13:
      return {"issue.transfer", json({{"id", q(issue)}, {"project_id", q(cat("p", op.b % 3))}})};
    case 14:
      return {"issue.edit", json({{"id", q(issue)}, {"title", q(cat("edited ", step))}})};
    case 15:
      return {"issue.label", json({{"id", q(issue)}, {"label", q(cat("l", op.b))}})};
    case 16:
      return {"issue.vote", json({{"id", q(issue)}, {"by", "1"}})};
    case 17:
      return {"issue.swap_numbers", json({{"id", q(issue)}, {"other_id", q(cat("i", op.b))}})};
    case 18:
      return {"step.add", json({{"issue_id", q(issue)}, {"texts", R"(["one","two"])"}})};
    case 19:
      return {"link.add", json({{"from_id", q(issue)}, {"to_id", q(cat("i", op.b))}, {"kind", q("blocks")}})};
    case 20:
      return {"field.set", json({{"issue_id", q(issue)}, {"name", q("size")}, {"value", cat(op.b)}})};
    case 21:
      return {"note.write", json({{"team_id", q(team)}, {"user_id", q(user)}, {"note", q("psst")}})};
    case 22:
      return {"contract.set", json({{"user_id", q(user)}, {"day_rate", cat(step)}})};
    default:
      return {op.b % 2 == 0 ? "issue.delete" : "issue.restore", json({{"id", q(issue)}})};
  }
}

void perform(World& world, const std::vector<Device*>& devices, const Op& op, int step) {
  Device& device = *devices[static_cast<size_t>(op.device)];
  if (op.kind == 0)
    op.a == 0 ? device.disconnect() : device.connect();
  else if (op.kind == 1)
    world.step();
  else if (op.kind == 2)
    world.settle();
  else {
    const auto [name, params] = command_of(op, step);
    (void)device.replica().execute(name, params, world.now);
  }
  world.now = world.now + Millis{5};
}

// The server's tables, rebuilt from nothing but the log.
std::string fold(World& world, const Bundle& bundle) {
  auto log = *sqlite::Database::open((world.folder / "server.db").string(), sqlite::Access::kReadOnly);
  auto tables = *sqlite::Database::open(":memory:", sqlite::Access::kReadWriteCreate);
  const auto first =
      *log->rows("SELECT value FROM wherry_commands, json_each(data, '$.schema') WHERE seq = 1");
  for (const Row& statement : first) EXPECT_TRUE(tables->execute(*statement[0].text()));
  Rows rows(*tables, bundle);
  const auto entries = *log->rows("SELECT delta FROM wherry_commands WHERE delta IS NOT NULL ORDER BY seq");
  for (const Row& entry : entries) {
    const auto delta = decode_delta(entry[0].blob()->bytes, bundle);
    EXPECT_TRUE(delta);
    // UNIQUE is met at the end of a command, not row by row.
    for (const RowChange& change : delta->rows) EXPECT_TRUE(rows.remove(change.ref));
    for (const RowChange& change : delta->rows) {
      if (!change.after) continue;
      EXPECT_TRUE(rows.put(change.ref.table, *change.after));
    }
  }
  std::string text;
  for (const size_t table : dump_order(bundle))
    EXPECT_TRUE(rows.for_each(table, [&](const Row& row) -> Result<> {
      text += cat(dump_line(bundle.tables[table], row), "\n");
      return {};
    }));
  return text;
}

RC_GTEST_PROP(Tracker, ReplicasConvergeAndTheLogAloneRebuildsTheTables, ()) {
  const auto ops = *rc::gen::scale(2.0, rc::gen::container<std::vector<Op>>(an_op()));
  const auto bundle = bundle_of("tests/tracker");
  World world(bundle);
  std::vector<Device*> devices;
  const std::vector<std::vector<std::string>> roles = {{"admin"}, {"hr"}, {}, {"auditor"}};
  for (size_t u = 0; u < 4; ++u)
    devices.push_back(&world.device(cat("d", u), cat("u", u), roles[u], u % 2 == 1));
  devices[1]->stutter = devices[2]->stutter = true;
  for (Device* device : devices) device->connect();
  world.settle();
  // Something to begin with, so that short histories meet something too.
  for (const Op& op : {Op{0, 3, 0, 0}, Op{0, 3, 1, 0}, Op{0, 4, 0, 1}, Op{0, 4, 0, 2}, Op{0, 6, 0, 0},
                       Op{0, 6, 1, 1}, Op{0, 10, 0, 0}, Op{0, 10, 1, 0}})
    perform(world, devices, op, 0);
  world.settle();
  for (size_t i = 0; i < ops.size(); ++i) perform(world, devices, ops[i], static_cast<int>(i));
  for (Device* device : devices)
    if (!device->connected()) device->connect();
  world.settle();
  world.settle();
  RC_ASSERT(fold(world, *bundle) == world.dump());
  for (Device* device : devices) {
    RC_ASSERT(device->dump() == world.dump_as(*device));
    RC_ASSERT(device->ask("SELECT count(*) FROM wherry_commands WHERE state = 'pending'") == "0");
    RC_ASSERT(device->ask("SELECT count(*) FROM wherry_base") == "0");
    RC_ASSERT(device->ask("SELECT count(*) FROM wherry_aside") == "0");
  }
}

}  // namespace
}  // namespace wherry::testing
