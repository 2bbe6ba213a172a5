#include <algorithm>

#include "base/id.h"
#include "base/text.h"
#include "cli/clock.h"
#include "cli/exec.h"
#include "cli/jsonl.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/server_executor.h"
#include "net/token.h"

namespace wherry::cli {

namespace {

// An importer may name another author; what it did stays on record as its own submission.
Result<DirectCommand> direct_command(const ExecOptions& options, ExecuteRequest request, UuidMaker& ids) {
  const bool importer = std::ranges::find(options.roles, "import") != options.roles.end();
  if (request.options.user && !importer)
    return fail(ErrorCode::kInvalid, "only with --role import may a line name its `user`");
  return DirectCommand{.name = std::move(request.name),
                       .data = std::move(request.params_json),
                       .user_id = request.options.user.value_or(options.as_user),
                       .roles = options.roles,
                       .id = request.options.id ? *request.options.id : ids.make(now()).text(),
                       .client_timestamp = request.options.client_timestamp,
                       .submitted_by = options.as_user};
}

void print_answer(const protocol::Answer& answer, std::optional<int64_t> line, bool json) {
  if (json) {
    Json object = Json::object();
    if (line) object["line"] = *line;
    object["id"] = answer.id;
    object["outcome"] = protocol::outcome_text(answer.outcome);
    object["seq"] = answer.seq.number;
    if (!answer.code.empty()) {
      object["code"] = answer.code;
      object["message"] = answer.message;
    }
    print_json(object);
  } else if (!line) {
    print_line(cat(answer.id, "\t", protocol::outcome_text(answer.outcome)));
  }
  if (answer.outcome == protocol::Outcome::kRejected)
    note(cat(line ? cat("line ", *line, ": ") : "", "rejected: ", answer.code, ": ", answer.message));
}

Result<Exit> one(ServerExecutor& executor, const ExecOptions& options, UuidMaker& ids) {
  ExecuteRequest request{.name = options.name, .params_json = options.params, .options = {}};
  if (options.client_timestamp) request.options.client_timestamp = Millis{*options.client_timestamp};
  TRY_ASSIGN(DirectCommand command, direct_command(options, std::move(request), ids));
  TRY_ASSIGN(const std::vector<protocol::Answer> answers, executor({std::move(command)}));
  print_answer(answers.at(0), {}, options.json);
  return answers[0].outcome == protocol::Outcome::kRejected ? Exit::kRejected : Exit::kOk;
}

struct Tally {
  int64_t accepted = 0, rejected = 0, bad = 0;
};

Result<> run_group(ServerExecutor& executor, const ExecOptions& options, UuidMaker& ids,
                   const std::vector<NumberedRequest>& requests, const JsonlHandler& handler, Tally& tally) {
  std::vector<DirectCommand> commands;
  std::vector<int64_t> lines;
  for (const NumberedRequest& numbered : requests) {
    auto command = direct_command(options, numbered.request, ids);
    if (!command) {
      handler.bad(numbered.line, command.error());
      continue;
    }
    commands.push_back(*std::move(command));
    lines.push_back(numbered.line);
  }
  TRY_ASSIGN(const std::vector<protocol::Answer> answers, executor(commands));
  for (size_t i = 0; i < answers.size(); ++i) {
    print_answer(answers[i], lines.at(i), options.json);
    ++(answers[i].outcome == protocol::Outcome::kRejected ? tally.rejected : tally.accepted);
  }
  return {};
}

Result<Exit> many(ServerExecutor& executor, const ExecOptions& options, UuidMaker& ids) {
  Progress progress("executing", "bytes");
  Tally tally;
  JsonlHandler handler;
  handler.bad = [&](int64_t line, const Error& error) {
    ++tally.bad;
    if (options.json)
      print_json(Json{{"line", line}, {"code", code_text(error.code)}, {"message", error.message}});
    note(cat("line ", line, ": ", error.text()));
  };
  handler.progress = [&](int64_t done, int64_t total) { progress.show(done, total); };
  handler.each = [&](const std::vector<NumberedRequest>& requests) {
    return run_group(executor, options, ids, requests, handler, tally);
  };
  TRY(read_jsonl(options.jsonl, kExecGroup, handler));
  note(cat(tally.accepted, " accepted, ", tally.rejected, " rejected, ", tally.bad, " not sent"));
  if (tally.rejected > 0) return Exit::kRejected;
  return tally.bad > 0 ? Exit::kRefused : Exit::kOk;
}

}  // namespace

Result<Exit> exec_on_server(const ExecOptions& options) {
  UuidMaker ids{[](std::span<uint8_t> out) { net::fill_random(out); }};
  TRY_ASSIGN(ServerExecutor executor,
             open_executor(options.data, options.workspace, options.as_user, options.roles));
  return options.jsonl.empty() ? one(executor, options, ids) : many(executor, options, ids);
}

}  // namespace wherry::cli
