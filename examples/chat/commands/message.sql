-- command: message.post
-- entity: messages(:id) new
-- param: id id
-- param: channel_id id
-- param: body text(0..40000)
-- param: thread_id id?
-- Posts to a channel, or into the thread of a message there. An empty body is allowed: histories hold
-- messages that were only an attachment.
SELECT require(EXISTS (SELECT 1 FROM members WHERE channel_id = :channel_id AND user_id = @user_id),
               'not_member', 'only members post to a channel');
SELECT require(
  :thread_id IS NULL
    OR EXISTS (SELECT 1 FROM messages WHERE id = :thread_id AND channel_id = :channel_id AND thread_id IS NULL),
  'thread_missing', 'a thread begins with a message of the same channel that is not itself a reply');
INSERT INTO messages (id, channel_id, author_id, thread_id, body, sent_at)
VALUES (:id, :channel_id, @user_id, :thread_id, :body, @now);

-- command: message.edit
-- entity: messages(:id)
-- param: id id
-- param: body text(0..40000)
SELECT require((SELECT author_id FROM messages WHERE id = :id) = @user_id OR has_role('admin'),
               'not_author', 'only its author or an admin edits a message');
UPDATE messages SET body = :body, edited_at = @now WHERE id = :id;

-- command: message.delete
-- entity: messages(:id)
-- param: id id
-- Blanks the body and leaves the empty message in its place, so that its thread stays together.
SELECT require((SELECT author_id FROM messages WHERE id = :id) = @user_id OR has_role('admin'),
               'not_author', 'only its author or an admin deletes a message');
UPDATE messages SET body = '', deleted_at = @now WHERE id = :id;

-- command: message.move
-- entity: messages(:id)
-- param: id id
-- param: channel_id id
-- Moves a message to another channel, a thread's first message together with its replies. A reply that
-- moves alone leaves its thread; deleted replies stay behind.
SELECT require((SELECT author_id FROM messages WHERE id = :id) = @user_id OR has_role('admin'),
               'not_author', 'only its author or an admin moves a message');
SELECT require(
  EXISTS (SELECT 1 FROM members WHERE channel_id = :channel_id AND user_id = @user_id)
    AND EXISTS (SELECT 1 FROM members
                WHERE channel_id = (SELECT channel_id FROM messages WHERE id = :id) AND user_id = @user_id),
  'not_member', 'only members of both channels move a message');
UPDATE messages SET channel_id = :channel_id WHERE thread_id = :id AND deleted_at IS NULL;
UPDATE messages SET channel_id = :channel_id, thread_id = NULL WHERE id = :id;

-- command: message.react
-- entity: messages(:id)
-- param: id id
-- param: emoji text(1..100)
-- Adds the author's own reaction; the set holds `emoji user_id`.
SELECT require(instr(:emoji, ' ') = 0, 'emoji_invalid', 'the name of an emoji has no spaces');
SELECT require(
  EXISTS (SELECT 1 FROM members
          WHERE channel_id = (SELECT channel_id FROM messages WHERE id = :id) AND user_id = @user_id),
  'not_member', 'only members react to a message');
UPDATE messages SET reactions = set_add(reactions, :emoji || ' ' || @user_id) WHERE id = :id;

-- command: message.unreact
-- entity: messages(:id)
-- param: id id
-- param: emoji text(1..100)
-- Takes back the author's own reaction.
SELECT require(
  EXISTS (SELECT 1 FROM members
          WHERE channel_id = (SELECT channel_id FROM messages WHERE id = :id) AND user_id = @user_id),
  'not_member', 'only members react to a message');
UPDATE messages SET reactions = set_remove(reactions, :emoji || ' ' || @user_id) WHERE id = :id;

-- command: message.vote
-- entity: messages(:id)
-- param: id id
-- param: by int(-1000..1000)
SELECT require(
  EXISTS (SELECT 1 FROM members
          WHERE channel_id = (SELECT channel_id FROM messages WHERE id = :id) AND user_id = @user_id),
  'not_member', 'only members vote on a message');
UPDATE messages SET votes = votes + :by WHERE id = :id;
