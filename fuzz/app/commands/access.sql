-- command: member.add
-- entity: members(:team, :user) any
-- param: team id
-- param: user id
-- allow: unseen
INSERT INTO members (team, user) VALUES (:team, :user) ON CONFLICT DO NOTHING;

-- command: member.remove
-- entity: members(:team, :user) any
-- param: team id
-- param: user id
-- allow: unseen
DELETE FROM members WHERE team = :team AND user = :user;

-- command: project.put
-- entity: projects(:id) any
-- param: id id
-- param: team id?
-- param: public bool = false
-- allow: unseen
INSERT INTO projects (id, team, public) VALUES (:id, :team, :public)
ON CONFLICT (id) DO UPDATE SET team = excluded.team, public = excluded.public;

-- command: project.lock
-- entity: projects(:id)
-- param: id id
-- param: locked bool
-- allow: locked
UPDATE projects SET locked = :locked WHERE id = :id;

-- command: project.remove
-- entity: projects(:id) any
-- param: id id
-- allow: unseen
DELETE FROM projects WHERE id = :id;

-- command: share.put
-- entity: shares(:id) any
-- param: id id
-- param: project id
-- param: role id
-- run: server
INSERT INTO shares (id, project, role) VALUES (:id, :project, :role)
ON CONFLICT (id) DO UPDATE SET project = excluded.project, role = excluded.role;

-- command: share.remove
-- entity: shares(:id) any
-- param: id id
-- run: server
DELETE FROM shares WHERE id = :id;

-- command: salary.put
-- entity: salaries(:id) any
-- param: id id
-- param: project id
-- run: server
INSERT INTO salaries (id, project) VALUES (:id, :project) ON CONFLICT (id) DO UPDATE SET project = excluded.project;

-- command: salary.remove
-- entity: salaries(:id) any
-- param: id id
-- run: server
DELETE FROM salaries WHERE id = :id;
