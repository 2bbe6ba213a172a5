-- command: step.add
-- entity: issues(:issue_id)
-- param: issue_id id
-- param: texts list(text(1..500), 1..50)
-- Adds steps at the end of the issue's list; their ids come from the command.
SELECT require(
  EXISTS (SELECT 1 FROM issues AS i
          WHERE i.id = :issue_id AND (i.assignee_id = @user_id
            OR EXISTS (SELECT 1 FROM projects AS p JOIN team_members AS m ON m.team_id = p.team_id
                       WHERE p.id = i.project_id AND m.user_id = @user_id))),
  'not_involved');
INSERT INTO steps (issue_id, id, rank, text)
SELECT :issue_id, uuid(key), printf('%s%02dm', rank_between((SELECT max(rank) FROM steps WHERE issue_id = :issue_id), NULL), key),
       value
FROM json_each(:texts);

-- command: step.check
-- entity: steps(:issue_id, :id)
-- param: issue_id id
-- param: id id
-- param: done bool
SELECT require(
  EXISTS (SELECT 1 FROM issues AS i
          WHERE i.id = :issue_id AND (i.assignee_id = @user_id
            OR EXISTS (SELECT 1 FROM projects AS p JOIN team_members AS m ON m.team_id = p.team_id
                       WHERE p.id = i.project_id AND m.user_id = @user_id))),
  'not_involved');
UPDATE steps SET done = :done WHERE issue_id = :issue_id AND id = :id;

-- command: step.remove
-- entity: steps(:issue_id, :id) any
-- param: issue_id id
-- param: id id
SELECT require(
  EXISTS (SELECT 1 FROM issues AS i
          WHERE i.id = :issue_id AND (i.assignee_id = @user_id
            OR EXISTS (SELECT 1 FROM projects AS p JOIN team_members AS m ON m.team_id = p.team_id
                       WHERE p.id = i.project_id AND m.user_id = @user_id))),
  'not_involved');
DELETE FROM steps WHERE issue_id = :issue_id AND id = :id;

-- command: link.add
-- entity: links(:from_id, :to_id, :kind) any
-- param: from_id id
-- param: to_id id
-- param: kind enum('blocks', 'relates')
-- Both issues must be in sight. An issue linked to itself is constraint_check.
SELECT require(
  EXISTS (SELECT 1 FROM issues AS i
          WHERE i.id = :from_id AND (i.assignee_id = @user_id
            OR EXISTS (SELECT 1 FROM projects AS p JOIN team_members AS m ON m.team_id = p.team_id
                       WHERE p.id = i.project_id AND m.user_id = @user_id))),
  'not_involved');
SELECT require(
  EXISTS (SELECT 1 FROM issues AS i
          WHERE i.id = :to_id AND (i.assignee_id = @user_id
            OR EXISTS (SELECT 1 FROM projects AS p JOIN team_members AS m ON m.team_id = p.team_id
                       WHERE p.id = i.project_id AND m.user_id = @user_id))),
  'not_involved');
INSERT INTO links (from_id, to_id, kind) VALUES (:from_id, :to_id, :kind) ON CONFLICT DO NOTHING;

-- command: link.remove
-- entity: links(:from_id, :to_id, :kind) any
-- param: from_id id
-- param: to_id id
-- param: kind enum('blocks', 'relates')
SELECT require(
  EXISTS (SELECT 1 FROM issues AS i
          WHERE i.id = :from_id AND (i.assignee_id = @user_id
            OR EXISTS (SELECT 1 FROM projects AS p JOIN team_members AS m ON m.team_id = p.team_id
                       WHERE p.id = i.project_id AND m.user_id = @user_id))),
  'not_involved');
DELETE FROM links WHERE from_id = :from_id AND to_id = :to_id AND kind = :kind;

-- command: field.set
-- entity: issues(:issue_id)
-- param: issue_id id
-- param: name text(1..50)
-- param: value scalar(0..1000)?
-- A free field; null removes it.
SELECT require(
  EXISTS (SELECT 1 FROM issues AS i
          WHERE i.id = :issue_id AND (i.assignee_id = @user_id
            OR EXISTS (SELECT 1 FROM projects AS p JOIN team_members AS m ON m.team_id = p.team_id
                       WHERE p.id = i.project_id AND m.user_id = @user_id))),
  'not_involved');
INSERT INTO fields (issue_id, name, value) SELECT :issue_id, :name, :value WHERE :value IS NOT NULL
ON CONFLICT (issue_id, name) DO UPDATE SET value = excluded.value;
DELETE FROM fields WHERE issue_id = :issue_id AND name = :name AND :value IS NULL;

-- command: comment.write
-- entity: comments(:id) new
-- param: id uuid
-- param: issue_id id
-- param: body text(1..40000)
SELECT require(
  EXISTS (SELECT 1 FROM issues AS i
          WHERE i.id = :issue_id AND (i.assignee_id = @user_id
            OR EXISTS (SELECT 1 FROM projects AS p JOIN team_members AS m ON m.team_id = p.team_id
                       WHERE p.id = i.project_id AND m.user_id = @user_id))),
  'not_involved');
INSERT INTO comments (id, issue_id, author_id, body, written_at) VALUES (:id, :issue_id, @user_id, :body, @now);

-- command: comment.edit
-- entity: comments(:id)
-- param: id uuid
-- param: body text(1..40000)
SELECT require((SELECT author_id FROM comments WHERE id = :id) = @user_id, 'not_author');
UPDATE comments SET body = :body, edited_at = @now WHERE id = :id;

-- command: comment.remove
-- entity: comments(:id)
-- param: id uuid
SELECT require((SELECT author_id FROM comments WHERE id = :id) = @user_id, 'not_author');
DELETE FROM comments WHERE id = :id;
