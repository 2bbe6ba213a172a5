// Commands as JSON lines: {"name": "message.post", "params": {…}} and optionally "user" (who is named as the
// author, role import only), "client_timestamp" (ms) and "id" (a UUID).
#pragma once

#include <functional>
#include <istream>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "wherry/types.h"

namespace wherry::cli {

// kInvalid with what is wrong.
Result<ExecuteRequest> parse_command_line(std::string_view line);

// A command and the line of the file it came from, counted from 1.
struct NumberedRequest {
  int64_t line = 0;
  ExecuteRequest request;
};

// Reads the file, or stdin for "-", and calls `each` with up to `size` commands at a time. Lines that are no
// commands go to `bad`; empty lines are skipped. `done` and `total` are in bytes, total 0 when unknown.
struct JsonlHandler {
  std::function<Result<>(const std::vector<NumberedRequest>&)> each;
  std::function<void(int64_t line, const Error&)> bad;
  std::function<void(int64_t done, int64_t total)> progress;
};
Result<> read_jsonl(const std::string& path, size_t size, const JsonlHandler& handler);

}  // namespace wherry::cli
