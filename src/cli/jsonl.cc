#include "cli/jsonl.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace wherry::cli {

namespace {

std::unexpected<Error> invalid(std::string problem) {
  return fail(ErrorCode::kInvalid, std::move(problem));
}

}  // namespace

Result<ExecuteRequest> parse_command_line(std::string_view line) {
  // Ordered, so that what the log keeps is what was written.
  const auto json = nlohmann::ordered_json::parse(line, nullptr, false);
  if (json.is_discarded()) return invalid("not valid JSON");
  if (!json.is_object()) return invalid("not a JSON object");
  ExecuteRequest request;
  for (const auto& [key, value] : json.items()) {
    if (key == "name") {
      if (!value.is_string()) return invalid("`name` must be a string");
      request.name = value.get<std::string>();
    } else if (key == "params") {
      if (!value.is_object()) return invalid("`params` must be an object");
      request.params_json = value.dump();
    } else if (key == "user") {
      if (!value.is_string()) return invalid("`user` must be a string");
      request.options.user = value.get<std::string>();
    } else if (key == "client_timestamp") {
      if (!value.is_number_integer()) return invalid("`client_timestamp` must be whole milliseconds");
      request.options.client_timestamp = Millis{value.get<int64_t>()};
    } else if (key == "id") {
      if (!value.is_string()) return invalid("`id` must be a string");
      request.options.id = value.get<std::string>();
    } else {
      return invalid(cat("unknown field `", key, "`: there are name, params, user, client_timestamp, id"));
    }
  }
  if (request.name.empty()) return invalid("`name` is missing");
  if (request.params_json.empty()) request.params_json = "{}";
  return request;
}

Result<> read_jsonl(const std::string& path, size_t size, const JsonlHandler& handler) {
  std::ifstream file;
  int64_t total = 0;
  if (path != "-") {
    file.open(path, std::ios::binary);
    if (!file) return fail(ErrorCode::kNotFound, cat("cannot read ", path, ": ", std::strerror(errno)));
    std::error_code ignored;
    if (std::filesystem::is_regular_file(path, ignored))
      total = static_cast<int64_t>(std::filesystem::file_size(path, ignored));
  }
  std::istream& in = path == "-" ? std::cin : file;
  std::vector<NumberedRequest> requests;
  std::string line;
  int64_t number = 0;
  int64_t done = 0;
  const auto hand_over = [&]() -> Result<> {
    if (!requests.empty()) TRY(handler.each(requests));
    requests.clear();
    handler.progress(done, total);
    return {};
  };
  while (std::getline(in, line)) {
    ++number;
    done += static_cast<int64_t>(line.size()) + 1;
    if (trim(line).empty()) continue;
    auto request = parse_command_line(line);
    if (request)
      requests.push_back({number, *std::move(request)});
    else
      handler.bad(number, request.error());
    if (requests.size() >= size) TRY(hand_over());
  }
  if (in.bad()) return fail(ErrorCode::kIo, cat("cannot read ", path, " to its end"));
  return hand_over();
}

}  // namespace wherry::cli
