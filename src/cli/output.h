// What the program prints: results on stdout, everything else on stderr.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time.h"
#include "base/value.h"
#include "wherry/types.h"

namespace wherry::cli {

using Json = nlohmann::ordered_json;

void print_line(std::string_view line);  // stdout
void print_json(const Json& object);     // stdout, on one line
void note(std::string_view line);        // stderr
bool flush();

// "wherry: code: message", then what to do about it.
void print_error(const Error& error);

std::string_view state_text(HeldScope::State state);
Json to_json_value(const Value& value);  // a blob becomes base64 text
std::string iso_time(Millis time);       // 2026-01-31T12:00:00.000Z

// Parses text that must be a JSON object; nothing if it is not.
bool is_json_object(std::string_view text);

}  // namespace wherry::cli
