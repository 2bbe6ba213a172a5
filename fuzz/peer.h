// A connection to a Server that says whatever it is told to, and checks what it hears.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "fuzz/server.h"
#include "protocol/codec.h"

namespace wherry::fuzz {

class Peer {
 public:
  Peer(Server& server, SessionId id) : server_(server), id_(id) {}
  ~Peer() { disconnect(); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  void connect();
  void disconnect();
  void say(std::string_view bytes);
  void say(const protocol::Message& message) {
    say(protocol::encode(message, protocol::Compression::kPlain));
  }
  // As a new replica.
  void say_hello(const std::string& token);
  // Called by the server. Everything decodes; an end is named as docs/PROTOCOL.md says.
  void receive(const Output& output);

  bool connected() const { return connected_; }
  SessionId id() const { return id_; }

  std::optional<protocol::Welcome> welcome;
  std::map<protocol::Handle, std::string> scopes;  // those held, by what it was told
  std::vector<protocol::Answer> answers;
  std::string end;  // the code of the last `bye`

 private:
  void take(const protocol::Scopes& change);
  void read(protocol::Handle scope, Seq upto, std::string_view body) const;

  Server& server_;
  const SessionId id_;
  bool connected_ = false;
};

}  // namespace wherry::fuzz
