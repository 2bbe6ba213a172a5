-- command: project.create
-- entity: projects(:id) new
-- param: id id
-- param: team_id id
-- param: name text(1..200)
-- param: public bool = false
SELECT require(EXISTS (SELECT 1 FROM team_members WHERE team_id = :team_id AND user_id = @user_id), 'not_member');
INSERT INTO projects (id, team_id, name, public) VALUES (:id, :team_id, :name, :public);

-- command: project.rename
-- entity: projects(:id)
-- param: id id
-- param: name text(1..200)
SELECT require(
  EXISTS (SELECT 1 FROM projects AS p JOIN team_members AS m ON m.team_id = p.team_id
          WHERE p.id = :id AND m.user_id = @user_id),
  'not_member');
UPDATE projects SET name = :name WHERE id = :id;

-- command: project.publish
-- entity: projects(:id)
-- param: id id
-- param: public bool
-- Opens the project to the whole workspace, or closes it again.
SELECT require(
  EXISTS (SELECT 1 FROM projects AS p JOIN team_members AS m ON m.team_id = p.team_id
          WHERE p.id = :id AND m.user_id = @user_id AND m.lead),
  'not_lead');
UPDATE projects SET public = :public WHERE id = :id;

-- command: project.transfer
-- entity: projects(:id)
-- param: id id
-- param: team_id id
-- Hands the project with all its issues to another team of its author's.
SELECT require(
  EXISTS (SELECT 1 FROM projects AS p JOIN team_members AS m ON m.team_id = p.team_id
          WHERE p.id = :id AND m.user_id = @user_id AND m.lead),
  'not_lead');
SELECT require(EXISTS (SELECT 1 FROM team_members WHERE team_id = :team_id AND user_id = @user_id), 'not_member');
UPDATE projects SET team_id = :team_id WHERE id = :id;

-- command: project.lock
-- entity: projects(:id)
-- param: id id
SELECT require(
  EXISTS (SELECT 1 FROM projects AS p JOIN team_members AS m ON m.team_id = p.team_id
          WHERE p.id = :id AND m.user_id = @user_id AND m.lead),
  'not_lead');
UPDATE projects SET locked_at = @now WHERE id = :id;

-- command: project.unlock
-- entity: projects(:id)
-- param: id id
-- allow: locked
SELECT require(
  EXISTS (SELECT 1 FROM projects AS p JOIN team_members AS m ON m.team_id = p.team_id
          WHERE p.id = :id AND m.user_id = @user_id AND m.lead),
  'not_lead');
UPDATE projects SET locked_at = NULL WHERE id = :id;

-- command: project.delete
-- entity: projects(:id)
-- param: id id
SELECT require(
  EXISTS (SELECT 1 FROM projects AS p JOIN team_members AS m ON m.team_id = p.team_id
          WHERE p.id = :id AND m.user_id = @user_id AND m.lead),
  'not_lead');
UPDATE projects SET deleted_at = @now WHERE id = :id;

-- command: project.restore
-- entity: projects(:id)
-- param: id id
-- allow: deleted
SELECT require(
  EXISTS (SELECT 1 FROM projects AS p JOIN team_members AS m ON m.team_id = p.team_id
          WHERE p.id = :id AND m.user_id = @user_id AND m.lead),
  'not_lead');
UPDATE projects SET deleted_at = NULL WHERE id = :id;

-- command: lane.create
-- entity: lanes(:id) new
-- param: id id
-- param: project_id id
-- param: name text(1..100)
-- A column of the board, at its right end.
SELECT require(
  EXISTS (SELECT 1 FROM projects AS p JOIN team_members AS m ON m.team_id = p.team_id
          WHERE p.id = :project_id AND m.user_id = @user_id),
  'not_member');
INSERT INTO lanes (id, project_id, name, rank)
VALUES (:id, :project_id, :name, rank_between((SELECT max(rank) FROM lanes WHERE project_id = :project_id), NULL));

-- command: lane.move
-- entity: lanes(:id)
-- param: id id
-- param: after id?
-- Puts the lane behind another one, or first.
SELECT require(
  EXISTS (SELECT 1 FROM projects AS p JOIN team_members AS m ON m.team_id = p.team_id
          WHERE p.id = (SELECT project_id FROM lanes WHERE id = :id) AND m.user_id = @user_id),
  'not_member');
UPDATE lanes
SET rank = rank_between(
  (SELECT rank FROM lanes WHERE id = :after),
  (SELECT min(rank) FROM lanes
   WHERE project_id = (SELECT project_id FROM lanes WHERE id = :id) AND id <> :id
     AND rank > coalesce((SELECT rank FROM lanes WHERE id = :after), '')))
WHERE id = :id;

-- command: lane.remove
-- entity: lanes(:id)
-- param: id id
-- Refused with constraint_foreign_key by the server while issues lie in it.
SELECT require(
  EXISTS (SELECT 1 FROM projects AS p JOIN team_members AS m ON m.team_id = p.team_id
          WHERE p.id = (SELECT project_id FROM lanes WHERE id = :id) AND m.user_id = @user_id),
  'not_member');
DELETE FROM lanes WHERE id = :id;
