-- command: name.add
-- entity: names(:id) new
-- param: id id
-- param: name text(1..20)
INSERT INTO names (id, owner, name) VALUES (:id, @user_id, :name);

-- command: name.change
-- entity: names(:id)
-- param: id id
-- param: name text(1..20)
UPDATE names SET name = :name WHERE id = :id;

-- command: name.remove
-- entity: names(:id)
-- param: id id
DELETE FROM names WHERE id = :id;

-- command: name.claim
-- entity: names(:id) any
-- param: id id
-- param: name text(1..20)
INSERT INTO names (id, owner, name) VALUES (:id, @user_id, :name) ON CONFLICT (name) DO UPDATE SET owner = @user_id;

-- command: draft.save
-- param: id id
-- param: body text(0..100)
-- run: local
INSERT INTO drafts (id, body) VALUES (:id, :body) ON CONFLICT (id) DO UPDATE SET body = excluded.body;

-- command: value.check
-- param: whole int = 3
-- param: real real(-5.5..5.5) = 1.5
-- param: bytes blob(0..8)?
-- param: kind enum('a', 'b') = "a"
-- param: any scalar?
-- param: tree json(0..200)?
-- param: list list(int(0..9), 0..5) = []
-- param: key uuid?
-- Binds every type, and counts what came.
SELECT require(:whole > 0 AND :real IS NOT NULL AND :kind <> 'b', 'not_right'),
       require(length(:list) > 2 AND length(:bytes) IS NOT 7 AND length(:key) IS NOT 5, 'not_long'),
       require(json_type(@data) = 'object' AND typeof(:any) <> 'blob' AND typeof(:tree) <> 'blob', 'not_typed');
INSERT INTO names (id, owner, name) VALUES (uuid(1), @user_id, 'checked ' || uuid(2));
