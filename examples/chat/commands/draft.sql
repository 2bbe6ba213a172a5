-- command: draft.save
-- param: channel_id id
-- param: body text(0..40000)
-- run: local
-- Keeps what is being typed on this device; an empty body discards it.
INSERT INTO drafts (channel_id, body, saved_at) VALUES (:channel_id, :body, @now)
ON CONFLICT (channel_id) DO UPDATE SET body = excluded.body, saved_at = excluded.saved_at;
DELETE FROM drafts WHERE channel_id = :channel_id AND body = '';
