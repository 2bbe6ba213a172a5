-- command: person.register
-- entity: people(:id) any
-- param: id id
-- param: name text(1..200)
SELECT require(:id = @user_id OR has_role('admin')
                 OR NOT EXISTS (SELECT 1 FROM people WHERE id = :id AND name <> :name),
               'not_yourself');
INSERT INTO people (id, name) VALUES (:id, :name) ON CONFLICT (id) DO UPDATE SET name = excluded.name;

-- command: person.set_avatar
-- entity: people(:id)
-- param: id id
-- param: image blob(0..20000)?
SELECT require(:id = @user_id, 'not_yourself');
UPDATE people SET avatar = :image WHERE id = :id;

-- command: contract.set
-- entity: contracts(:user_id) any
-- param: user_id id
-- param: day_rate int(0..100000)
-- run: server
SELECT require(has_role('hr'), 'not_hr');
INSERT INTO contracts (user_id, day_rate) VALUES (:user_id, :day_rate)
ON CONFLICT (user_id) DO UPDATE SET day_rate = excluded.day_rate;

-- command: contract.end
-- entity: contracts(:user_id)
-- param: user_id id
-- run: server
SELECT require(has_role('hr'), 'not_hr');
DELETE FROM contracts WHERE user_id = :user_id;

-- command: note.write
-- entity: team_members(:team_id, :user_id)
-- param: team_id id
-- param: user_id id
-- param: note text(1..4000)
-- run: server
-- What hr remembers about a member of a team; seen by hr inside that team.
SELECT require(has_role('hr'), 'not_hr');
INSERT INTO staff_notes (team_id, user_id, note) VALUES (:team_id, :user_id, :note)
ON CONFLICT (team_id, user_id) DO UPDATE SET note = excluded.note;

-- command: filter.save
-- param: name text(1..100)
-- param: query json(2..4000)
-- run: local
INSERT INTO filters (name, query) VALUES (:name, :query) ON CONFLICT (name) DO UPDATE SET query = excluded.query;

-- command: filter.remove
-- entity: filters(:name)
-- param: name text(1..100)
-- run: local
DELETE FROM filters WHERE name = :name;
