// A small chat for tests, as the files of its bundle, and ways to damage it.
#pragma once

#include <string>
#include <vector>

#include "bundle/compile.h"

namespace wherry::sample {

inline const char* const kApp = R"~(name = "chat"
[tables.users]
scope = "workspace"
[tables.channels]
scope = "channel(id)"
locked = "locked_at IS NOT NULL"
[tables.members]
scope = "channel(channel_id)"
parent = "channels(channel_id)"
[tables.messages]
scope = "channel(channel_id)"
parent = "channels(channel_id)"
deleted = "deleted_at IS NOT NULL"
[tables.messages.columns]
votes = "counter"
reactions = "set"
[tables.files]
scope = "parent"
parent = "messages(message_id)"
[tables.salaries]
scope = "channel(channel_id)"
roles = ["hr"]
[tables.audit]
server_only = true
[tables.drafts]
local = true
[tables.search]
derived = true
[scopes.channel]
load = "on_demand"
[[grants]]
scope = "channel(channel_id)"
to = "user(user_id)"
from = "members"
[[grants]]
scope = "channel(id)"
to = "workspace"
from = "channels"
where = "private = 0"
)~";

inline const char* const kMigration =
    R"~(CREATE TABLE users(id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE channels(
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  private INTEGER NOT NULL DEFAULT 0,
  locked_at INTEGER
);
CREATE TABLE members(channel_id TEXT NOT NULL REFERENCES channels(id), user_id TEXT NOT NULL, PRIMARY KEY(channel_id, user_id));
CREATE TABLE messages(
  id TEXT NOT NULL PRIMARY KEY,
  channel_id TEXT NOT NULL REFERENCES channels(id),
  author_id TEXT NOT NULL,
  body TEXT NOT NULL,
  shout TEXT GENERATED ALWAYS AS (upper(body)) VIRTUAL,
  deleted_at INTEGER,
  votes INTEGER NOT NULL DEFAULT 0,
  reactions TEXT NOT NULL DEFAULT '[]'
);
CREATE INDEX messages_by_channel ON messages(channel_id);
CREATE TABLE files(id TEXT NOT NULL PRIMARY KEY, message_id TEXT NOT NULL, bytes BLOB);
CREATE TABLE salaries(id TEXT NOT NULL PRIMARY KEY, channel_id TEXT NOT NULL, amount INTEGER);
CREATE TABLE audit(id TEXT NOT NULL PRIMARY KEY, what TEXT);
CREATE TABLE drafts(channel_id TEXT NOT NULL PRIMARY KEY, body TEXT);
CREATE VIEW my_messages AS SELECT * FROM messages WHERE author_id = wherry_user();
CREATE VIEW audited AS SELECT what FROM audit;
)~";

inline const char* const kSecondMigration =
    R"~(CREATE VIRTUAL TABLE search USING fts5(body, content='messages');
CREATE TRIGGER search_insert AFTER INSERT ON messages BEGIN
  INSERT INTO search(rowid, body) VALUES(new.rowid, new.body);
END;
CREATE TRIGGER search_delete AFTER DELETE ON messages BEGIN
  INSERT INTO search(search, rowid, body) VALUES('delete', old.rowid, old.body);
END;
)~";

inline const char* const kCommands = R"~(-- command: channel.create
-- entity: channels(:id) new
-- param: id id
-- param: name text(1..80)
-- param: private bool = false
-- Opens a channel; its author
-- becomes a member.
INSERT INTO channels(id, name, private) VALUES(:id, :name, :private);
INSERT INTO members(channel_id, user_id) VALUES(:id, @user_id);

-- param: id uuid
-- param: channel_id id
-- param: body text(1..4000)
-- command: message.post
-- entity: messages(:id) new
SELECT require(EXISTS (SELECT 1 FROM members WHERE channel_id = :channel_id AND user_id = @user_id), 'not_member', 'Join first');
SELECT reject('too_many') FROM messages WHERE channel_id = :channel_id GROUP BY channel_id HAVING count(*) > 1000;
INSERT INTO messages(id, channel_id, author_id, body) VALUES(:id, :channel_id, @user_id, :body);

-- command: message.vote
-- entity: messages(:id)
-- param: id uuid
-- param: by int(-1..1)
-- allow: locked, deleted
-- merge: whole
UPDATE messages SET votes = votes + :by, body = body WHERE id = :id;

-- command: member.remove
-- entity: members(:channel_id, :user_id) any
-- param: channel_id id
-- param: user_id id
-- allow: unseen
DELETE FROM members WHERE channel_id = :channel_id AND user_id = :user_id;

-- command: salary.set
-- entity: salaries(:id) any
-- param: id id
-- param: channel_id id
-- param: amount int?
-- run: server
SELECT require(has_role('hr'), 'not_hr');
INSERT INTO audit(id, what) VALUES(uuid(1), 'salary');
INSERT INTO salaries(id, channel_id, amount) VALUES(:id, :channel_id, :amount)
ON CONFLICT(id) DO UPDATE SET amount = excluded.amount;
)~";

inline const char* const kDraft = R"~(-- command: draft.save
-- param: channel_id id
-- param: body text
-- run: local
INSERT INTO drafts(channel_id, body) VALUES(:channel_id, :body) ON CONFLICT(channel_id) DO UPDATE SET body = excluded.body;
)~";

inline const char* const kInitial =
    R"~({"name": "channel.create", "params": {"id": "general", "name": "General"}}
)~";

inline std::vector<BundleFile> files() {
  return {{"app.toml", kApp},
          {"migrations/0001_init.sql", kMigration},
          {"migrations/0002_search.sql", kSecondMigration},
          {"commands/main.sql", kCommands},
          {"commands/draft.sql", kDraft},
          {"initial.jsonl", kInitial}};
}

// The text of one file changed: the first `from` becomes `to`; an empty `from` appends.
inline std::vector<BundleFile> changed(const std::string& name, const std::string& from,
                                       const std::string& to) {
  std::vector<BundleFile> made = files();
  for (BundleFile& file : made) {
    if (file.name != name) continue;
    if (from.empty())
      file.text += to;
    else if (const size_t at = file.text.find(from); at != std::string::npos)
      file.text.replace(at, from.size(), to);
    else
      made.clear();  // the test damages nothing
    return made;
  }
  made.push_back({name, to});
  return made;
}

}  // namespace wherry::sample
