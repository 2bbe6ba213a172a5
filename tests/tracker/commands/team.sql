-- command: team.create
-- entity: teams(:id) new
-- param: id id
-- param: name text(1..200)
-- Its author leads it.
INSERT INTO teams (id, name, created_by) VALUES (:id, :name, @user_id);
INSERT INTO team_members (team_id, user_id, lead) VALUES (:id, @user_id, 1);

-- command: team.rename
-- entity: teams(:id)
-- param: id id
-- param: name text(1..200)
SELECT require((SELECT lead FROM team_members WHERE team_id = :id AND user_id = @user_id), 'not_lead');
UPDATE teams SET name = :name WHERE id = :id;

-- command: team.add_member
-- entity: team_members(:team_id, :user_id) any
-- param: team_id id
-- param: user_id id
-- allow: unseen
SELECT require((SELECT lead FROM team_members WHERE team_id = :team_id AND user_id = @user_id), 'not_lead');
INSERT INTO team_members (team_id, user_id) VALUES (:team_id, :user_id) ON CONFLICT (team_id, user_id) DO NOTHING;

-- command: team.remove_member
-- entity: team_members(:team_id, :user_id) any
-- param: team_id id
-- param: user_id id
-- allow: unseen
SELECT require(:user_id = @user_id
                 OR (SELECT lead FROM team_members WHERE team_id = :team_id AND user_id = @user_id),
               'not_lead');
DELETE FROM team_members WHERE team_id = :team_id AND user_id = :user_id;

-- command: team.set_lead
-- entity: team_members(:team_id, :user_id)
-- param: team_id id
-- param: user_id id
-- param: lead bool
SELECT require((SELECT lead FROM team_members WHERE team_id = :team_id AND user_id = @user_id), 'not_lead');
UPDATE team_members SET lead = :lead WHERE team_id = :team_id AND user_id = :user_id;
