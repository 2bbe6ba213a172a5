#include "cli/output.h"

#include <chrono>
#include <cstdio>
#include <ctime>
#include <iostream>

#include "base/text.h"

namespace wherry::cli {

void print_line(std::string_view line) {
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fputc('\n', stdout);
}

void print_json(const Json& object) {
  print_line(object.dump(-1, ' ', false, Json::error_handler_t::replace));
}

void note(std::string_view line) {
  const std::string text = cat(line, '\n');
  std::fwrite(text.data(), 1, text.size(), stderr);
}

bool flush() {
  std::cout.flush();  // CLI11's help and version
  return std::fflush(stdout) == 0 && std::ferror(stdout) == 0 && std::cout.good();
}

void print_error(const Error& error) {
  note(cat("wherry: ", error.text()));
  note(cat("  ", meaning(error.code)));
}

std::string_view state_text(HeldScope::State state) {
  switch (state) {
    case HeldScope::State::kUnloaded:
      return "unloaded";
    case HeldScope::State::kScanning:
      return "scanning";
    case HeldScope::State::kLive:
      return "live";
  }
  return "";
}

Json to_json_value(const Value& value) {
  if (const int64_t* integer = value.integer()) return *integer;
  if (const double* real = value.real()) return *real;
  if (const std::string* text = value.text()) return *text;
  if (const Blob* blob = value.blob()) return to_base64(blob->bytes);
  return nullptr;
}

std::string iso_time(Millis time) {
  const std::time_t seconds = time.count >= 0 ? time.count / 1000 : (time.count - 999) / 1000;
  std::tm parts{};
  if (::gmtime_r(&seconds, &parts) == nullptr) return cat(time.count, " ms");
  char text[64];
  const size_t size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  std::string millis = std::to_string(1000 + time.count - seconds * 1000);
  return cat(std::string_view(text, size), '.', millis.substr(1), 'Z');
}

bool is_json_object(std::string_view text) {
  return nlohmann::json::parse(text, nullptr, false).is_object();
}

}  // namespace wherry::cli
