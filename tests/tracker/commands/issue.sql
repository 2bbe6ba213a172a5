-- command: issue.create
-- entity: issues(:id) new
-- param: id id
-- param: project_id id
-- param: title text(1..500)
-- param: lane_id id?
-- Takes the next number of its project as the author sees it; the server has the last word.
SELECT require(
  EXISTS (SELECT 1 FROM projects AS p JOIN team_members AS m ON m.team_id = p.team_id
          WHERE p.id = :project_id AND m.user_id = @user_id),
  'not_member');
SELECT require(:lane_id IS NULL OR EXISTS (SELECT 1 FROM lanes WHERE id = :lane_id AND project_id = :project_id), 'lane_missing');
INSERT INTO issues (id, project_id, number, lane_id, rank, title, created_by, created_at)
VALUES (:id, :project_id, (SELECT coalesce(max(number), 0) + 1 FROM issues WHERE project_id = :project_id), :lane_id,
        rank_between((SELECT max(rank) FROM issues WHERE lane_id = :lane_id), NULL), :title, @user_id, @now);

-- command: issue.edit
-- entity: issues(:id)
-- param: id id
-- param: title text(1..500)?
-- param: body text(0..40000)?
-- param: due_on text(10..10)?
-- Sets what is given and leaves the rest; a `due_on` that is given as null takes the date away.
SELECT require(
  EXISTS (SELECT 1 FROM issues AS i
          WHERE i.id = :id AND (i.assignee_id = @user_id
            OR EXISTS (SELECT 1 FROM projects AS p JOIN team_members AS m ON m.team_id = p.team_id
                       WHERE p.id = i.project_id AND m.user_id = @user_id))),
  'not_involved');
UPDATE issues SET title = :title WHERE id = :id AND :title IS NOT NULL;
UPDATE issues SET body = :body WHERE id = :id AND :body IS NOT NULL;
UPDATE issues SET due_on = :due_on WHERE id = :id AND json_type(@data, '$.due_on') IS NOT NULL;

-- command: issue.assign
-- entity: issues(:id)
-- param: id id
-- param: assignee_id id?
-- Whoever is assigned sees the issue from then on, and sees it no more when another one is.
SELECT require(
  EXISTS (SELECT 1 FROM projects AS p JOIN team_members AS m ON m.team_id = p.team_id
          WHERE p.id = (SELECT project_id FROM issues WHERE id = :id) AND m.user_id = @user_id),
  'not_member');
UPDATE issues SET assignee_id = :assignee_id WHERE id = :id;

-- command: issue.estimate
-- entity: issues(:id)
-- param: id id
-- param: days real(0..1000)?
SELECT require(
  EXISTS (SELECT 1 FROM issues AS i
          WHERE i.id = :id AND (i.assignee_id = @user_id
            OR EXISTS (SELECT 1 FROM projects AS p JOIN team_members AS m ON m.team_id = p.team_id
                       WHERE p.id = i.project_id AND m.user_id = @user_id))),
  'not_involved');
UPDATE issues SET days = :days WHERE id = :id;

-- command: issue.place
-- entity: issues(:id)
-- param: id id
-- param: lane_id id
-- param: after id?
-- param: before id?
-- merge: whole
-- Moves the card on the board, between two others. Lane and rank belong together: both or neither.
SELECT require(
  EXISTS (SELECT 1 FROM projects AS p JOIN team_members AS m ON m.team_id = p.team_id
          WHERE p.id = (SELECT project_id FROM issues WHERE id = :id) AND m.user_id = @user_id),
  'not_member');
SELECT require(EXISTS (SELECT 1 FROM lanes WHERE id = :lane_id AND project_id = (SELECT project_id FROM issues WHERE id = :id)), 'lane_missing');
UPDATE issues
SET lane_id = :lane_id,
    rank = rank_between((SELECT rank FROM issues WHERE id = :after AND lane_id = :lane_id),
                        (SELECT rank FROM issues WHERE id = :before AND lane_id = :lane_id))
