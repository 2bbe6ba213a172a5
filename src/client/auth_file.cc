#include "client/auth_file.h"

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "client/replace_file.h"

namespace wherry::client {

Result<Auth> read_auth(const std::string& path) {
  const std::string file = path + ".auth";
  TRY_ASSIGN(const std::string text, read_file(file));
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("url") || !json["url"].is_string() || !json.contains("token") ||
      !json["token"].is_string())
    return fail(ErrorCode::kInvalid, cat(file, R"( is not of the form {"url": …, "token": …})"));
  return Auth{.url = json["url"].get<std::string>(), .token = json["token"].get<std::string>()};
}

Result<> write_auth(const std::string& path, const Auth& auth) {
  try {
    return replace_file(path + ".auth",
                        nlohmann::json{{"url", auth.url}, {"token", auth.token}}.dump() + "\n");
  } catch (const nlohmann::json::exception&) {
    return fail(ErrorCode::kInvalid, "the url or the token is not valid UTF-8");
  }
}

}  // namespace wherry::client
