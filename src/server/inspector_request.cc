#include "server/inspector_request.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/text.h"
#include "net/workspace_name.h"
#include "server/query_string.h"

namespace wherry::server {

namespace {

using About = InspectorRequest::About;

constexpr std::string_view kWorkspaces = "workspaces";
constexpr size_t kFilterCharacters = 1000;

std::vector<std::string_view> parts_of(std::string_view path) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t end = std::min(path.find('/'), path.size());
    parts.push_back(path.substr(0, end));
    if (end == path.size()) return parts;
    path.remove_prefix(end + 1);
  }
}

std::unexpected<Error> nothing_there() {
  return fail(ErrorCode::kNotFound,
              "Ask for workspaces, or for workspaces/NAME and below it sessions, activity, commands, "
              "commands/SEQ or commands/SEQ/recipients.");
}

Result<Seq> seq_of(std::string_view digits) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size() || number < 1)
    return fail(ErrorCode::kInvalid, "A command is asked for by its seq, a whole number from 1 on.");
  return Seq{number};
}

Result<About> about_of(const std::vector<std::string_view>& parts) {
  if (parts[0] != kWorkspaces || parts.size() > 5) return nothing_there();
  if (parts.size() == 1) return About::kWorkspaces;
  if (parts.size() == 2) return About::kWorkspace;
  if (parts.size() == 3 && parts[2] == "sessions") return About::kSessions;
  if (parts.size() == 3 && parts[2] == "activity") return About::kActivity;
  if (parts[2] != "commands") return nothing_there();
  if (parts.size() == 3) return About::kCommands;
  if (parts.size() == 4) return About::kCommand;
  if (parts[4] == "recipients") return About::kRecipients;
  return nothing_there();
}

Result<LogQuery> log_query(QueryString& query) {
  LogQuery log;
  TRY_ASSIGN(log.before.number, query.number("before", INT64_MAX, 1, INT64_MAX));
  TRY_ASSIGN(log.after.number, query.number("after", 0, 0, INT64_MAX));
  TRY_ASSIGN(const int64_t limit, query.number("limit", 100, 1, 500));
  log.entries_most = static_cast<size_t>(limit);
  log.filter = {.user = query.text("user"),
                .name = query.text("name"),
                .outcome = query.text("outcome"),
                .entity = query.text("entity"),
                .text = query.text("text")};
  const std::string& outcome = log.filter.outcome;
  if (!outcome.empty() && outcome != "applied" && outcome != "superseded" && outcome != "rejected")
    return fail(ErrorCode::kInvalid, "`outcome` is applied, superseded or rejected.");
  for (const std::string* text : {&log.filter.user, &log.filter.name, &log.filter.entity, &log.filter.text})
    if (text->size() > kFilterCharacters)
      return fail(ErrorCode::kInvalid, cat("A filter has at most ", kFilterCharacters, " bytes."));
  return log;
}

}  // namespace

std::optional<std::string_view> workspace_of(std::string_view path) {
  const auto parts = parts_of(path);
  if (parts[0] != kWorkspaces || parts.size() < 2) return std::nullopt;
  return parts[1];
}

Result<InspectorRequest> parse_inspector_request(std::string_view path, std::string_view text) {
  const auto parts = parts_of(path);
  InspectorRequest request;
  TRY_ASSIGN(request.about, about_of(parts));
  if (parts.size() > 1) {
    if (!net::is_workspace_name(parts[1]))
      return fail(ErrorCode::kInvalid,
                  "A workspace's name is letters, digits, `_`, `.` and `-`, at most 64 characters.");
    request.workspace = parts[1];
  }
  if (parts.size() > 3) {
    TRY_ASSIGN(request.seq, seq_of(parts[3]));
  }
  TRY_ASSIGN(QueryString query, QueryString::parse(text));
  if (request.about == About::kWorkspaces) {
    request.text = query.text("name");
    TRY_ASSIGN(request.offset, query.number("offset", 0, 0, INT64_MAX));
    TRY_ASSIGN(request.limit, query.number("limit", 100, 1, 500));
  } else if (request.about == About::kSessions) {
    TRY_ASSIGN(request.after, query.number("after", 0, 0, INT64_MAX));
    TRY_ASSIGN(request.limit, query.number("limit", 50, 1, 200));
    TRY_ASSIGN(request.scopes, query.number("scopes", 20, 0, 500));
  } else if (request.about == About::kActivity) {
    TRY_ASSIGN(request.seconds, query.number("seconds", 300, 1, 3600));
    TRY_ASSIGN(request.since, query.number("since", 0, 0, int64_t{1} << 40));
  } else if (request.about == About::kCommands) {
    TRY_ASSIGN(request.log, log_query(query));
  }
  TRY(query.all_taken());
  return request;
}

}  // namespace wherry::server
