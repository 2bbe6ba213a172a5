CREATE TABLE members (
  team TEXT NOT NULL,
  user TEXT NOT NULL,
  PRIMARY KEY (team, user)
) WITHOUT ROWID;

CREATE TABLE projects (
  id     TEXT NOT NULL PRIMARY KEY,
  team   TEXT,
  public INTEGER NOT NULL,
  locked INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE shares (
  id      TEXT NOT NULL PRIMARY KEY,
  project TEXT NOT NULL,
  role    TEXT NOT NULL
);

CREATE TABLE items (
  id       TEXT NOT NULL PRIMARY KEY,
  project  TEXT NOT NULL,
  assignee TEXT,
  title    TEXT NOT NULL,
  n        INTEGER NOT NULL DEFAULT 0,
  tags     TEXT NOT NULL DEFAULT '[]'
);

CREATE TABLE notes (
  id   TEXT NOT NULL PRIMARY KEY,
  item TEXT NOT NULL,
  body TEXT NOT NULL
);

CREATE TABLE salaries (
  id      TEXT NOT NULL PRIMARY KEY,
  project TEXT NOT NULL
);

CREATE TABLE names (
  id    TEXT NOT NULL PRIMARY KEY,
  owner TEXT,
  name  TEXT NOT NULL UNIQUE
);

CREATE TABLE drafts (
  id   TEXT NOT NULL PRIMARY KEY,
  body TEXT NOT NULL
);

CREATE VIRTUAL TABLE notes_fts USING fts5 (body, content = 'notes', content_rowid = 'rowid');
CREATE TRIGGER notes_fts_insert AFTER INSERT ON notes BEGIN
  INSERT INTO notes_fts (rowid, body) VALUES (new.rowid, new.body);
END;
CREATE TRIGGER notes_fts_delete AFTER DELETE ON notes BEGIN
  INSERT INTO notes_fts (notes_fts, rowid, body) VALUES ('delete', old.rowid, old.body);
END;
CREATE TRIGGER notes_fts_update AFTER UPDATE OF body ON notes WHEN old.body IS NOT new.body BEGIN
  INSERT INTO notes_fts (notes_fts, rowid, body) VALUES ('delete', old.rowid, old.body);
  INSERT INTO notes_fts (rowid, body) VALUES (new.rowid, new.body);
END;
