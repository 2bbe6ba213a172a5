CREATE TABLE people (
  id     TEXT NOT NULL PRIMARY KEY,
  name   TEXT NOT NULL,
  avatar BLOB
);

CREATE TABLE teams (
  id         TEXT NOT NULL PRIMARY KEY,
  name       TEXT NOT NULL,
  created_by TEXT NOT NULL
);

CREATE TABLE team_members (
  team_id TEXT NOT NULL REFERENCES teams (id),
  user_id TEXT NOT NULL,
  lead    INTEGER NOT NULL DEFAULT 0 CHECK (lead IN (0, 1)),
  PRIMARY KEY (team_id, user_id)
) WITHOUT ROWID;

CREATE TABLE projects (
  id         TEXT NOT NULL PRIMARY KEY,
  team_id    TEXT NOT NULL REFERENCES teams (id),
  name       TEXT NOT NULL,
  public     INTEGER NOT NULL DEFAULT 0 CHECK (public IN (0, 1)),
  locked_at  INTEGER,
  deleted_at INTEGER
);

CREATE TABLE lanes (
  id         TEXT NOT NULL PRIMARY KEY,
  project_id TEXT NOT NULL REFERENCES projects (id),
  name       TEXT NOT NULL,
  rank       TEXT NOT NULL,
  UNIQUE (project_id, name)
);

CREATE TABLE issues (
  id          TEXT NOT NULL PRIMARY KEY,
  project_id  TEXT NOT NULL REFERENCES projects (id),
  number      INTEGER NOT NULL,
  lane_id     TEXT REFERENCES lanes (id),
  rank        TEXT NOT NULL,
  title       TEXT NOT NULL,
  body        TEXT NOT NULL DEFAULT '',
  due_on      TEXT,
  days        REAL,
  assignee_id TEXT,
  created_by  TEXT NOT NULL,
  created_at  INTEGER NOT NULL,
  closed_at   INTEGER,
  deleted_at  INTEGER,
  labels      TEXT NOT NULL DEFAULT '[]',
  votes       INTEGER NOT NULL DEFAULT 0,
  minutes     INTEGER NOT NULL DEFAULT 0 CHECK (minutes >= 0),
  UNIQUE (project_id, number)
);
CREATE INDEX issues_by_lane ON issues (lane_id, rank);
CREATE INDEX issues_by_assignee ON issues (assignee_id) WHERE assignee_id IS NOT NULL;

CREATE TABLE steps (
  issue_id TEXT NOT NULL REFERENCES issues (id),
  id       TEXT NOT NULL,
  rank     TEXT NOT NULL,
  text     TEXT NOT NULL,
  done     INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (issue_id, id)
);

CREATE TABLE links (
  from_id TEXT NOT NULL REFERENCES issues (id),
  to_id   TEXT NOT NULL,
  kind    TEXT NOT NULL,
  PRIMARY KEY (from_id, to_id, kind),
  CHECK (from_id <> to_id)
) WITHOUT ROWID;
CREATE INDEX links_by_target ON links (to_id);

CREATE TABLE fields (
  issue_id TEXT NOT NULL REFERENCES issues (id),
  name     TEXT NOT NULL,
  value,
  PRIMARY KEY (issue_id, name)
) WITHOUT ROWID;

CREATE TABLE comments (
  id         TEXT NOT NULL PRIMARY KEY,
  issue_id   TEXT NOT NULL REFERENCES issues (id),
  author_id  TEXT NOT NULL,
  body       TEXT NOT NULL,
  written_at INTEGER NOT NULL,
  edited_at  INTEGER
);
CREATE INDEX comments_by_issue ON comments (issue_id, written_at);

CREATE TABLE reports (
  id          TEXT NOT NULL PRIMARY KEY,
  issue_id    TEXT NOT NULL,
  reporter_id TEXT NOT NULL,
  reason      TEXT NOT NULL,
  resolved_at INTEGER
);

CREATE TABLE contracts (
  user_id  TEXT NOT NULL PRIMARY KEY,
  day_rate INTEGER NOT NULL
);

CREATE TABLE staff_notes (
  team_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  note    TEXT NOT NULL,
  PRIMARY KEY (team_id, user_id)
);

CREATE TABLE filters (
  name  TEXT NOT NULL PRIMARY KEY,
  query TEXT NOT NULL
);

-- How many issues a lane shows; a lane without any has no row.
CREATE TABLE lane_counts (
  lane_id TEXT NOT NULL PRIMARY KEY,
  issues  INTEGER NOT NULL
);
CREATE TRIGGER lane_counts_insert AFTER INSERT ON issues
WHEN new.lane_id IS NOT NULL AND new.deleted_at IS NULL BEGIN
  INSERT INTO lane_counts (lane_id, issues) VALUES (new.lane_id, 1)
  ON CONFLICT (lane_id) DO UPDATE SET issues = issues + 1;
END;
CREATE TRIGGER lane_counts_delete AFTER DELETE ON issues
WHEN old.lane_id IS NOT NULL AND old.deleted_at IS NULL BEGIN
  UPDATE lane_counts SET issues = issues - 1 WHERE lane_id = old.lane_id;
  DELETE FROM lane_counts WHERE lane_id = old.lane_id AND issues = 0;
END;
CREATE TRIGGER lane_counts_leave AFTER UPDATE OF lane_id, deleted_at ON issues
WHEN old.lane_id IS NOT NULL AND old.deleted_at IS NULL BEGIN
  UPDATE lane_counts SET issues = issues - 1 WHERE lane_id = old.lane_id;
  DELETE FROM lane_counts WHERE lane_id = old.lane_id AND issues = 0;
END;
CREATE TRIGGER lane_counts_enter AFTER UPDATE OF lane_id, deleted_at ON issues
WHEN new.lane_id IS NOT NULL AND new.deleted_at IS NULL BEGIN
  INSERT INTO lane_counts (lane_id, issues) VALUES (new.lane_id, 1)
  ON CONFLICT (lane_id) DO UPDATE SET issues = issues + 1;
END;
