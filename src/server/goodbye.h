// The end of a connection, said in the words of the protocol.
#pragma once

#include <string>
#include <string_view>

#include "base/time.h"
#include "net/listener.h"
#include "protocol/codec.h"

namespace wherry::server {

inline net::Outgoing goodbye(net::ConnectionId id, std::string_view code, std::string_view message,
                             Millis retry_after) {
  const protocol::Bye bye{
      .code = std::string(code), .message = std::string(message), .retry_after = retry_after};
  return {.id = id,
          .bytes = protocol::encode(bye, protocol::Compression::kPlain),
          .close = true,
          .close_code = protocol::close_code(code),
          .close_reason = bye.code};
}

}  // namespace wherry::server
