-- command: channel.create
-- entity: channels(:id) new
-- param: id id
-- param: name text(1..200)
-- param: private bool = false
-- Opens a channel; its author becomes its first member.
INSERT INTO channels (id, name, private, created_by) VALUES (:id, :name, :private, @user_id);
INSERT INTO members (channel_id, user_id) VALUES (:id, @user_id) ON CONFLICT DO NOTHING;

-- command: channel.rename
-- entity: channels(:id)
-- param: id id
-- param: name text(1..200)
SELECT require((SELECT created_by FROM channels WHERE id = :id) = @user_id OR has_role('admin'),
               'not_creator', 'only its creator or an admin renames a channel');
UPDATE channels SET name = :name WHERE id = :id;

-- command: channel.lock
-- entity: channels(:id)
-- param: id id
-- Freezes the channel with its members and messages; only read marks go on.
SELECT require((SELECT created_by FROM channels WHERE id = :id) = @user_id OR has_role('admin'),
               'not_creator', 'only its creator or an admin locks a channel');
UPDATE channels SET locked_at = @now WHERE id = :id;

-- command: channel.unlock
-- entity: channels(:id)
-- param: id id
-- allow: locked
SELECT require((SELECT created_by FROM channels WHERE id = :id) = @user_id OR has_role('admin'),
               'not_creator', 'only its creator or an admin unlocks a channel');
UPDATE channels SET locked_at = NULL WHERE id = :id;

-- command: channel.add_member
-- entity: members(:channel_id, :user_id) any
-- param: channel_id id
-- param: user_id id
-- allow: unseen
-- Members add anyone; anyone adds himself to a public channel. Adding twice is harmless. The guard speaks
-- for access, so that a stranger gets the same answer whether or not the channel or the member exists.
SELECT require(
  EXISTS (SELECT 1 FROM members WHERE channel_id = :channel_id AND user_id = @user_id)
    OR (:user_id = @user_id AND (SELECT private FROM channels WHERE id = :channel_id) = 0),
  'not_member', 'only members add others to a channel');
INSERT INTO members (channel_id, user_id) VALUES (:channel_id, :user_id)
ON CONFLICT (channel_id, user_id) DO NOTHING;

-- command: channel.remove_member
-- entity: members(:channel_id, :user_id) any
-- param: channel_id id
-- param: user_id id
-- allow: unseen
-- The creator or an admin who sees the channel removes anyone; anyone leaves. Removing twice is harmless.
SELECT require(
  :user_id = @user_id
    OR EXISTS (SELECT 1 FROM channels AS c
               WHERE c.id = :channel_id AND (c.created_by = @user_id OR has_role('admin'))
                 AND (c.private = 0 OR EXISTS (SELECT 1 FROM members AS m
                                               WHERE m.channel_id = c.id AND m.user_id = @user_id))),
  'not_creator', 'only its creator or an admin removes others from a channel');
DELETE FROM members WHERE channel_id = :channel_id AND user_id = :user_id;

-- command: channel.mark_read
-- entity: channels(:channel_id)
-- param: channel_id id
-- param: message_id id
-- allow: locked
-- Remembers, for the author alone, how far he has read; the later mark wins.
INSERT INTO read_marks (user_id, channel_id, message_id, read_at)
VALUES (@user_id, :channel_id, :message_id, @now)
ON CONFLICT (user_id, channel_id) DO UPDATE SET message_id = excluded.message_id, read_at = excluded.read_at;
