#include "base/text.h"
#include "cli/exec.h"
#include "cli/jsonl.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "wherry/wherry.h"

namespace wherry::cli {

namespace {

Result<Exit> one(Database& database, const ExecOptions& options) {
  ExecuteOptions how;
  if (options.client_timestamp) how.client_timestamp = Millis{*options.client_timestamp};
  TRY_ASSIGN(const Executed executed, database.execute(options.name, options.params, how));
  if (executed.refusal) {
    if (options.json)
      print_json(Json{{"code", executed.refusal->code}, {"message", executed.refusal->message}});
    note(cat("refused: ", executed.refusal->code, ": ", executed.refusal->message));
    return Exit::kRefused;
  }
  if (options.json)
    print_json(Json{{"id", executed.id}});
  else
    print_line(executed.id);
  return Exit::kOk;
}

class Lines {
 public:
  Lines(Database& database, bool json) : database_(database), json_(json) {}

  Result<> run(const std::vector<NumberedRequest>& numbered) {
    std::vector<ExecuteRequest> requests;
    for (const NumberedRequest& request : numbered) requests.push_back(request.request);
    const auto executed = database_.execute_all(requests);
    if (executed) {
      for (size_t i = 0; i < executed->size(); ++i) note_executed(numbered[i].line, (*executed)[i]);
      return {};
    }
    // A line that is no command at all fails the whole transaction: find it, and let the others through.
    if (executed.error().code != ErrorCode::kInvalid) return std::unexpected(executed.error());
    for (const NumberedRequest& request : numbered) {
      const auto one =
          database_.execute(request.request.name, request.request.params_json, request.request.options);
      if (one)
        note_executed(request.line, *one);
      else if (one.error().code == ErrorCode::kInvalid)
        refuse(request.line, code_text(one.error().code), one.error().message);
      else
        return std::unexpected(one.error());
    }
    return {};
  }

  void refuse(int64_t line, std::string_view code, std::string_view message) {
    ++refused_;
    if (json_) print_json(Json{{"line", line}, {"code", code}, {"message", message}});
    note(cat("line ", line, ": ", code, ": ", message));
  }

  Exit end() const {
    note(cat(queued_, " queued, ", refused_, " refused"));
    return refused_ == 0 ? Exit::kOk : Exit::kRefused;
  }

 private:
  void note_executed(int64_t line, const Executed& executed) {
    if (executed.refusal) {
      refuse(line, executed.refusal->code, executed.refusal->message);
      return;
    }
    ++queued_;
    if (json_) print_json(Json{{"line", line}, {"id", executed.id}});
  }

  Database& database_;
  bool json_;
  int64_t queued_ = 0;
  int64_t refused_ = 0;
};

Result<Exit> many(Database& database, const ExecOptions& options) {
  Lines lines(database, options.json);
  Progress progress("executing", "bytes");
  TRY(read_jsonl(
      options.jsonl, kExecGroup,
      {.each = [&](const std::vector<NumberedRequest>& requests) { return lines.run(requests); },
       .bad = [&](int64_t line,
                  const Error& error) { lines.refuse(line, code_text(error.code), error.message); },
       .progress = [&](int64_t done, int64_t total) { progress.show(done, total); }}));
  return lines.end();
}

}  // namespace

Result<Exit> exec_on_replica(const ExecOptions& options) {
  TRY_ASSIGN(const auto database, Database::open(options.file));
  return options.jsonl.empty() ? one(*database, options) : many(*database, options);
}

}  // namespace wherry::cli
