#include "cli/running_server.h"

#include <unistd.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "client/replace_file.h"

namespace wherry::cli {

namespace {

std::string file_of(const std::string& data) {
  return data + "/serve.json";
}

}  // namespace

std::string RunningServer::authority() const {
  return host.find(':') == std::string::npos ? cat(host, ':', port) : cat('[', host, "]:", port);
}

Result<> write_running_server(const std::string& data, const RunningServer& server) {
  const nlohmann::json json{{"host", server.host}, {"port", server.port}, {"pid", ::getpid()}};
  return client::replace_file(file_of(data), json.dump() + "\n");
}

Result<RunningServer> read_running_server(const std::string& data) {
  TRY_ASSIGN(const std::string text, client::read_file(file_of(data)));
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("host") || !json["host"].is_string() || !json.contains("port") ||
      !json["port"].is_number_unsigned() || json["port"] > 65535)
    return fail(ErrorCode::kInvalid, cat(file_of(data), " is malformed"));
  return RunningServer{.host = json["host"].get<std::string>(), .port = json["port"].get<uint16_t>()};
}

void remove_running_server(const std::string& data) {
  ::unlink(file_of(data).c_str());
}

Result<RunningServer> parse_authority(std::string_view text) {
  const auto invalid = [&] { return fail(ErrorCode::kInvalid, cat("`", text, "` is not HOST:PORT")); };
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return invalid();
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  const bool brackets = host.starts_with('[') && host.ends_with(']');
  if (brackets) host = host.substr(1, host.size() - 2);
  if (host.empty() || (!brackets && host.find(':') != std::string_view::npos)) return invalid();
  RunningServer server{.host = std::string(host)};
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), server.port);
  if (error != std::errc() || end != port.data() + port.size()) return invalid();
  return server;
}

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

}  // namespace wherry::cli
