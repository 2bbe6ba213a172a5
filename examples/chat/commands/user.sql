-- command: user.register
-- entity: users(:id) any
-- param: id id
-- param: name text(1..200)
-- Gives a user a name. Anyone may introduce somebody who has none yet (a colleague, a bot); later only he
-- himself or an admin changes it. Saying the same name again is harmless.
SELECT require(
  :id = @user_id OR has_role('admin')
    OR NOT EXISTS (SELECT 1 FROM users WHERE id = :id AND name <> :name),
  'not_yourself', 'only the user himself or an admin changes a name');
INSERT INTO users (id, name) VALUES (:id, :name) ON CONFLICT (id) DO UPDATE SET name = excluded.name;