WHERE id = :id;

-- command: issue.close
-- entity: issues(:id)
-- param: id id
-- param: minutes int(0..100000) = 0
-- merge: cells
-- Closes it and books the work, unless open issues block it.
SELECT require(
  EXISTS (SELECT 1 FROM issues AS i
          WHERE i.id = :id AND (i.assignee_id = @user_id
            OR EXISTS (SELECT 1 FROM projects AS p JOIN team_members AS m ON m.team_id = p.team_id
                       WHERE p.id = i.project_id AND m.user_id = @user_id))),
  'not_involved');
SELECT reject('blocked', 'an open issue blocks this one')
FROM links AS l JOIN issues AS b ON b.id = l.from_id
WHERE l.to_id = :id AND l.kind = 'blocks' AND b.closed_at IS NULL AND b.deleted_at IS NULL;
UPDATE issues SET closed_at = @now, minutes = minutes + :minutes WHERE id = :id;

-- command: issue.reopen
-- entity: issues(:id)
-- param: id id
SELECT require(
  EXISTS (SELECT 1 FROM issues AS i
          WHERE i.id = :id AND (i.assignee_id = @user_id
            OR EXISTS (SELECT 1 FROM projects AS p JOIN team_members AS m ON m.team_id = p.team_id
                       WHERE p.id = i.project_id AND m.user_id = @user_id))),
  'not_involved');
UPDATE issues SET closed_at = NULL WHERE id = :id;

-- command: issue.vote
-- entity: issues(:id)
-- param: id id
-- param: by int(-1..1)
-- Anyone who sees it.
UPDATE issues SET votes = votes + :by WHERE id = :id;

-- command: issue.book
-- entity: issues(:id)
-- param: id id
-- param: minutes int(-100000..100000)
SELECT require(
  EXISTS (SELECT 1 FROM issues AS i
          WHERE i.id = :id AND (i.assignee_id = @user_id
            OR EXISTS (SELECT 1 FROM projects AS p JOIN team_members AS m ON m.team_id = p.team_id
                       WHERE p.id = i.project_id AND m.user_id = @user_id))),
  'not_involved');
UPDATE issues SET minutes = minutes + :minutes WHERE id = :id;

-- command: issue.label
-- entity: issues(:id)
-- param: id id
-- param: label text(1..50)
SELECT require(
  EXISTS (SELECT 1 FROM issues AS i
          WHERE i.id = :id AND (i.assignee_id = @user_id
            OR EXISTS (SELECT 1 FROM projects AS p JOIN team_members AS m ON m.team_id = p.team_id
                       WHERE p.id = i.project_id AND m.user_id = @user_id))),
  'not_involved');
UPDATE issues SET labels = set_add(labels, :label) WHERE id = :id;

-- command: issue.unlabel
-- entity: issues(:id)
-- param: id id
-- param: label text(1..50)
SELECT require(
  EXISTS (SELECT 1 FROM issues AS i
          WHERE i.id = :id AND (i.assignee_id = @user_id
            OR EXISTS (SELECT 1 FROM projects AS p JOIN team_members AS m ON m.team_id = p.team_id
                       WHERE p.id = i.project_id AND m.user_id = @user_id))),
  'not_involved');
SELECT require(set_has((SELECT labels FROM issues WHERE id = :id), :label), 'label_missing');
UPDATE issues SET labels = set_remove(labels, :label) WHERE id = :id;

-- command: issue.renumber
-- entity: issues(:id)
-- param: id id
-- param: number int(1..1000000)
SELECT require(
  EXISTS (SELECT 1 FROM projects AS p JOIN team_members AS m ON m.team_id = p.team_id
          WHERE p.id = (SELECT project_id FROM issues WHERE id = :id) AND m.user_id = @user_id),
  'not_member');
