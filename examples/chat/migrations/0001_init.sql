CREATE TABLE users (
  id   TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL
);

CREATE TABLE channels (
  id         TEXT NOT NULL PRIMARY KEY,
  name       TEXT NOT NULL,
  private    INTEGER NOT NULL DEFAULT 0 CHECK (private IN (0, 1)),
  created_by TEXT NOT NULL,
  locked_at  INTEGER
);

CREATE TABLE members (
  channel_id TEXT NOT NULL REFERENCES channels (id),
  user_id    TEXT NOT NULL,
  PRIMARY KEY (channel_id, user_id)
) WITHOUT ROWID;
CREATE INDEX members_by_user ON members (user_id);

CREATE TABLE messages (
  id         TEXT NOT NULL PRIMARY KEY,
  channel_id TEXT NOT NULL REFERENCES channels (id),
  author_id  TEXT NOT NULL,
  thread_id  TEXT,
  body       TEXT NOT NULL,
  sent_at    INTEGER NOT NULL,
  edited_at  INTEGER,
  deleted_at INTEGER,
  reactions  TEXT NOT NULL DEFAULT '[]',
  votes      INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX messages_by_channel ON messages (channel_id, sent_at);
CREATE INDEX messages_by_thread ON messages (thread_id, sent_at) WHERE thread_id IS NOT NULL;

CREATE TABLE read_marks (
  user_id    TEXT NOT NULL,
  channel_id TEXT NOT NULL,
  message_id TEXT NOT NULL,
  read_at    INTEGER NOT NULL,
  PRIMARY KEY (user_id, channel_id)
) WITHOUT ROWID;

CREATE TABLE drafts (
  channel_id TEXT NOT NULL PRIMARY KEY,
  body       TEXT NOT NULL,
  saved_at   INTEGER NOT NULL
);

-- The index holds no copy of the bodies; it reads them from messages by rowid. A removal must name the
-- body that was indexed, or its words would stay in the index for good.
CREATE VIRTUAL TABLE messages_fts USING fts5 (
  body, content = 'messages', content_rowid = 'rowid', tokenize = 'unicode61 remove_diacritics 2'
);
CREATE TRIGGER messages_fts_insert AFTER INSERT ON messages BEGIN
  INSERT INTO messages_fts (rowid, body) VALUES (new.rowid, new.body);
END;
CREATE TRIGGER messages_fts_delete AFTER DELETE ON messages BEGIN
  INSERT INTO messages_fts (messages_fts, rowid, body) VALUES ('delete', old.rowid, old.body);
END;
CREATE TRIGGER messages_fts_update AFTER UPDATE OF body ON messages WHEN old.body IS NOT new.body BEGIN
  INSERT INTO messages_fts (messages_fts, rowid, body) VALUES ('delete', old.rowid, old.body);
  INSERT INTO messages_fts (rowid, body) VALUES (new.rowid, new.body);
END;