UPDATE issues SET number = :number WHERE id = :id;

-- command: issue.swap_numbers
-- entity: issues(:id)
-- param: id id
-- param: other_id id
-- merge: whole
-- Two issues of a project exchange their numbers; below zero they are out of each other's way.
SELECT require(
  EXISTS (SELECT 1 FROM projects AS p JOIN team_members AS m ON m.team_id = p.team_id
          WHERE p.id = (SELECT project_id FROM issues WHERE id = :id) AND m.user_id = @user_id),
  'not_member');
SELECT require(:id <> :other_id AND (SELECT project_id FROM issues WHERE id = :other_id)
                 = (SELECT project_id FROM issues WHERE id = :id), 'other_project');
UPDATE issues SET number = -other.number
FROM (SELECT id, number FROM issues WHERE id IN (:id, :other_id)) AS other
WHERE issues.id IN (:id, :other_id) AND other.id <> issues.id;
UPDATE issues SET number = -number WHERE id IN (:id, :other_id);

-- command: issue.transfer
-- entity: issues(:id)
-- param: id id
-- param: project_id id
-- merge: whole
-- Moves the issue, with all that belongs to it, to another project, where it gets the next number.
SELECT require(
  EXISTS (SELECT 1 FROM projects AS p JOIN team_members AS m ON m.team_id = p.team_id
          WHERE p.id = (SELECT project_id FROM issues WHERE id = :id) AND m.user_id = @user_id),
  'not_member');
SELECT require(
  EXISTS (SELECT 1 FROM projects AS p JOIN team_members AS m ON m.team_id = p.team_id
          WHERE p.id = :project_id AND m.user_id = @user_id),
  'not_member');
UPDATE issues
SET project_id = :project_id, lane_id = NULL,
    number = (SELECT coalesce(max(number), 0) + 1 FROM issues WHERE project_id = :project_id)
WHERE id = :id AND project_id <> :project_id;

-- command: issue.delete
-- entity: issues(:id)
-- param: id id
SELECT require(
  EXISTS (SELECT 1 FROM projects AS p JOIN team_members AS m ON m.team_id = p.team_id
          WHERE p.id = (SELECT project_id FROM issues WHERE id = :id) AND m.user_id = @user_id),
  'not_member');
UPDATE issues SET deleted_at = @now WHERE id = :id;

-- command: issue.restore
-- entity: issues(:id)
-- param: id id
-- allow: deleted
-- In a deleted project it stays deleted: that takes project.restore.
SELECT require(
  EXISTS (SELECT 1 FROM projects AS p JOIN team_members AS m ON m.team_id = p.team_id
          WHERE p.id = (SELECT project_id FROM issues WHERE id = :id) AND m.user_id = @user_id),
  'not_member');
SELECT require((SELECT deleted_at FROM projects WHERE id = (SELECT project_id FROM issues WHERE id = :id)) IS NULL, 'project_deleted');
UPDATE issues SET deleted_at = NULL WHERE id = :id;

-- command: report.file
-- entity: reports(:id) new
-- param: id id
-- param: issue_id id
-- param: reason text(1..2000)
-- run: server
-- Tells the operators of something; nobody's device ever holds it.
SELECT require(
  EXISTS (SELECT 1 FROM issues AS i
          WHERE i.id = :issue_id AND (i.assignee_id = @user_id
            OR EXISTS (SELECT 1 FROM projects AS p JOIN team_members AS m ON m.team_id = p.team_id
                       WHERE p.id = i.project_id AND m.user_id = @user_id))),
  'not_involved');
INSERT INTO reports (id, issue_id, reporter_id, reason) VALUES (:id, :issue_id, @user_id, :reason);

-- command: report.resolve
-- entity: reports(:id)
-- param: id id
-- run: server
SELECT require(has_role('admin'), 'not_admin');
UPDATE reports SET resolved_at = @now WHERE id = :id;
